"""Signs of life and what they add up to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.models import Heartbeat

LATE = timedelta(seconds=45)


def beat(name: str, *, at: datetime) -> None:
    """The process `name` was alive at `at`."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": at})


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing readiness looks at: ok, degraded (people can work) or down (they cannot)."""

    name: str
    state: str
    detail: str = ""


def sign_of_life(name: str, *, at: datetime, late: timedelta = LATE) -> Sign:
    """Return whether the process was heard of lately."""
    row = Heartbeat.objects.filter(pk=name).first()
    if row is None:
        return Sign(name, "degraded", "never seen")
    age = at - row.beat_at
    return Sign(name, "ok" if age <= late else "degraded", f"{int(age.total_seconds())} s ago")
