"""What the hospital answered at setup, in memory: at most 5 s old, known while no database is."""

import threading
import time
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.models import Subquery

from org.models import Installation, Site

FRESH_FOR = 5.0
_LONG_AGO = float("-inf")


@dataclass(frozen=True, slots=True)
class House:
    """The hospital: its name, money, language, and the clock of its first site."""

    name: str
    currency: str
    language: str
    time_zone: str
    has_logo: bool


class _Memory(threading.local):
    """Per thread, so that no lock is held while the database is asked."""

    house: House | None = None
    asked: float = _LONG_AGO


_memory = _Memory()


def _asked() -> House | None:
    first = Site.objects.order_by("id").values("time_zone")[:1]
    row = (
        Installation.objects.annotate(time_zone=Subquery(first))
        .values_list("name", "currency", "language", "time_zone", "logo_type")
        .filter(pk=1)
        .first()
    )
    if row is None:
        return None
    name, currency, language, time_zone, logo_type = row
    return House(name, currency, language, time_zone or "", bool(logo_type))


def current() -> House | None:
    """Return the hospital, None before `manage.py setup`.

    Raises DatabaseError only when this thread never knew it.
    """
    now = time.monotonic()
    if _memory.house is not None and now - _memory.asked < FRESH_FOR:
        return _memory.house
    try:
        _memory.house = _asked()
    except DatabaseError:
        if _memory.house is None:
            raise
    _memory.asked = now
    return _memory.house


def forget() -> None:
    """The next question of this thread asks anew."""
    _memory.house, _memory.asked = None, _LONG_AGO
