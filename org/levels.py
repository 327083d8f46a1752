"""Activation levels in memory: versioned, fresh within 5 seconds, alive when Redis is away."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import caches
from django.db import DatabaseError, connection, transaction

from org.models import ActivationVersion, ModuleActivation

KEY = "activation-version"
CHECK_EVERY = 1.0
SHARED_FOR = 3
REDIS_REST = 5.0
_LONG_AGO = float("-inf")


@dataclass(frozen=True, slots=True)
class LevelRow:
    """The level of one module in one unit, and until when closing acts may go on."""

    level: str
    since: datetime
    reason: str
    drain_until: datetime | None


Table = Mapping[tuple[int, str], LevelRow]


class _Memory(threading.local):
    """Per thread, so that no lock is held while the database is asked."""

    table: Table | None = None
    version: int = -1
    checked: float = _LONG_AGO
    redis_rests_until: float = 0.0


_memory = _Memory()


def _shared_version() -> int | None:
    now = time.monotonic()
    if now < _memory.redis_rests_until:
        return None
    try:
        found = caches["redis"].get(KEY)
    except Exception:  # any trouble of the cache means: ask the database
        _memory.redis_rests_until = now + REDIS_REST
        return None
    return found if isinstance(found, int) else None


def _share(version: int) -> None:
    now = time.monotonic()
    if now < _memory.redis_rests_until:
        return
    try:
        caches["redis"].set(KEY, version, SHARED_FOR)
    except Exception:  # the database stays the truth
        _memory.redis_rests_until = now + REDIS_REST


def version_stored() -> int:
    """Return the version of the levels as the database has it."""
    return ActivationVersion.objects.values_list("value", flat=True).filter(pk=1).first() or 0


def _load(version: int) -> None:
    rows = ModuleActivation.objects.values_list(
        "unit_id", "module", "level", "since", "reason", "drain_until"
    )
    _memory.table = {
        (unit, module): LevelRow(level, since, reason, drain)
        for unit, module, level, since, reason, drain in rows
    }
    _memory.version = version


def table() -> Table:
    """Return every level that was ever set, at most 5 s old; the last known when nothing answers.

    Raises DatabaseError only when no level was ever known to this thread.
    """
    now = time.monotonic()
    if _memory.table is not None and now - _memory.checked < CHECK_EVERY:
        return _memory.table
    try:
        version = _shared_version()
        if version is None:
            version = version_stored()
            if not connection.in_atomic_block:
                _share(version)
        if _memory.table is None or version != _memory.version:
            _load(version)
    except DatabaseError:
        if _memory.table is None:
            raise
    _memory.checked = now
    return _memory.table or {}


def changed() -> None:
    """The version counts one up with this transaction; caches learn of it after commit."""
    locked = ActivationVersion.objects.select_for_update(no_key=True)
    row, _created = locked.get_or_create(pk=1)
    row.value += 1
    row.save(update_fields=["value"])
    value = row.value

    def tell() -> None:
        _share(value)
        _memory.version, _memory.checked = -1, -CHECK_EVERY

    transaction.on_commit(tell)


def forget() -> None:
    """The next question of this thread asks anew."""
    _memory.checked, _memory.version, _memory.table = _LONG_AGO, -1, None
