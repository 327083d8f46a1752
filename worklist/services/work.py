"""Somebody takes a task, does it, gives it back, or says that it should never have been."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError
from core.states import move
from org.selectors import names_of
from worklist.models import Task, TaskEntry
from worklist.selectors.inbox import stands_in_for
from worklist.services.basis import TASK, entry, locked, patient_of, touched
from worklist.services.opening import closed
from worklist.services.telling import note_tell
from worklist.states import OPEN, EntryKind, TaskState

REASON_AT_MOST = 300
NOTE_AT_MOST = 500


class Taken(ServiceError):
    """Somebody else has the task; `owner` says who."""

    code: ClassVar[str] = "task_taken"
    status = 409
    message = _("Somebody else has this task.")

    def __init__(self, owner: str) -> None:
        super().__init__(_("%(name)s has this task.") % {"name": owner}, owner=owner)


class Closed(ServiceError):
    """The task is not open any more."""

    code = "task_closed"
    status = 409
    message = _("This task is not open any more.")


def reason_of(text: str, *, field: str = "reason") -> str:
    """Return the reason. Raises Invalid where it is missing or too long."""
    plain = " ".join(text.split())
    if not plain:
        raise Invalid(_("Say why."), field=field)
    if len(plain) > REASON_AT_MOST:
        raise Invalid(_("At most 300 characters."), field=field)
    return plain


def check_free(row: Task, *, by: int, at: datetime) -> None:
    """Raise Closed for what is over, Taken for what somebody else has who is not away."""
    if row.state not in OPEN:
        raise Closed()
    if row.owner_id is None or row.owner_id == by:
        return
    if row.owner_id not in stands_in_for(by, at=at):
        raise Taken(names_of({row.owner_id})[row.owner_id])


def noted(
    row: Task,
    act: str,
    *,
    by: int | None,
    at: datetime,
    reason: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> Task:
    """The task has one version more; trail and live lists learn of it."""
    row.version += 1
    Task.objects.filter(pk=row.pk).update(version=row.version)
    record(
        act,
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        patient=patient_of(row),
        unit_id=row.unit_id,
        reason=reason,
        before=before,
        after=after,
    )
    touched(row)
    return row


def _first_touch(row: Task, *, by: int, at: datetime) -> None:
    if row.first_touched_at is None:
        row.first_touched_at, row.first_touched_by_id = at, by
        row.save(update_fields=["first_touched_at", "first_touched_by"])


@transaction.atomic
def task_claim(task: Task, *, by: int, at: datetime) -> Task:
    """The task is the person's: of two who take it at once one has it, the other learns who.

    Raises Taken, Closed. Taking what one has already changes nothing.
    """
    row = locked(task)
    check_free(row, by=by, at=at)
    if row.state == TaskState.CLAIMED and row.owner_id == by:
        return row
    before = row.owner_id
    _first_touch(row, by=by, at=at)
    row.owner_id = by
    row.save(update_fields=["owner"])
    if row.state == TaskState.CLAIMED:
        entry(row, EntryKind.HANDED, by=by, at=at, to_user=by)
    else:
        move(row, TaskState.CLAIMED, machine=TASK, by=by, at=at, unit_id=row.unit_id)
    _awake(row)
    return noted(row, "task_claim", by=by, at=at, before={"owner": before}, after={"owner": by})


def _awake(row: Task) -> None:
    row.wake_at, row.hold_reason, row.quiet_until = None, "", None
    row.save(update_fields=["wake_at", "hold_reason", "quiet_until"])


@transaction.atomic
def task_release(task: Task, *, by: int, at: datetime, reason: str = "") -> Task:
    """The task is nobody's again. Raises Taken, Closed, Invalid."""
    row = locked(task)
    check_free(row, by=by, at=at)
    if row.owner_id is None:
        raise Invalid(_("Nobody has this task."))
    before = row.owner_id
    if row.state != TaskState.RETURNED:
        _to_pool(row, by=by, at=at, reason=reason)
    row.owner_id = None
    row.handed_by_id = row.handed_at = None
    row.save(update_fields=["owner", "handed_by", "handed_at"])
    _awake(row)
    touched(row, before)
    return noted(row, "task_release", by=by, at=at, reason=reason, before={"owner": before})


def _to_pool(row: Task, *, by: int, at: datetime, reason: str) -> None:
    if row.state != TaskState.READY:
        move(
            row,
            TaskState.RETURNED,
            machine=TASK,
            by=by,
            at=at,
            reason=reason,
            unit_id=row.unit_id,
        )


@transaction.atomic
def task_done(task: Task, *, by: int, at: datetime, note: str = "") -> Task:
    """The task is done; also of one that nobody took it is known who did it (ROW-H2).

    Raises Taken, Closed.
    """
    row = locked(task)
    check_free(row, by=by, at=at)
    _first_touch(row, by=by, at=at)
    if note.strip():
        _note(row, note, by=by, at=at)
    move(row, TaskState.DONE, machine=TASK, by=by, at=at, unit_id=row.unit_id)
    closed(row, "task_done", by=by, at=at)
    return row


@transaction.atomic
def task_void(task: Task, *, reason: str, by: int, at: datetime) -> Task:
    """The task should never have been. Raises TransitionRefused, Invalid."""
    row = locked(task)
    why = reason_of(reason)
    move(row, TaskState.ERROR, machine=TASK, by=by, at=at, reason=why, unit_id=row.unit_id)
    closed(row, "task_void", reason=why, by=by, at=at)
    return row


@transaction.atomic
def task_note(task: Task, *, text: str, by: int, at: datetime) -> TaskEntry:
    """The timeline holds what somebody wrote; the others who take part are told. Raises Invalid."""
    row = locked(task)
    made = _note(row, text, by=by, at=at)
    note_tell(row, made, at=at)
    noted(row, "task_note", by=by, at=at, after={"note": "…"})
    return made


def _note(row: Task, text: str, *, by: int, at: datetime) -> TaskEntry:
    plain = text.strip()
    if not plain:
        raise Invalid(_("Write something."), field="text")
    if len(plain) > NOTE_AT_MOST:
        raise Invalid(_("At most 500 characters."), field="text")
    return entry(row, EntryKind.NOTE, by=by, at=at, text=plain)


@transaction.atomic
def task_seen(task: Task, *, by: int, at: datetime) -> bool:
    """The timeline says that the person saw the task; once. Returns whether that is new."""
    row = locked(task)
    seen = TaskEntry.objects.filter(task=row, by_id=by, kind=EntryKind.SEEN)
    if seen.exists():
        return False
    entry(row, EntryKind.SEEN, by=by, at=at)
    record(
        "task_seen",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        patient=patient_of(row),
        unit_id=row.unit_id,
    )
    return True
