"""Restricted records: who may open a record that is not open to everybody (SEC-Z6)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, VersionConflict
from patients.models import Keeper, Patient, Restriction
from patients.permissions import restricted
from patients.services.details import locked
from patients.states import RestrictionKind


def _check(kind: str, reason: str, until: datetime | None, at: datetime) -> None:
    if kind not in RestrictionKind.values:
        raise Invalid(field="kind")
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    if until is not None and until <= at:
        raise Invalid(_("It must end after now."), field="until")


def _keep(row: Restriction, users: Sequence[int], units: Sequence[int]) -> None:
    Keeper.objects.bulk_create(
        [
            *(Keeper(restriction=row, user_id=pk) for pk in sorted(set(users))),
            *(Keeper(restriction=row, unit_id=pk) for pk in sorted(set(units))),
        ]
    )


def _said(row: Restriction) -> dict[str, object]:
    """What the trail keeps of it: who keeps it open, and until when it counts."""
    keepers = Keeper.objects.filter(restriction=row).select_related("user", "unit").order_by("id")
    return {
        "kind": row.kind,
        "until": row.period.upper,
        "carers_keep": row.carers_keep,
        "people": [keeper.user.username for keeper in keepers if keeper.user],
        "units": [keeper.unit.code for keeper in keepers if keeper.unit],
    }


@transaction.atomic
def restriction_set(
    patient: Patient,
    *,
    kind: str,
    reason: str,
    until: datetime | None,
    carers_keep: bool,
    users: Sequence[int],
    units: Sequence[int],
    by: int,
    at: datetime,
) -> Restriction:
    """The record is open to few from now on. Raises Invalid, also where it already is."""
    _check(kind, reason, until, at)
    row = locked(patient)
    if restricted(at=at).filter(patient=row).exists():
        raise Invalid(_("This record is restricted already: change that."), field="number")
    made = Restriction.objects.create(
        patient=row,
        kind=kind,
        reason=reason.strip(),
        period=DateTimeTZRange(at, until),
        carers_keep=carers_keep,
        set_by_id=by,
    )
    _keep(made, users, units)
    record(
        "restriction_set",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=made,
        patient=row.public_id,
        reason=reason,
        after=_said(made),
    )
    return made


def _current(restriction: Restriction, version: int, at: datetime) -> Restriction:
    rows = Restriction.objects.select_for_update(no_key=True, of=("self",))
    row = rows.select_related("patient").get(pk=restriction.pk)
    if row.version != version:
        raise VersionConflict(current=row.version)
    if row.period.isempty or (row.period.upper is not None and row.period.upper <= at):
        raise Invalid(_("This restriction is over already."))
    return row


@transaction.atomic
def restriction_change(
    restriction: Restriction,
    *,
    kind: str,
    reason: str,
    until: datetime | None,
    carers_keep: bool,
    users: Sequence[int],
    units: Sequence[int],
    version: int,
    by: int,
    at: datetime,
) -> Restriction:
    """Others keep the record open, or until another time. Raises Invalid, VersionConflict."""
    _check(kind, reason, until, at)
    row = _current(restriction, version, at)
    before = _said(row)
    row.kind, row.reason, row.carers_keep = kind, reason.strip(), carers_keep
    row.period = DateTimeTZRange(row.period.lower, until)
    row.version += 1
    row.save(update_fields=["kind", "reason", "carers_keep", "period", "version"])
    Keeper.objects.filter(restriction=row).delete()
    _keep(row, users, units)
    row.refresh_from_db()
    record(
        "restriction_change",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        patient=row.patient.public_id,
        reason=reason,
        before=before,
        after=_said(row),
    )
    return row


@transaction.atomic
def restriction_lift(
    restriction: Restriction, *, reason: str, version: int, by: int, at: datetime
) -> Restriction:
    """The record is open again as every other. Raises Invalid, VersionConflict."""
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    row = _current(restriction, version, at)
    row.period = DateTimeTZRange(min(row.period.lower, at), at)
    row.lifted_by_id, row.lift_reason = by, reason.strip()
    row.version += 1
    row.save(update_fields=["period", "lifted_by", "lift_reason", "version"])
    record(
        "restriction_lift",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        patient=row.patient.public_id,
        reason=reason,
    )
    return row
