"""Restricted records, broken glasses, and who has seen a record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from core.ids import check_digit_ok
from org.permissions import Grants
from org.selectors import units_of
from org.services.vault import marks
from patients.models import Glass, Keeper, Patient, PatientIdentifier, Restriction
from patients.permissions import Perm, open_glasses, restricted, visible_to
from patients.rules.names import key_words
from patients.rules.numbers import number_key
from patients.selectors.safety import alert_columns, alerts_of
from patients.selectors.search import MRN_DIGITS, NUMBER, heir
from patients.states import BirthPrecision, GlassState


def patient_opened(
    *, grants: Grants, public_id: UUID, at: datetime
) -> tuple[Patient | None, Glass | None]:
    """Return the patient, and the broken glass through which alone the asker may see them."""
    rows = Patient.objects.filter(public_id=public_id).select_related("site")
    rows = rows.annotate(**alert_columns(at))
    found, glass = rows.filter(pk__in=visible_to(grants, at=at).values("pk")).first(), None
    if found is None:
        glass = open_glasses(grants, at=at).filter(patient__public_id=public_id).first()
        found = rows.first() if glass else None
    if found is not None:
        found.alerts = alerts_of(found, grants=grants)
    return found, glass


def patient_any(public_id: UUID) -> Patient | None:
    """Return the patient whoever may see them: for those who watch over the trail."""
    return Patient.objects.select_related("site").filter(public_id=public_id).first()


def by_record_number(text: str) -> Patient | None:
    """Return the patient with exactly this record number, whoever may see them."""
    digits = number_key(text)
    if not digits.isdigit() or len(digits) > MRN_DIGITS or not check_digit_ok(digits):
        return None
    rows = Patient.objects.select_related("site")
    found = rows.filter(mrn__in={digits.zfill(MRN_DIGITS), digits}).first()
    # A number of a record that was merged away is the winner's.
    return rows.get(pk=heir(found.pk)) if found and found.merged_into_id else found


def persons_exactly(*, number: str, family: str, given: str, born: date | None) -> list[Patient]:
    """Return who has this number; or else these names, born on this day. Never near hits.

    The door that asks records what was typed, and who was found: it opens one record at most.
    """
    if number.strip():
        found = by_record_number(number)
        if found is not None:
            return [found]
        rows = PatientIdentifier.objects.filter(mark__in=marks(number_key(number), purpose=NUMBER))
        pks = set(rows.filter(period__upper_inf=True).values_list("patient_id", flat=True)[:2])
        return list(Patient.objects.filter(pk__in=pks)) if number_key(number) else []
    wanted = (set(key_words(family)), set(key_words(given)))
    if born is None or not all(wanted):
        return []
    rows_born = Patient.objects.filter(birth_on=born, birth_precision=BirthPrecision.DAY)
    return [
        row
        for row in rows_born.order_by("pk")
        if (set(key_words(row.family)), set(key_words(row.given))) == wanted
    ]


# Restrictions --------------------------------------------------------------------------------


def _sites(grants: Grants) -> set[int]:
    """Return the sites whose records the person may restrict."""
    return {unit.site_id for unit in units_of(set(grants.unit_ids(Perm.RESTRICT)))}


def to_restrict(text: str, *, grants: Grants) -> Patient | None:
    """Return the patient of the person's sites with exactly this record number."""
    found = by_record_number(text)
    return found if found is not None and found.site_id in _sites(grants) else None


def restriction_list(
    *, grants: Grants, at: datetime, everything: bool = False
) -> QuerySet[Restriction]:
    """Return the restrictions that count, or all that ever did, in the person's sites."""
    rows = Restriction.objects.all() if everything else restricted(at=at)
    rows = rows.filter(patient__site_id__in=_sites(grants))
    return rows.select_related("patient", "set_by", "lifted_by")


def restriction_get(*, grants: Grants, public_id: UUID) -> Restriction | None:
    """Return one restriction of the person's sites."""
    rows = Restriction.objects.filter(patient__site_id__in=_sites(grants))
    rows = rows.select_related("patient__site", "set_by", "lifted_by")
    return rows.filter(public_id=public_id).first()


def keepers_of(restrictions: Iterable[Restriction]) -> dict[int, list[Keeper]]:
    """Return to whom each restricted record stays open."""
    found: dict[int, list[Keeper]] = {row.pk: [] for row in restrictions}
    rows = Keeper.objects.filter(restriction__in=found).select_related("user", "unit")
    for keeper in rows.order_by("id"):
        found[keeper.restriction_id].append(keeper)
    return found


def is_restricted(patient: Patient, *, at: datetime) -> bool:
    """Say whether the record is open to few now."""
    return restricted(at=at).filter(patient=patient).exists()


# Broken glasses ------------------------------------------------------------------------------


def glass_list(*, grants: Grants, which: str = "", at: datetime) -> QuerySet[Glass]:
    """Return the glasses broken in the units where the asker reviews; `which` narrows them.

    open, waiting, late or reviewed; "" for all.
    """
    rows = Glass.objects.filter(unit_id__in=grants.unit_ids(Perm.REVIEW_GLASS))
    if which == "open":
        rows = rows.filter(state=GlassState.GRANTED, until_at__gt=at)
    elif which in {"waiting", "late"}:
        rows = rows.exclude(state=GlassState.REVIEWED).exclude(
            state=GlassState.GRANTED, until_at__gt=at
        )
        if which == "late":
            rows = rows.filter(due_at__lte=at)
    elif which == "reviewed":
        rows = rows.filter(state=GlassState.REVIEWED)
    return rows.select_related("patient", "user", "unit", "reviewed_by")


def glass_get(*, grants: Grants, public_id: UUID, at: datetime) -> Glass | None:
    """Return one glass that the asker may review."""
    return glass_list(grants=grants, at=at).filter(public_id=public_id).first()


def glass_own(*, user_id: int, public_id: UUID) -> Glass | None:
    """Return a glass that this person broke."""
    rows = Glass.objects.select_related("patient", "unit")
    return rows.filter(user_id=user_id, public_id=public_id).first()


def glasses_open(*, grants: Grants, at: datetime) -> list[Glass]:
    """Return the glasses through which the person sees records now."""
    rows = open_glasses(grants, at=at).select_related("patient")
    return list(rows.order_by("until_at"))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a glass stands now: its state by the clock, and whether its review is late."""

    state: str
    is_late: bool


def glass_standing(glass: Glass, *, at: datetime) -> Standing:
    """Return how the glass stands, also before a background task has written that it is over."""
    state = glass.state
    if state == GlassState.GRANTED and glass.until_at <= at:
        state = GlassState.EXPIRED
    return Standing(state, state == GlassState.EXPIRED and glass.due_at <= at)
