"""`make bench`: what each door costs as a multiple of a bare Django view, at two sizes.

Everything runs in this process, one request after the other, against a real PostgreSQL: CPU time of
the process (not of the database) and wall time are measured over rounds in which the doors take
turns, so that a noisy machine disturbs all of them alike. Counts of SQL statements are exact.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, connections
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases

from bench import data
from core import clock
from org import levels
from org.models import Unit

SIZES = {"small": (60, 1_000), "large": (300, 12_000)}
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "60"))
WARM_UP = 5


@dataclass
class Door:
    """One address under the clock."""

    name: str
    call: Callable[[], int]
    sql: int = 0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def doors(admin: object, unit: Unit) -> Iterator[Door]:
    """The yardstick first, then the doors of the house."""
    with override_settings(MIDDLEWARE=[], ROOT_URLCONF="bench.bare"):
        bare = Client()
        bare.get(f"/bare/{unit.pk}/")

    def yardstick() -> int:
        with override_settings(ROOT_URLCONF="bench.bare"):
            return bare.get(f"/bare/{unit.pk}/").status_code

    yield Door("bare view, one row", yardstick)
    client = Client()
    client.force_login(admin, backend="org.backends.UsernameBackend")  # type: ignore[arg-type]
    numbers = iter(range(10**9))

    def get(address: str) -> Callable[[], int]:
        return lambda: client.get(address).status_code

    def post() -> int:
        return client.post(
            "/api/v1/org/units/",
            {
                "parent": str(unit.public_id),
                "code": f"N{next(numbers)}",
                "name": "New",
                "kind": "ward",
            },
            content_type="application/json",
        ).status_code

    yield Door("livez", get("/livez"))
    yield Door("API: me", get("/api/v1/org/me/"))
    yield Door("API: one unit", get(f"/api/v1/org/units/{unit.public_id}/"))
    yield Door("API: 50 units", get("/api/v1/org/units/"))
    yield Door("API: units by name", get("/api/v1/org/units/?search=0042"))
    yield Door("API: create a unit", post)
    yield Door("page: home", get("/"))
    yield Door("page: 50 units", get("/units/"))
    yield Door("page: 50 people", get("/people/"))
    yield Door("page: modules", get("/modules/"))
    yield Door("search dialog", get("/search/?q=ward"))


@contextmanager
def database() -> Iterator[None]:
    """A database of its own, made and dropped."""
    made = setup_databases(verbosity=0, interactive=False, aliases=["default", "owner"])
    try:
        yield
    finally:
        connections.close_all()
        teardown_databases(made, verbosity=0)


def measure(size: str) -> list[Door]:
    """Return every door measured at one size."""
    units, people = SIZES[size]
    with database():
        admin = data.load(units=units, people=people, at=clock.now())
        levels.forget()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")
        unit = Unit.objects.get(parent=None)
        found = list(doors(admin, unit))
        for door in found:
            for _ in range(WARM_UP):
                status = door.call()
            if status >= 400:
                raise SystemExit(f"{door.name} answered {status}")
            with CaptureQueriesContext(connection) as seen:
                door.call()
            door.sql = sum("SAVEPOINT" not in query["sql"] for query in seen.captured_queries)
        for _ in range(ROUNDS):
            for door in found:
                wall, cpu = time.perf_counter(), time.process_time()
                door.call()
                door.cpu.append(time.process_time() - cpu)
                door.wall.append(time.perf_counter() - wall)
    return found


def main() -> int:
    """Print one table; the growth column compares the sizes."""
    small, large = (measure(size) for size in SIZES)
    base = {id(doors_): statistics.median(doors_[0].cpu) for doors_ in (small, large)}
    print(f"{ROUNDS} rounds; cost = median CPU of the web process as a multiple of the bare view")
    print(f"sizes: {SIZES}")
    print(f"{'door':22} {'SQL':>5} {'small':>7} {'large':>7} {'growth':>7} {'p95 ms':>8}")
    for one, two in zip(small, large, strict=True):
        first = statistics.median(one.cpu) / base[id(small)]
        second = statistics.median(two.cpu) / base[id(large)]
        p95 = statistics.quantiles(two.wall, n=20)[-1] * 1000
        sql = f"{one.sql}" if one.sql == two.sql else f"{one.sql}/{two.sql}"
        print(f"{one.name:22} {sql:>5} {first:7.1f} {second:7.1f} {second / first:7.2f} {p95:8.1f}")
    return 0
