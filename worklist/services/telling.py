"""Who is told that a task is late or was handed over: on call, on duty, else the role."""

from datetime import datetime

from org import selectors as places
from org.selectors.roster import away_of, on_call, on_duty
from worklist.models import Task, TaskEntry, TaskEscalation
from worklist.permissions import Perm
from worklist.rules.kinds import kind_of
from worklist.services.notices import notice_send
from worklist.states import EntryKind


def escalation_tell(*, task_id: int, level: int, at: datetime) -> int:
    """Whoever answers for the level is told once of the late task; returns how many were.

    On call for the role in the unit or above it; else who is on duty; else everybody who has the
    role there. Whoever is away is not among them.
    """
    row = (
        TaskEscalation.objects.filter(task_id=task_id, number=level).select_related("task").first()
    )
    if row is None or not row.task.is_open:
        return 0
    task = row.task
    people = answering(unit_id=task.unit_id, role=row.role, at=at)
    made = notice_send(
        to=people,
        kind="task_late",
        severity=task.priority,
        subject=task,
        at=at,
        by=None,
        facts={"what": kind_of(task.kind).title(task.facts), "level": level},
        unit_id=task.unit_id,
        channel=row.channel,
        key=f"task:{task.pk}:level:{level}",
    )
    return len(made)


def answering(*, unit_id: int, role: str, at: datetime) -> set[int]:
    """Return who answers for a role in a unit now."""
    for found in (on_call, on_duty):
        standing = {item.user_id for item in found(unit_id=unit_id, role=role, at=at)}
        if standing:
            return standing
    holders = places.holders_of(role=role, unit_id=unit_id, at=at)
    return holders - away_of(holders, at=at)


def handover_tell(*, task_id: int, to_user_id: int, at: datetime) -> int:
    """The person to whom a task was handed is told once for each handing-over."""
    task = Task.objects.filter(pk=task_id).first()
    if task is None or not task.is_open:
        return 0
    made = notice_send(
        to=[to_user_id],
        kind="task_handed",
        severity=task.priority,
        subject=task,
        at=at,
        by=None,
        facts={"what": kind_of(task.kind).title(task.facts)},
        unit_id=task.unit_id,
        key=f"task:{task.pk}:to:{to_user_id}:{task.handed_at:%Y-%m-%dT%H:%M:%S}"
        if task.handed_at
        else "",
    )
    return len(made)


def note_tell(task: Task, note: TaskEntry, *, at: datetime) -> int:
    """Whoever takes part in the task is told once of a note; returns how many were (ROW-H9).

    Its owner, who asked for it, who has handed it over, and who has written on it: as far as they
    still see it, and not whoever wrote the note. The notice says which task, not what was written.
    """
    wrote = TaskEntry.objects.filter(task=task, kind=EntryKind.NOTE).values_list("by_id", flat=True)
    part = {task.owner_id, task.requester_id, task.recorded_by_id, task.handed_by_id, *wrote}
    sees = {user.pk for user in places.holders_in(Perm.VIEW, unit_ids={task.unit_id}, at=at)} | {
        task.owner_id
    }
    people = {each for each in part & sees if each is not None and each != note.by_id}
    made = notice_send(
        to=people,
        kind="task_note",
        severity="routine",
        subject=task,
        at=at,
        by=note.by_id,
        facts={"what": kind_of(task.kind).title(task.facts)},
        unit_id=task.unit_id,
        key=f"task:{task.pk}:note:{note.pk}",
    )
    return len(made)
