"""No wait for the database lasts for ever, on open connections too (SEC-V3).

The server ends a slow statement itself (statement_timeout). A server that hangs, or a machine that
is gone, ends nothing: here the client waits no longer than `SILENCE`, closes the connection and
raises OperationalError. While this is installed psycopg2 takes no COPY; processes that need it
(the owner's: migrations, tools) do not install it.
"""

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import extensions

# A little more than statement_timeout (hms/settings.py): a slow statement is the server's to end.
SILENCE = 18.0
# A new connection, and the question whether a kept one still answers.
GREETING = 3.0
_OPEN = {extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED}
_EVENTS = {
    extensions.POLL_READ: select.POLLIN | select.POLLPRI,
    extensions.POLL_WRITE: select.POLLOUT,
}


class _Patience(threading.local):
    seconds: float | None = None


_patience = _Patience()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Inside the block this thread waits no longer than this for any one answer."""
    before, _patience.seconds = _patience.seconds, seconds
    try:
        yield
    finally:
        _patience.seconds = before


def install() -> None:
    """From now on every wait of this process for its database has an end."""
    extensions.set_wait_callback(wait)


def uninstall() -> None:
    """psycopg2 waits as it always does."""
    extensions.set_wait_callback(None)


def wait(connection: extensions.connection) -> None:
    """The connection has what it waited for. Raises OperationalError after too long a silence.

    psycopg2 closes the connection when this raises.
    """
    is_open = connection.status in _OPEN
    allowed = SILENCE if is_open else GREETING
    if _patience.seconds is not None:
        allowed = min(allowed, _patience.seconds)
    deadline = time.monotonic() + allowed
    while (state := connection.poll()) != extensions.POLL_OK:
        if not _has_come(connection.fileno(), state, deadline):
            raise psycopg2.OperationalError(f"no answer in {allowed:g} s")
        if is_open:
            # A long answer may take long to arrive as long as it arrives.
            deadline = time.monotonic() + allowed


def _has_come(descriptor: int, state: int, deadline: float) -> bool:
    if state not in _EVENTS:
        raise psycopg2.OperationalError(f"unexpected state {state} of the connection")
    # Not select(): its descriptors end at 1023.
    poller = select.poll()
    poller.register(descriptor, _EVENTS[state])
    return bool(poller.poll(max(0.0, deadline - time.monotonic()) * 1000))
