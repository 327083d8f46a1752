"""Parts that hang instead of dying: stopped with SIGSTOP, asked from outside, and let go again."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from scripts.drill_facts import Finding
from scripts.drill_writers import Client, DrillError

LIVEZ_SECONDS, READYZ_SECONDS, SIGN_IN_SECONDS = 1.0, 5.0, 3.0
ASK_SECONDS = 15.0
OK, UNAVAILABLE = 200, 503
Rest = Callable[[float], None]


@dataclass
class Asked:
    """One question from outside: what came back and after how long; status 0 is no answer."""

    path: str
    port: int
    status: int = 0
    seconds: float = 0.0

    def ask(self) -> None:
        """The answer, or that there was none, is known."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ASK_SECONDS)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", self.path)
            self.status = connection.getresponse().status
        connection.close()
        self.seconds = time.monotonic() - began


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """The processes stand still inside the block. Raises DrillError when there are none."""
    if not pids:
        raise DrillError("There is no process to stop.")
    _send(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _send(pids, signal.SIGCONT)


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def database_hangs(pids: list[int], *, web: int, livez: int, rest: Rest) -> list[Finding]:
    """Ask for life and readiness at once and when every thread is stuck; return what was said."""
    life: list[Asked] = []
    ready: list[Asked] = []
    with stopped(pids):
        for pause in (6.0, 1.0):
            life.append(Asked("/livez", livez))
            ready += [Asked("/readyz", livez), Asked("/readyz", web)]
            _ask_all([life[-1], *ready[-2:]], rest)
            rest(pause)
    # Readiness counts where it is asked first: on the liveness port, which no worker can block.
    outside = [each for each in ready if each.port == livez]
    inside = [each for each in ready if each.port == web]
    return [
        _finding("liveness late while the database hangs", life, OK, LIVEZ_SECONDS),
        _finding(
            "readiness late while the database hangs",
            outside,
            UNAVAILABLE,
            READYZ_SECONDS,
            also=f"; from a worker {_times(inside)}",
        ),
    ]


def _ask_all(questions: list[Asked], rest: Rest) -> None:
    threads = [threading.Thread(target=each.ask, daemon=True) for each in questions]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        rest(0.1)


def _finding(
    promise: str, asked: list[Asked], status: int, seconds: float, also: str = ""
) -> Finding:
    kept = all(each.status == status and each.seconds <= seconds for each in asked)
    return Finding(promise, f"{_times(asked)} (at most {seconds:g} s){also}", kept)


def _times(asked: list[Asked]) -> str:
    return ", ".join(f"{each.status or 'nothing'} after {each.seconds:.2f} s" for each in asked)


def sign_in_seconds(port: int, username: str, password: str) -> float:
    """Return how long a new person's sign-in and first page took. Raises DrillError."""
    client = Client(port)
    began = time.monotonic()
    client.sign_in(username, password)
    client.parent_unit()
    return time.monotonic() - began


def sign_in_finding(how: str, usual: float, away: float) -> Finding:
    """Return whether signing in took longer than a short time-out while Valkey was gone."""
    detail = f"{usual:.2f} s usually, {away:.2f} s while Valkey {how}"
    return Finding(f"sign-in fails while Valkey {how}", detail, away <= usual + SIGN_IN_SECONDS)
