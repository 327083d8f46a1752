"""What every verb of a task needs: its machine, its row under lock, its timeline, its live mark."""

from datetime import datetime
from uuid import UUID

from core import live
from core.errors import VersionConflict
from core.events import publish
from core.states import Machine
from worklist.events import TaskHandedOver
from worklist.marks import person_mark, unit_mark
from worklist.models import Task, TaskEntry
from worklist.states import TASK_STEPS, EntryKind, TaskState

TASK = Machine(
    column="state",
    table=TASK_STEPS,
    stamps={
        TaskState.DONE: "completed",
        TaskState.CANCELLED: "cancelled",
        TaskState.ERROR: "voided",
    },
    words=TaskState,
)


def locked(task: Task, version: int | None = None) -> Task:
    """Return the task's row, locked until the transaction ends. Raises VersionConflict."""
    row = Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    return row


def entry(
    task: Task,
    kind: EntryKind,
    *,
    by: int | None,
    at: datetime,
    to_user: int | None = None,
    text: str = "",
) -> TaskEntry:
    """The timeline has one line more."""
    return TaskEntry.objects.create(
        task=task, kind=kind, by_id=by, happened_at=at, to_user_id=to_user, text=text[:500]
    )


def publish_handed(task: Task, *, to_user: int, by: int | None, at: datetime) -> None:
    """Whoever tells people things learns for whom the task waits now."""
    fact = TaskHandedOver(
        task_id=task.pk, public_id=task.public_id, to_user_id=to_user, by_user_id=by
    )
    publish(fact, at=at, order_key=f"task:{task.pk}")


def touched(task: Task, *people: int | None) -> None:
    """Inboxes that show the task are drawn anew."""
    those = {each for each in (task.owner_id, *people) if each is not None}
    live.changed(unit_mark(task.unit_id), *(person_mark(each) for each in those))


def patient_of(task: Task) -> UUID | None:
    """Return the public id of the patient whom the task is about, for the trail."""
    return task.patient.public_id if task.patient is not None else None
