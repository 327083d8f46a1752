"""A task waits for something: on hold with a reason until it wakes by itself."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from core.states import move
from worklist.models import Task
from worklist.rules.clock import HOLD_AT_MOST
from worklist.services.basis import TASK, locked
from worklist.services.work import check_free, noted, reason_of
from worklist.states import Priority, TaskState

BATCH = 200


@transaction.atomic
def task_hold(task: Task, *, until: datetime, reason: str, by: int, at: datetime) -> Task:
    """The task is out of the way until then; what cannot wait never is (ROW-H4).

    Raises Taken, Closed, Invalid, TransitionRefused.
    """
    row = locked(task)
    check_free(row, by=by, at=at)
    why = reason_of(reason)
    if row.priority == Priority.STAT:
        raise Invalid(_("This cannot wait: it cannot be put on hold."), field="until")
    if until <= at:
        raise Invalid(_("This is in the past."), field="until")
    if until > at + HOLD_AT_MOST[row.priority]:
        raise Invalid(_("This is too long for how urgent it is."), field="until")
    row.wake_at, row.hold_reason = until, why
    row.save(update_fields=["wake_at", "hold_reason"])
    if row.state != TaskState.BLOCKED:
        move(row, TaskState.BLOCKED, machine=TASK, by=by, at=at, reason=why, unit_id=row.unit_id)
    return noted(row, "task_hold", by=by, at=at, reason=why, after={"wake_at": until})


@transaction.atomic
def task_wake(task: Task, *, by: int | None, at: datetime) -> Task:
    """The task is back where it was: with its owner, or free for all. Raises TransitionRefused."""
    row = locked(task)
    to = TaskState.CLAIMED if row.owner_id else TaskState.RETURNED
    move(row, to, machine=TASK, by=by, at=at, unit_id=row.unit_id)
    row.wake_at, row.hold_reason = None, ""
    row.save(update_fields=["wake_at", "hold_reason"])
    return noted(row, "task_wake", by=by, at=at)


def tasks_wake(*, at: datetime, limit: int = BATCH) -> int:
    """Whatever was on hold until now is back. Returns how many."""
    count = 0
    while count < limit:
        with transaction.atomic():
            rows = Task.objects.select_for_update(no_key=True, skip_locked=True)
            found = (
                rows.filter(state=TaskState.BLOCKED, wake_at__lte=at).order_by("wake_at").first()
            )
            if found is None:
                return count
            task_wake(found, by=None, at=at)
            count += 1
    return count
