"""What happened to a task, in one line after the other: by whom, when, why (ROW-H10)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.states import steps_of
from org.selectors import names_of
from worklist.models import Task, TaskEntry, TaskEscalation
from worklist.rules.clock import Step, steps
from worklist.rules.kinds import kind_of
from worklist.states import EntryKind, TaskState

# More is a sign of a task that came again and again: the newest are shown.
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline. `what` is a state, an entry's kind, or "escalated"."""

    at: datetime
    what: str
    by: str
    to: str = ""
    text: str = ""
    number: int = 0
    role: str = ""


def timeline(task: Task) -> list[Line]:
    """Return what happened, the newest first."""
    steps_taken = steps_of(task)
    entries = list(TaskEntry.objects.filter(task=task).order_by("-id")[:MOST_LINES])
    asked = {step.by_user for step in steps_taken} | {each.by_id for each in entries}
    asked |= {each.to_user_id for each in entries}
    names = names_of({each for each in asked if each is not None})
    lines = [
        Line(step.occurred_at, step.to_state, names.get(step.by_user or 0, ""), text=step.reason)
        for step in steps_taken
    ]
    lines += [_entry(each, names) for each in entries]
    lines += _levels(task)
    return sorted(lines, key=lambda line: line.at, reverse=True)[:MOST_LINES]


def _entry(each: TaskEntry, names: dict[int, str]) -> Line:
    return Line(
        each.happened_at,
        each.kind,
        names.get(each.by_id or 0, ""),
        to=names.get(each.to_user_id or 0, ""),
        text=each.text,
    )


def _levels(task: Task) -> Iterator[Line]:
    for row in TaskEscalation.objects.filter(task=task):
        yield Line(row.made_at, "escalated", "", number=row.number, role=row.role)


def levels_ahead(task: Task) -> list[Step]:
    """Return the levels that the task will reach if nobody does anything."""
    if not task.is_open:
        return []
    return [step for step in steps(kind_of(task.kind), task.due_at) if step.number > task.level]


def was_seen(task: Task, user_id: int | None) -> bool:
    """Say whether the timeline has it already that the person saw the task."""
    return TaskEntry.objects.filter(task=task, by_id=user_id, kind=EntryKind.SEEN).exists()


def handed_words(task: Task) -> str:
    """Return why the task was handed to who has it now, "" when it was not."""
    if task.handed_by_id is None or task.state == TaskState.CLAIMED:
        return ""
    rows = TaskEntry.objects.filter(task=task, kind=EntryKind.HANDED, to_user_id=task.owner_id)
    return rows.order_by("-id").values_list("text", flat=True).first() or ""
