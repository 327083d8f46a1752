"""Verbs of this room: the only writers of its tables."""

from patients.services.allergies import (
    AllergyKnown,
    allergy_change,
    allergy_record,
    reaction_add,
)
from patients.services.checks import DuplicatesFound, Unusual, care_begin, care_end
from patients.services.consents import consent_change, consent_record
from patients.services.details import (
    NumberTaken,
    PatientMerged,
    contact_add,
    contact_end,
    identifier_add,
    identifier_end,
)
from patients.services.documents import (
    DocumentKnown,
    document_add,
    document_void,
    photo_remove,
    photo_set,
)
from patients.services.duplicates import duplicates_scan, pair_dismiss
from patients.services.flags import FlagSet, flag_end, flag_set
from patients.services.glass import (
    NobodyFound,
    OpenAlready,
    OwnReview,
    SeveralFound,
    Sought,
    glass_alert,
    glass_alert_mail,
    glass_break,
    glass_end,
    glass_review,
    glasses_end,
    glasses_expire,
)
from patients.services.identity import (
    care_notes_set,
    death_record,
    patient_change,
    patient_verify,
)
from patients.services.keys import Resealed, sealed_anew
from patients.services.merging import (
    LaterMerge,
    MergeAsked,
    MergeBlocked,
    OwnProposal,
    ProposedAlready,
    merge_execute,
    merge_propose,
    merge_reject,
    merge_reverse,
    merge_review,
)
from patients.services.none_known import (
    AllergyStands,
    none_known_end,
    none_known_settle,
    none_known_state,
)
from patients.services.papers import paper_print
from patients.services.registration import (
    matches_noted,
    newborn_register,
    patient_register,
    unknown_register,
)
from patients.services.restricting import (
    restriction_change,
    restriction_lift,
    restriction_set,
)

__all__ = [
    "AllergyKnown",
    "AllergyStands",
    "DocumentKnown",
    "DuplicatesFound",
    "FlagSet",
    "LaterMerge",
    "MergeAsked",
    "MergeBlocked",
    "NobodyFound",
    "NumberTaken",
    "OpenAlready",
    "OwnProposal",
    "OwnReview",
    "PatientMerged",
    "ProposedAlready",
    "Resealed",
    "SeveralFound",
    "Sought",
    "Unusual",
    "allergy_change",
    "allergy_record",
    "care_begin",
    "care_end",
    "care_notes_set",
    "consent_change",
    "consent_record",
    "contact_add",
    "contact_end",
    "death_record",
    "document_add",
    "document_void",
    "duplicates_scan",
    "flag_end",
    "flag_set",
    "glass_alert",
    "glass_alert_mail",
    "glass_break",
    "glass_end",
    "glass_review",
    "glasses_end",
    "glasses_expire",
    "identifier_add",
    "identifier_end",
    "matches_noted",
    "merge_execute",
    "merge_propose",
    "merge_reject",
    "merge_reverse",
    "merge_review",
    "newborn_register",
    "none_known_end",
    "none_known_settle",
    "none_known_state",
    "pair_dismiss",
    "paper_print",
    "patient_change",
    "patient_register",
    "patient_verify",
    "photo_remove",
    "photo_set",
    "reaction_add",
    "restriction_change",
    "restriction_lift",
    "restriction_set",
    "sealed_anew",
    "unknown_register",
]
