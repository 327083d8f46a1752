"""Two transactions that stood in each other's way: one of them tries again (SEC-C9)."""

import logging
import random
import time
from collections.abc import Callable

from django.db import DatabaseError, connection

from core.redaction import sqlstate

TRIES = 3
PAUSE_SECONDS = 0.03
SERIALIZATION_FAILURE, DEADLOCK = "40001", "40P01"
_WORTH_IT = frozenset({SERIALIZATION_FAILURE, DEADLOCK})
log = logging.getLogger("hms.retries")


def retried[T](act: Callable[[], T]) -> T:
    """Return what `act` returns, running it again (with jitter) when the database undid it.

    `act` must do nothing outside this database: it may run up to three times after its first. In a
    transaction of the caller it runs once, for only the whole of that could be repeated.
    Raises whatever `act` raises the last time.
    """
    if connection.in_atomic_block:
        return act()
    for attempt in range(1, TRIES + 1):
        try:
            return act()
        except DatabaseError as error:
            code = sqlstate(error)
            if code not in _WORTH_IT:
                raise
            log.warning("retried", extra={"sqlstate": code, "attempt": attempt})
        time.sleep(random.uniform(0.5, 1.5) * PAUSE_SECONDS * 2**attempt)  # noqa: S311
    return act()
