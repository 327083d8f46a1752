"""Verbs of this room: the only writers of its tables."""

from patients.services.checks import DuplicatesFound, Unusual, care_begin, care_end
from patients.services.details import (
    NumberTaken,
    contact_add,
    contact_end,
    identifier_add,
    identifier_end,
)
from patients.services.identity import (
    care_notes_set,
    death_record,
    patient_change,
    patient_verify,
)
from patients.services.keys import Resealed, sealed_anew
from patients.services.registration import (
    matches_noted,
    newborn_register,
    patient_register,
    unknown_register,
)

__all__ = [
    "DuplicatesFound",
    "NumberTaken",
    "Resealed",
    "Unusual",
    "care_begin",
    "care_end",
    "care_notes_set",
    "contact_add",
    "contact_end",
    "death_record",
    "identifier_add",
    "identifier_end",
    "matches_noted",
    "newborn_register",
    "patient_change",
    "patient_register",
    "patient_verify",
    "sealed_anew",
    "unknown_register",
]
