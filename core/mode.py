"""Whether the whole system takes anything new (SEC-V6): one row, and what the database says itself.

Pages ask `state()`, which remembers for a second; whatever writes asks the row anew by `check()`.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import Invalid, ServiceError
from core.models import SystemMode

FRESH_FOR = 1.0
SOONEST, LATEST, USUAL = 30, 3600, 120
REASON_AT_MOST = 300


@dataclass(frozen=True, slots=True)
class State:
    """Whether everything is read-only: by the switch, or because the database takes no writes."""

    is_switched: bool = False
    is_database: bool = False
    reason: str = ""
    since: datetime | None = None
    expected_until: datetime | None = None
    by_user: int | None = None

    @property
    def is_read_only(self) -> bool:
        return self.is_switched or self.is_database


class ReadOnly(ServiceError):
    """The whole system takes nothing new."""

    code = "read_only"
    status = 503
    message = _(
        "The whole system is read-only at the moment. Nothing was saved. Reading and printing "
        "work; write on the paper forms of your unit."
    )


OPEN = State()
_LONG_AGO = float("-inf")


class _Memory:
    """Per process: (when it was asked, what it was), put in place in one step."""

    known: tuple[float, State] = (_LONG_AGO, OPEN)


_SQL = """
    SELECT current_setting('transaction_read_only') = 'on', coalesce(mode.is_read_only, false),
           coalesce(mode.reason, ''), mode.since, mode.expected_until, mode.by_user
    FROM (SELECT 1) AS one LEFT JOIN core_systemmode mode ON true
"""


def stored() -> State:
    """Return the mode as the database has it now. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        is_database, is_switched, reason, since, until, by_user = cursor.fetchone()
    if not is_switched:
        return State(is_database=is_database)
    return State(True, is_database, reason, since, until, by_user)


def state() -> State:
    """Return the mode, at most a second old; the last known while the database is away."""
    asked, known = _Memory.known
    now = time.monotonic()
    if now - asked < FRESH_FOR:
        return known
    try:
        known = stored()
    except DatabaseError:
        return known
    _Memory.known = (now, known)
    return known


def forget() -> None:
    """The next question of this process asks anew."""
    _Memory.known = (_LONG_AGO, _Memory.known[1])


def reset() -> None:
    """This process knows nothing of the mode any more: each test begins like this."""
    _Memory.known = (_LONG_AGO, OPEN)


def check() -> None:
    """Return when something new may be written. Raises ReadOnly, by the row as it is now."""
    found = stored()
    if found.is_read_only:
        _Memory.known = (time.monotonic(), found)
        raise refusal(found)


def refusal(found: State) -> ReadOnly:
    """Return the refusal that says since when, until when and why."""
    extra: dict[str, Any] = {"retry_after": _retry_after(found)}
    if found.since:
        extra["since"] = found.since.isoformat()
    if found.expected_until:
        extra["expected_until"] = found.expected_until.isoformat()
    return ReadOnly(**extra)


def _retry_after(found: State) -> int:
    if found.expected_until is None:
        return USUAL
    left = int((found.expected_until - clock.now()).total_seconds())
    return max(SOONEST, min(LATEST, left))


@transaction.atomic
def turn(
    *,
    on: bool,
    reason: str,
    at: datetime,
    by: int | None,
    expected_until: datetime | None = None,
) -> tuple[State, State]:
    """The whole system is read-only, or open again; returns the state before and after.

    Waiting acts go by the row they read: what began before may still end. Raises Invalid.
    """
    if on and not reason.strip():
        raise Invalid(_("Say why the system takes nothing new."), field="reason")
    if len(reason) > REASON_AT_MOST:
        raise Invalid(_("At most 300 characters."), field="reason")
    if on and expected_until is not None and expected_until <= at:
        raise Invalid(_("This time has passed."), field="expected_until")
    SystemMode.objects.get_or_create(pk=1, defaults={"since": at})
    row = SystemMode.objects.select_for_update().get(pk=1)
    before = _shown(row)
    row.since = row.since if row.is_read_only and on else at
    row.is_read_only, row.reason, row.by_user = on, reason.strip(), by
    row.expected_until = expected_until if on else None
    row.save()
    transaction.on_commit(forget)
    return before, _shown(row)


def _shown(row: SystemMode) -> State:
    return State(row.is_read_only, False, row.reason, row.since, row.expected_until, row.by_user)
