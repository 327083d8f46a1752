"""The only place that reads the time. Doors call `now()`; services take `at`."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta(0))
_fixed: ContextVar[datetime | None] = ContextVar("clock_fixed", default=None)


def now() -> datetime:
    """Return the current instant, aware and in UTC; inside `at()` or `shifted()` theirs."""
    fixed = _fixed.get()
    return fixed if fixed is not None else timezone.now() + _shift.get()


def today(zone: ZoneInfo | None = None) -> date:
    """Return the local date in `zone`, or in the active time zone."""
    return timezone.localdate(now(), timezone=zone)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` inside the block. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("The clock needs an aware datetime.")
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Run the clock `by` ahead of (or behind) real time inside the block."""
    token = _shift.set(by)
    try:
        yield
    finally:
        _shift.reset(token)
