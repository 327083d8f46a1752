"""When a task is due, when it escalates, until when it is quiet. Pure calculation."""

from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from worklist.rules.kinds import Kind, Level
from worklist.states import SEVERITY, Priority

# How long something may be put on hold; what cannot wait never is.
HOLD_AT_MOST: dict[str, timedelta] = {
    Priority.ROUTINE: timedelta(days=30),
    Priority.URGENT: timedelta(days=1),
    Priority.ASAP: timedelta(hours=2),
    Priority.STAT: timedelta(0),
}

AWAY_AT_MOST = timedelta(days=90)


def due_at(kind: Kind, priority: str, *, opened: datetime, minutes: int | None = None) -> datetime:
    """Return until when it must be done; `minutes` is what the unit set instead."""
    return opened + timedelta(minutes=minutes or kind.due[priority])


def more_severe(one: str, other: str) -> str:
    """Return the priority that can wait less."""
    return max(one, other, key=lambda each: SEVERITY[each])


class Step(NamedTuple):
    """A level of escalation and the moment at which the clock reaches it."""

    number: int
    level: Level
    due_at: datetime


def steps(kind: Kind, due: datetime) -> list[Step]:
    """Return the levels of a task of the kind, in the order of the clock."""
    return [
        Step(number, level, due + timedelta(minutes=level.after))
        for number, level in enumerate(kind.levels, start=1)
    ]


def step_now(kind: Kind, *, due: datetime, reached: int, at: datetime) -> Step | None:
    """Return the level that the clock says now, None when it was reached already.

    After a pause of the system that is one level, the highest whose time has come: not one for
    each that was missed.
    """
    found = [step for step in steps(kind, due) if step.due_at <= at]
    return found[-1] if found and found[-1].number > reached else None


def next_step(kind: Kind, *, due: datetime, reached: int) -> Step | None:
    """Return the level that comes next, if nothing happens."""
    return next((step for step in steps(kind, due) if step.number > reached), None)


def quiet_until(kind: Kind, priority: str, *, at: datetime, zone: str) -> datetime | None:
    """Return until when nobody is to be told, None for at once; always for what cannot wait."""
    hours = kind.quiet.get(priority)
    if priority == Priority.STAT or hours is None:
        return None
    start, end = hours
    local = at.astimezone(ZoneInfo(zone))
    is_over_midnight = start > end
    is_quiet = start <= local.hour < end
    if is_over_midnight:
        is_quiet = local.hour >= start or local.hour < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=int(is_over_midnight and local.hour >= start))
    return datetime.combine(day, time(end), tzinfo=ZoneInfo(zone)).astimezone(at.tzinfo)
