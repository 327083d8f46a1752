"""What people read for codes: looks of states and priorities, and a row of the inbox in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.html import Look
from core.templatetags.formats import duration_text, when_text
from worklist.rules.clock import Step
from worklist.selectors import Line, Shown
from worklist.states import Box, EntryKind, Priority, TaskState

BOX_ICONS = {
    Box.MINE: "user",
    Box.HANDED: "arrows-exchange",
    Box.ROLE: "users",
    Box.UNIT: "building-hospital",
}
_PRIORITIES = {
    Priority.STAT: ("crit", "bolt"),
    Priority.ASAP: ("warn", "alert-triangle"),
    Priority.URGENT: ("info", "flag-3"),
    Priority.ROUTINE: ("mute", "circle-dashed"),
}
_STATES = {
    TaskState.READY: ("info", "inbox"),
    TaskState.RETURNED: ("warn", "inbox"),
    TaskState.CLAIMED: ("info", "player-play"),
    TaskState.BLOCKED: ("mute", "clock-pause"),
    TaskState.DONE: ("ok", "circle-check"),
    TaskState.CANCELLED: ("mute", "circle-x"),
    TaskState.ERROR: ("mute", "x"),
}


def priority_look(priority: str) -> Look:
    """Return the look of a priority."""
    known = Priority(priority)
    return Look(*_PRIORITIES[known], str(known.label))


def state_look(shown: Shown) -> Look:
    """Return the look of where a task is; one that was handed to somebody waits for them."""
    known = TaskState(shown.task.state)
    word = str(known.label)
    if shown.task.owner_id and known in {TaskState.READY, TaskState.RETURNED}:
        word = _("Handed over")
    return Look(*_STATES[known], word)


@dataclass(frozen=True, slots=True)
class Row:
    """One task as the inbox shows it."""

    shown: Shown
    priority: Look
    state: Look
    due: str
    next_level: str
    wakes: str
    may_claim: bool
    may_hold: bool


def row_of(shown: Shown, *, at: datetime) -> Row:
    """Return the task in words."""
    task = shown.task
    is_on_hold = task.state == TaskState.BLOCKED and task.wake_at is not None
    wakes = _("until %(time)s") % {"time": when_text(task.wake_at)} if is_on_hold else ""
    return Row(
        shown=shown,
        priority=priority_look(shown.task.priority),
        state=state_look(shown),
        due=due_words(shown, at=at),
        next_level=level_words(shown, at=at),
        wakes=wakes,
        may_claim=task.state != TaskState.CLAIMED or not shown.is_mine,
        may_hold=task.priority != Priority.STAT and task.state != TaskState.BLOCKED,
    )


def due_words(shown: Shown, *, at: datetime) -> str:
    """Return how much time is left, or for how long it has been due."""
    left = shown.task.due_at - at
    if left.total_seconds() < 0:
        return _("%(time)s late") % {"time": duration_text(-left)}
    return _("in %(time)s") % {"time": duration_text(left)}


def level_words(shown: Shown, *, at: datetime) -> str:
    """Return whom the task goes to next, and when: seen before it happens."""
    if shown.following is None:
        return ""
    left = shown.following.due_at - at
    values = {"role": shown.following_role, "time": duration_text(max(left, left * 0))}
    if left.total_seconds() <= 0:
        return _("%(role)s is told now") % values
    return _("%(role)s is told in %(time)s") % values


def minutes(count: int) -> timedelta:
    """Return that many minutes."""
    return timedelta(minutes=count)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a timeline in words."""

    line: Line
    icon: str
    word: str


_ENTRY_ICONS = {
    EntryKind.SEEN: "eye",
    EntryKind.JOINED: "refresh",
    EntryKind.RAISED: "trending-up",
    EntryKind.HANDED: "arrows-exchange",
    EntryKind.NOTE: "pencil",
}
# What the steps of a task are called when they have happened.
_STEP_WORDS = {
    TaskState.READY: gettext_lazy("Opened"),
    TaskState.CLAIMED: gettext_lazy("Taken"),
    TaskState.RETURNED: gettext_lazy("Given back"),
    TaskState.BLOCKED: gettext_lazy("Put on hold"),
    TaskState.DONE: gettext_lazy("Done"),
    TaskState.CANCELLED: gettext_lazy("No longer needed"),
    TaskState.ERROR: gettext_lazy("Entered in error"),
}


def lines_of(lines: list[Line], roles: dict[str, str]) -> list[ShownLine]:
    """Return a timeline in words."""
    return [_line_of(line, roles) for line in lines]


def _line_of(line: Line, roles: dict[str, str]) -> ShownLine:
    if line.what == "escalated":
        values = {"number": line.number, "role": roles.get(line.role, line.role)}
        word = _("Escalated, level %(number)s: %(role)s is told") % values
        return ShownLine(line, "alert-triangle", word)
    if line.what in EntryKind.values:
        kind = EntryKind(line.what)
        return ShownLine(line, _ENTRY_ICONS[kind], str(kind.label))
    state = TaskState(line.what)
    return ShownLine(line, _STATES[state][1], str(_STEP_WORDS[state]))


def step_words(step: Step, roles: dict[str, str], *, at: datetime) -> str:
    """Return a level that is still ahead: whom, and when."""
    role = roles.get(step.level.role, step.level.role)
    if step.due_at <= at:
        return _("%(role)s is told now") % {"role": role}
    return _("%(role)s is told in %(time)s") % {
        "role": role,
        "time": duration_text(step.due_at - at),
    }
