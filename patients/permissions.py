"""Who may see and change what about which patients.

Who may find every patient (the desk) sees all records of the house; anybody else those in the care
of the units where they may see patients (house 8, docs/adr/0022). A restricted record is there only
for those who keep it open; a broken glass opens one record, by its address (docs/adr/0025).
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from django.db.models import Q, QuerySet

from org.permissions import Grants
from patients.models import STILL, CaringUnit, Glass, Keeper, Patient, Restriction
from patients.rules.documents import kinds_read
from patients.rules.fields import CHANGES, GROUPS, Name
from patients.rules.flags import FLAGS, Sight, kinds_for
from patients.states import GlassState, IdentityState


class Perm(StrEnum):
    """Permissions of this room."""

    VIEW = "patients.view_patient"
    FIND = "patients.find_patients"
    REGISTER = "patients.register_patient"
    PRIVATE = "patients.view_private"
    DEATH = "patients.record_death"
    CARE_NOTES = "patients.care_notes"
    CLINICAL = "patients.view_clinical"
    ALLERGIES = "patients.record_allergies"
    SET_FLAGS = "patients.set_flags"
    SEE_CONFIDENTIAL = "patients.view_confidential_flags"
    SEE_DOCUMENTS = "patients.view_documents"
    ADD_DOCUMENTS = "patients.add_documents"
    DOWNLOAD = "patients.download_documents"
    PHOTO = "patients.take_photo"
    SEE_CONSENTS = "patients.view_consents"
    CONSENTS = "patients.record_consents"
    SET_CONFIDENTIAL = "patients.set_confidential_flags"
    RESTRICT = "patients.restrict_records"
    BREAK_GLASS = "patients.break_glass"
    PRINT = "patients.print_papers"
    REVIEW_GLASS = "patients.review_glass"
    PROPOSE = "patients.propose_merge"
    REVIEW = "patients.review_merge"


# With which of them values of a record are read (rules/fields.py).
RECORD_PERMISSIONS = frozenset(
    {group.permission for group in GROUPS.values()} | {name for name in CHANGES.values() if name}
)


def sees_all(grants: Grants) -> bool:
    """Say whether every record of the house is theirs to find."""
    return grants.has(Perm.FIND) and grants.has(Perm.VIEW)


def in_care_of(unit_ids: frozenset[int], *, at: datetime) -> QuerySet[CaringUnit]:
    """Return the rows that say who is in the care of the units at `at`."""
    going_on = CaringUnit.objects.alias(ends_at=STILL).filter(ends_at__gt=at)
    return going_on.filter(unit_id__in=unit_ids, period__contains=at)


def restricted(*, at: datetime) -> QuerySet[Restriction]:
    """Return the restrictions that count at `at`."""
    return Restriction.objects.filter(period__contains=at)


def hidden_from(grants: Grants, *, at: datetime) -> QuerySet[Restriction]:
    """Return the restrictions that count and do not keep the record open to the person.

    A unit keeps it open to those who work in that unit itself: whoever holds a role in the whole
    house is not meant by the name of one ward.
    """
    homes = {held.unit_id for held in grants.held if Perm.VIEW in held.permissions}
    own = Q(user_id=grants.user_id) if grants.user_id is not None else Q()
    kept = Keeper.objects.filter(own | Q(unit_id__in=homes))
    treated = in_care_of(frozenset(homes), at=at).filter(
        patient_id__in=restricted(at=at).values("patient_id")
    )
    return (
        restricted(at=at)
        .exclude(pk__in=kept.values("restriction_id"))
        .exclude(carers_keep=True, patient_id__in=treated.values("patient_id"))
    )


def visible_to(grants: Grants, *, at: datetime) -> QuerySet[Patient]:
    """Return the patients whom the person finds: in lists, search, suggestions, counts, exports.

    A record whose place another one took is not among them.
    """
    return seen_ever(grants, at=at).exclude(state=IdentityState.MERGED)


def seen_ever(grants: Grants, *, at: datetime) -> QuerySet[Patient]:
    """Return the same with those whose place another record took: merges are shown with both."""
    rows = Patient.objects.exclude(pk__in=hidden_from(grants, at=at).values("patient_id"))
    if sees_all(grants):
        return rows
    units = grants.unit_ids(Perm.VIEW)
    return rows.filter(pk__in=in_care_of(units, at=at).values("patient_id"))


def open_glasses(grants: Grants, *, at: datetime) -> QuerySet[Glass]:
    """Return the glasses that the person has broken and that are open at `at`."""
    if grants.user_id is None or not grants.has(Perm.BREAK_GLASS):
        return Glass.objects.none()
    return Glass.objects.filter(
        user_id=grants.user_id,
        state=GlassState.GRANTED,
        ended_at__isnull=True,
        granted_at__lte=at,
        until_at__gt=at,
    )


def sees(grants: Grants, group: Name) -> bool:
    """Say whether the fields of the group are shown, searched by and taken from the person."""
    return grants.has(GROUPS[group].permission)


def sees_private(grants: Grants) -> bool:
    """Say whether phones, addresses and numbers are shown in full, and may be searched by."""
    return sees(grants, "reach")


def unreadable(grants: Grants, names: Iterable[str]) -> list[str]:
    """Return which of these fields of a form or body are not the person's to read or write."""
    closed = frozenset[str]().union(
        *(group.inputs for group in GROUPS.values() if not grants.has(group.permission))
    )
    return sorted(closed & set(names))


def desk_of(grants: Grants, permission: str, stand: int | None) -> int | None:
    """Return the unit in which the act happens: where the person stands, if they may act there."""
    units = grants.unit_ids(permission)
    return stand if stand in units else min(units, default=None)


def flag_kinds_seen(grants: Grants) -> tuple[str, ...]:
    """Return the kinds of flags that the person reads in words, the most urgent first."""
    return kinds_for(
        treats=grants.has(Perm.CLINICAL), confidential=grants.has(Perm.SEE_CONFIDENTIAL)
    )


def flag_kinds_set(grants: Grants) -> tuple[str, ...]:
    """Return the kinds of flags that the person may set and end."""
    needed = {Sight.CONFIDENTIAL: Perm.SET_CONFIDENTIAL}
    return tuple(
        kind.value
        for kind, rule in FLAGS.items()
        if grants.has(needed.get(rule.sight, Perm.SET_FLAGS))
    )


def document_kinds_read(grants: Grants) -> tuple[str, ...]:
    """Return the kinds of papers that the person reads, and may add."""
    if not grants.has(Perm.SEE_DOCUMENTS):
        return ()
    return kinds_read(
        treats=grants.has(Perm.CLINICAL), confidential=grants.has(Perm.SEE_CONFIDENTIAL)
    )
