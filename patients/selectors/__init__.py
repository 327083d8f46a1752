"""Questions of this room."""

from patients.selectors.matches import Candidate, candidates
from patients.selectors.records import (
    Record,
    care_notes,
    contact_get,
    identifier_get,
    patient_get,
    patient_list,
    reached_at,
    record_of,
)
from patients.selectors.search import Hit, search

__all__ = [
    "Candidate",
    "Hit",
    "Record",
    "candidates",
    "care_notes",
    "contact_get",
    "identifier_get",
    "patient_get",
    "patient_list",
    "reached_at",
    "record_of",
    "search",
]
