"""Who may see and change what about which patients.

Who may find every patient (the desk) sees all records of the house; anybody else those in the care
of the units where they may see patients (house 8, docs/adr/0022).
"""

from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from org.permissions import Grants
from patients.models import CaringUnit, Patient


class Perm(StrEnum):
    """Permissions of this room."""

    VIEW = "patients.view_patient"
    FIND = "patients.find_patients"
    REGISTER = "patients.register_patient"
    PRIVATE = "patients.view_private"
    DEATH = "patients.record_death"
    CARE_NOTES = "patients.care_notes"


def sees_all(grants: Grants) -> bool:
    """Say whether every record of the house is theirs to find."""
    return grants.has(Perm.FIND) and grants.has(Perm.VIEW)


def in_care_of(unit_ids: frozenset[int], *, at: datetime) -> QuerySet[CaringUnit]:
    """Return the rows that say who is in the care of the units at `at`."""
    return CaringUnit.objects.filter(unit_id__in=unit_ids, period__contains=at)


def visible_to(grants: Grants, *, at: datetime) -> QuerySet[Patient]:
    """Return the patients whose records the person may see."""
    rows = Patient.objects.all()
    if sees_all(grants):
        return rows
    units = grants.unit_ids(Perm.VIEW)
    return rows.filter(pk__in=in_care_of(units, at=at).values("patient_id"))


def sees_private(grants: Grants) -> bool:
    """Say whether phones, addresses and numbers are shown in full, and may be searched by."""
    return grants.has(Perm.PRIVATE)


def desk_of(grants: Grants, permission: str, stand: int | None) -> int | None:
    """Return the unit in which the act happens: where the person stands, if they may act there."""
    units = grants.unit_ids(permission)
    return stand if stand in units else min(units, default=None)
