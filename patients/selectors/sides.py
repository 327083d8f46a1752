"""Two records side by side: what each says, and what one record of both would say."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Model

from org.permissions import Grants
from org.services.vault import opened
from patients.models import (
    Contact,
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientName,
    PatientPhone,
)
from patients.permissions import Perm, sees_private
from patients.selectors.merging import counts, fills
from patients.selectors.records import MASK, address_text
from patients.selectors.search import NUMBER, PHONE


@dataclass(slots=True)
class Side:
    """What one record says: its row, and its lists as (kind, text, still counts)."""

    patient: Patient
    names: list[tuple[str, str, bool]] = field(default_factory=list)
    numbers: list[tuple[str, str, bool]] = field(default_factory=list)
    phones: list[tuple[str, str, bool]] = field(default_factory=list)
    addresses: list[tuple[str, str, bool]] = field(default_factory=list)
    people: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides, what the winner takes over, and how many rows of each table go along."""

    winner: Side
    loser: Side
    fills: dict[str, Any]
    counts: dict[str, int]
    # None where the asker may not know whether there are any.
    notes: tuple[bool, bool] | None


def comparison(winner: Patient, loser: Patient, *, grants: Grants, today: date) -> Comparison:
    """Return both records side by side, with what the asker may see of them."""
    sides = {row.pk: Side(row) for row in (winner, loser)}
    in_full = sees_private(grants)
    for name in _rows(PatientName, sides):
        shown = ", ".join(part for part in (name.family.upper(), name.given) if part)
        sides[name.patient_id].names.append((name.use, shown, _counts(name, today)))
    for number in _rows(PatientIdentifier, sides):
        line = _open(number, NUMBER, in_full)
        shown = f"{line} {number.issuer}".strip()
        sides[number.patient_id].numbers.append((number.system, shown, _counts(number, today)))
    for phone in _rows(PatientPhone, sides):
        line = _open(phone, PHONE, in_full)
        sides[phone.patient_id].phones.append((phone.use, line, _counts(phone, today)))
    for home in _rows(PatientAddress, sides):
        line = address_text(home) if in_full else home.locality
        sides[home.patient_id].addresses.append(("", line, _counts(home, today)))
    for other in _rows(Contact, sides):
        kind = other.kinds[0] if other.kinds else ""
        sides[other.patient_id].people.append((kind, other.full_name, _counts(other, today)))
    notes = None
    if grants.has(Perm.CARE_NOTES):
        notes = bool(winner.special_care_sealed), bool(loser.special_care_sealed)
    return Comparison(sides[winner.pk], sides[loser.pk], fills(winner, loser), counts(loser), notes)


def _rows[M: Model](model: type[M], sides: dict[int, Side]) -> list[M]:
    return list(model._default_manager.filter(patient__in=sides).order_by("-period", "-pk"))


def _counts(row: Any, today: date) -> bool:
    return not row.period.isempty and (row.period.upper is None or row.period.upper > today)


def _open(row: PatientIdentifier | PatientPhone, purpose: str, in_full: bool) -> str:
    return opened(row.value_sealed, purpose=purpose) if in_full else f"{MASK}{row.ending}"
