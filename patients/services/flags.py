"""Warnings about a patient: set for a period, ended with a reason (ROW-A10)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action
from core.errors import Invalid, ServiceError
from core.states import Machine
from patients.events import FlagsChanged
from patients.models import Patient, PatientFlag
from patients.services.details import locked
from patients.services.noting import By, began, held, moved, saved, stamp, told
from patients.states import FLAG_STEPS, FlagKind, FlagState

FLAG = Machine(
    column="state",
    table=FLAG_STEPS,
    stamps={FlagState.INACTIVE: "ended", FlagState.ENTERED_IN_ERROR: "voided"},
    words=FlagState,
)


class FlagSet(ServiceError):
    """The same warning counts already."""

    code = "flag_set"
    message = _("This flag is set already. End that one first.")


def _fact(patient: Patient) -> FlagsChanged:
    return FlagsChanged(patient_id=patient.pk, public_id=patient.public_id)


@transaction.atomic
def flag_set(
    patient: Patient,
    *,
    kind: str,
    note: str = "",
    until: datetime | None = None,
    by: int | None,
    at: datetime,
) -> PatientFlag:
    """The warning counts from now on, until the moment or until it is ended.

    Raises FlagSet, Invalid.
    """
    row, who = locked(patient), By(by, at)
    if kind not in FlagKind.values:
        raise Invalid(field="kind")
    if until is not None and until <= at:
        raise Invalid(_("It must end after it began."), field="until")
    active = PatientFlag.objects.filter(patient=row, kind=kind, state=FlagState.ACTIVE)
    if active.filter(period__contains=at).exists():
        raise FlagSet(field="kind")
    made = PatientFlag.objects.create(
        patient=row, kind=kind, note=note.strip(), period=(at, until), **stamp(who)
    )
    began(made, made.state, who)
    after = {"kind": kind, "note": made.note, "until": until}
    told("flag_set", made, row, _fact(row), who, action=Action.CREATE, after=after)
    return made


@transaction.atomic
def flag_end(
    flag: PatientFlag, *, reason: str, is_error: bool, by: int, at: datetime
) -> PatientFlag:
    """The warning counts no longer, or was set in error. Raises TransitionRefused, Invalid."""
    patient, who = locked(flag.patient), By(by, at)
    found = held(flag)
    to = FlagState.ENTERED_IN_ERROR if is_error else FlagState.INACTIVE
    if not reason.strip():
        raise Invalid(field="reason")
    before = found.state
    values: dict[str, object] = {"end_reason": reason.strip()}
    if not found.period.isempty and (found.period.upper is None or found.period.upper > at):
        values["period"] = (min(found.period.lower, at), at)
    saved(found, **values)
    moved(found, to, machine=FLAG, who=who, reason=reason)
    told(
        "flag_end",
        found,
        patient,
        _fact(patient),
        who,
        before={"kind": found.kind, "state": before},
        after={"state": str(to)},
        reason=reason,
    )
    return found
