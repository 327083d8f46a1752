"""Tables of this room: one module a subject."""

from patients.models.access import LONGEST_GLASS, Glass, Keeper, Restriction
from patients.models.consents import Consent
from patients.models.documents import Document, DocumentContent, DocumentPage, PatientPhoto
from patients.models.identity import (
    EARLIEST_BIRTH,
    STILL,
    CaringUnit,
    Contact,
    NameWord,
    OfPatient,
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientName,
    PatientPhone,
    PatientWord,
)
from patients.models.merging import DuplicatePair, MergeCase, MergeMove
from patients.models.papers import PaperPrint
from patients.models.preregistration import PreRegistration
from patients.models.safety import Allergy, AllergyReaction, NoneKnown, PatientFlag

__all__ = [
    "EARLIEST_BIRTH",
    "LONGEST_GLASS",
    "STILL",
    "Allergy",
    "AllergyReaction",
    "CaringUnit",
    "Consent",
    "Contact",
    "Document",
    "DocumentContent",
    "DocumentPage",
    "DuplicatePair",
    "Glass",
    "Keeper",
    "MergeCase",
    "MergeMove",
    "NameWord",
    "NoneKnown",
    "OfPatient",
    "PaperPrint",
    "Patient",
    "PatientAddress",
    "PatientFlag",
    "PatientIdentifier",
    "PatientName",
    "PatientPhone",
    "PatientPhoto",
    "PatientWord",
    "PreRegistration",
    "Restriction",
]
