"""What the trail costs a request: the row of a look, the row of a write, the history of a row.

The same requests take turns with and without each of them, in this process, so that a noisy machine
disturbs all alike. Without means: the INSERT is not sent, the triggers of history are off.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any
from unittest import mock

from django.db import connections
from django.test import Client

from audit.models import AuditEvent
from bench.place import Place

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "100"))
WARM_UP = 5


def _no_look() -> AbstractContextManager[Any]:
    return mock.patch("hms.access_log.looks_store", return_value=None)


def _no_row() -> AbstractContextManager[Any]:
    return mock.patch.object(AuditEvent.objects, "create", return_value=None)


@contextmanager
def _no_history() -> Iterator[None]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE org_unit DISABLE TRIGGER USER")
    try:
        yield
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE org_unit ENABLE TRIGGER USER")


Without = Callable[[], AbstractContextManager[Any]]
LOOKS: dict[str, tuple[Without, ...]] = {"with its row": (nullcontext,), "without": (_no_look,)}
WRITES: dict[str, tuple[Without, ...]] = {
    "row and history": (nullcontext,),
    "history only": (_no_row,),
    "row only": (_no_history,),
    "neither": (_no_row, _no_history),
}


def measure(place: Place) -> None:
    """Print the medians and ratios of the section `trail`."""
    client = Client()
    client.force_login(place.admin, backend="org.backends.UsernameBackend")
    address = f"/api/v1/org/units/{place.root.public_id}/"
    numbers = iter(range(10**9))

    def look() -> int:
        return client.get(address).status_code

    def write() -> int:
        body = {"parent": str(place.root.public_id), "code": f"T{next(numbers)}"}
        body |= {"name": "New", "kind": "ward"}
        return client.post("/api/v1/org/units/", body, content_type="application/json").status_code

    _show("API: one unit", look, LOOKS)
    _show("API: create a unit", write, WRITES)


def _show(name: str, act: Callable[[], int], ways: dict[str, tuple[Without, ...]]) -> None:
    for _each in range(WARM_UP):
        if act() >= 400:
            raise SystemExit(f"{name} was refused")
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _each in range(ROUNDS):
        for way, without in ways.items():
            with ExitStack() as stack:
                for each in without:
                    stack.enter_context(each())
                started = time.perf_counter()
                act()
                times[way].append(time.perf_counter() - started)
    base = statistics.median(list(times.values())[-1])
    print(f"\n{name}, median of {ROUNDS}:")
    for way, found in times.items():
        median = statistics.median(found)
        print(f"  {way:16} {median * 1000:6.2f} ms  {median / base:5.2f}")
