"""Tasks go from one to another: handed over, moved to others, done by a stand-in."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core import live
from core.errors import Invalid, NotFound
from core.states import move
from org.selectors import holders_in, names_of, units_of
from worklist.marks import person_mark
from worklist.models import Delegation, Task
from worklist.permissions import Perm
from worklist.rules.clock import AWAY_AT_MOST
from worklist.services.basis import TASK, entry, locked, publish_handed, touched
from worklist.services.work import Closed, check_free, noted, reason_of
from worklist.states import OPEN, POOL, EntryKind, TaskState


class NotTheirWork(Invalid):
    """The person may not do tasks there."""

    code = "not_their_work"
    message = _("This person does not do tasks there, or is not at work any more.")


class AlreadyAway(Invalid):
    """Somebody stands in already at that time."""

    code = "already_away"
    status = 409
    message = _("Somebody stands in for you at that time already. End that first.")


def _check(row: Task, *, by: int, at: datetime, as_manager: bool) -> None:
    if row.state not in OPEN:
        raise Closed()
    if not as_manager:
        check_free(row, by=by, at=at)


@transaction.atomic
def task_hand_over(
    task: Task, *, to_user: int, reason: str, by: int, at: datetime, as_manager: bool = False
) -> Task:
    """The task waits for somebody else, who takes it or gives it back; the timeline says why.

    Raises Taken, Closed, NotTheirWork, Invalid.
    """
    row = locked(task)
    _check(row, by=by, at=at, as_manager=as_manager)
    why = reason_of(reason)
    if to_user == row.owner_id:
        raise Invalid(_("This person has the task already."), field="to")
    if to_user not in {user.pk for user in holders_in(Perm.WORK, unit_ids={row.unit_id}, at=at)}:
        raise NotTheirWork(field="to")
    before = row.owner_id
    _to_pool(row, why, by=by, at=at)
    row.owner_id, row.handed_by_id, row.handed_at = to_user, by, at
    _settle(row)
    entry(row, EntryKind.HANDED, by=by, at=at, to_user=to_user, text=why)
    publish_handed(row, to_user=to_user, by=by, at=at)
    touched(row, before, to_user)
    return noted(
        row,
        "task_hand_over",
        by=by,
        at=at,
        reason=why,
        before={"owner": before},
        after={"owner": to_user},
    )


@transaction.atomic
def task_move(
    task: Task,
    *,
    unit_id: int,
    role: str,
    reason: str,
    by: int,
    at: datetime,
    as_manager: bool = False,
) -> Task:
    """The task is for others: a role, or everybody (""), of a unit. Raises Taken, Closed, Invalid.

    When it is due stays as it was.
    """
    row = locked(task)
    _check(row, by=by, at=at, as_manager=as_manager)
    why = reason_of(reason)
    unit = next(iter(units_of({unit_id})), None)
    if unit is None or not unit.is_active:
        raise Invalid(_("This unit is closed."), field="unit")
    before = {"unit": row.unit_id, "role": row.role, "owner": row.owner_id}
    touched(row)
    _to_pool(row, why, by=by, at=at)
    row.unit_id, row.role = unit_id, role
    row.owner_id = row.handed_by_id = row.handed_at = None
    _settle(row)
    entry(row, EntryKind.HANDED, by=by, at=at, text=f"{unit.name}: {why}")
    after = {"unit": unit_id, "role": role, "owner": None}
    return noted(row, "task_move", by=by, at=at, reason=why, before=before, after=after)


def _to_pool(row: Task, why: str, *, by: int, at: datetime) -> None:
    if row.state not in POOL:
        move(row, TaskState.RETURNED, machine=TASK, by=by, at=at, reason=why, unit_id=row.unit_id)


def _settle(row: Task) -> None:
    row.wake_at, row.hold_reason = None, ""
    row.save(
        update_fields=["owner", "handed_by", "handed_at", "unit", "role", "wake_at", "hold_reason"]
    )


@transaction.atomic
def delegation_begin(
    *,
    from_user: int,
    to_user: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: int,
    at: datetime,
) -> Delegation:
    """While somebody is away, their tasks are also shown to, and may be taken by, the stand-in.

    Raises AlreadyAway, NotTheirWork, Invalid.
    """
    if from_user == to_user:
        raise Invalid(_("Choose somebody else."), field="to")
    if ends_at <= max(starts_at, at):
        raise Invalid(_("The end must be after the beginning, and after now."), field="ends")
    if ends_at - starts_at > AWAY_AT_MOST:
        raise Invalid(_("At most 90 days at a time."), field="ends")
    if not names_of({to_user}):
        raise NotTheirWork(field="to")
    try:
        with transaction.atomic():
            made = Delegation.objects.create(
                from_user_id=from_user,
                to_user_id=to_user,
                period=(starts_at, ends_at),
                reason=reason.strip(),
                recorded_by_id=by,
            )
    except IntegrityError as error:
        if "delegation_one_at_a_time" not in str(error):
            raise
        raise AlreadyAway(field="starts") from error
    after = {"to_user": to_user, "starts_at": starts_at, "ends_at": ends_at}
    record(
        "delegation_begin",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=made,
        reason=made.reason,
        after=after,
    )
    live.changed(person_mark(from_user), person_mark(to_user))
    return made


@transaction.atomic
def delegation_end(delegation: Delegation, *, by: int, at: datetime) -> Delegation:
    """Nobody stands in any more: from now on, or not at all where it has not begun.

    Raises NotFound.
    """
    row = Delegation.objects.select_for_update(no_key=True).get(pk=delegation.pk)
    if row.cancelled_at is not None or row.period.upper <= at:
        raise NotFound()
    if row.period.lower < at:
        row.period = (row.period.lower, at)
    else:
        row.cancelled_at = at
    row.version += 1
    row.save(update_fields=["period", "cancelled_at", "version"])
    record(
        "delegation_end", action=Action.UPDATE, at=at, by=by, subject=row, after={"ended_at": at}
    )
    live.changed(person_mark(row.from_user_id), person_mark(row.to_user_id))
    return row
