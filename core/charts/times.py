"""Ticks of a time axis that is true to scale, at round hours, days, months or years."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from core.templatetags.formats import month_names

HOURS = (1, 2, 3, 6, 12)
DAYS = (1, 2, 3, 7, 14)
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
DAY = timedelta(days=1)
LABELS_AS_TIME_UNTIL = timedelta(days=2)
MONTH = timedelta(days=30)
MONTHS_IN_YEAR = 12


def as_moment(value: date | datetime) -> datetime:
    """The value as local time; a plain date is its local midnight."""
    if isinstance(value, datetime):
        return timezone.localtime(value) if timezone.is_aware(value) else value
    return timezone.make_aware(datetime.combine(value, time.min))


def _hour_ticks(first: datetime, last: datetime, step: int) -> Iterator[datetime]:
    tick = first.replace(minute=0, second=0, microsecond=0, hour=first.hour // step * step)
    while tick <= last:
        if tick >= first:
            yield tick
        tick += timedelta(hours=step)


def _day_ticks(first: datetime, last: datetime, step: int) -> Iterator[datetime]:
    tick = datetime.combine(first.date(), time.min, tzinfo=first.tzinfo)
    while tick <= last:
        if tick >= first:
            yield tick
        # Wall-clock arithmetic: midnight stays midnight over the summer-time change.
        tick += timedelta(days=step)


def _month_ticks(first: datetime, last: datetime, step: int) -> Iterator[datetime]:
    count = first.year * MONTHS_IN_YEAR + first.month - 1
    count = count // step * step
    while True:
        year, month = divmod(count, MONTHS_IN_YEAR)
        tick = datetime(year, month + 1, 1, tzinfo=first.tzinfo)
        if tick > last:
            return
        if tick >= first:
            yield tick
        count += step


def ticks(first: datetime, last: datetime, most: int) -> list[tuple[datetime, str]]:
    """At most that many ticks between the two moments, each with its label."""
    span = last - first
    names = month_names()
    for step in HOURS:
        if span <= LABELS_AS_TIME_UNTIL and span / timedelta(hours=step) < most:
            found = _hour_ticks(first, last, step)
            return [(tick, f"{tick.hour:02d}:{tick.minute:02d}") for tick in found]
    for step in DAYS:
        if span / (DAY * step) < most:
            found = _day_ticks(first, last, step)
            return [(tick, f"{tick.day:02d}-{names[tick.month - 1]}") for tick in found]
    step = next((step for step in MONTHS if span / (MONTH * step) < most), MONTHS[-1])
    found = _month_ticks(first, last, step)
    return [(tick, f"{names[tick.month - 1]}-{tick.year}") for tick in found]
