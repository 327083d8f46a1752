"""Finding patients by whatever a person knows of them, the best first (ux.md, decisions 37)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from core.ids import check_digit_ok
from org.permissions import Grants
from org.services.vault import marks
from patients.models import Patient, PatientIdentifier, PatientPhone
from patients.permissions import Perm, sees_all, visible_to
from patients.rules.fields import GROUPS
from patients.rules.numbers import number_key
from patients.rules.typed import Wanted, wanted
from patients.selectors.words import named

LIMIT = 20
NUMBER, PHONE = "patient-number", "patient-phone"
MRN_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """One patient who was found, and by what."""

    patient: Patient
    score: float
    # number, phone, birth or name
    by: str


def search(text: str, *, grants: Grants, today: date, at: datetime) -> list[Hit]:
    """Return the patients whom the asker may see and whom the text can mean, the best first.

    Phones and numbers on papers count only for whoever may see them (SEC-Z5).
    """
    asked = wanted(text, today=today)
    if asked.is_empty:
        return []
    found: dict[int, tuple[float, str]] = {}
    _add(found, _by_mrn(asked), 20.0, "number")
    readings = frozenset[str]().union(
        *(group.readings for group in GROUPS.values() if grants.has(group.permission))
    )
    if "number" in readings:
        _add(found, _by_number(asked), 15.0, "number")
    if "phone" in readings:
        _add(found, _by_phone(asked), 12.0, "phone")
    for pk, score in _by_name(asked, grants, at):
        found.setdefault(pk, (score, "name"))
    if asked.births and not asked.words:
        rows = visible_to(grants, at=at).filter(birth_on__in=asked.births)
        _add(
            found, rows.order_by("family", "given").values_list("pk", flat=True)[:LIMIT], 2, "birth"
        )
    rows_seen = visible_to(grants, at=at).in_bulk(found)
    hits = [Hit(rows_seen[pk], *how) for pk, how in found.items() if pk in rows_seen]
    return sorted(hits, key=lambda hit: -hit.score)[:LIMIT]


def scanned(text: str, *, grants: Grants, at: datetime) -> Patient | None:
    """Return the patient whose whole record number this is, None for anything else.

    What a scanner reads from a wristband opens the record at once.
    """
    digits = number_key(text)
    if len(digits) != MRN_DIGITS or not digits.isdigit() or not check_digit_ok(digits):
        return None
    return visible_to(grants, at=at).filter(mrn=digits).first()


def is_misread(text: str) -> bool:
    """Say whether this is as long as a record number, and its check digit is wrong."""
    digits = number_key(text)
    return len(digits) == MRN_DIGITS and digits.isdigit() and not check_digit_ok(digits)


def _add(found: dict[int, tuple[float, str]], pks: Iterable[int], score: float, by: str) -> None:
    for pk in pks:
        found.setdefault(pk, (score, by))


def _by_mrn(asked: Wanted) -> list[int]:
    if not asked.digits or len(asked.digits) > MRN_DIGITS or not check_digit_ok(asked.digits):
        return []
    number = asked.digits.zfill(MRN_DIGITS)
    rows = Patient.objects.filter(mrn__in={number, asked.digits})
    return [heir(pk) if into else pk for pk, into in rows.values_list("pk", "merged_into")]


def heir(pk: int) -> int:
    """Return which record stands for this one now: that of the last merge."""
    while into := Patient.objects.filter(pk=pk).values_list("merged_into", flat=True).first():
        pk = into
    return pk


def _by_number(asked: Wanted) -> list[int]:
    if not asked.number:
        return []
    rows = PatientIdentifier.objects.filter(mark__in=marks(asked.number, purpose=NUMBER))
    return list(rows.values_list("patient_id", flat=True)[:LIMIT])


def _by_phone(asked: Wanted) -> list[int]:
    if not asked.phone:
        return []
    rows = PatientPhone.objects.filter(mark__in=marks(asked.phone, purpose=PHONE))
    return list(rows.order_by("-pk").values_list("patient_id", flat=True)[:LIMIT])


def _by_name(asked: Wanted, grants: Grants, at: datetime) -> list[tuple[int, float]]:
    if not asked.words:
        return []
    units = None if sees_all(grants) else sorted(grants.unit_ids(Perm.VIEW))
    return named(asked.words, births=asked.births, units=units, at=at, limit=LIMIT)
