"""What each door costs as a multiple of a bare Django view, at two sizes.

Everything runs in this process, one request after the other, against a real PostgreSQL: CPU time of
the process (not of the database) and wall time are measured over rounds in which the doors take
turns, so that a noisy machine disturbs all of them alike. Counts of SQL statements are exact.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from bench.place import Place
from org.models import Unit

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "100"))
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
    yield Door("page: 50 units", get("/units/?kind=ward"))
    yield Door("page: 50 people", get("/people/"))
    yield Door("page: modules", get("/modules/"))
    yield Door("search dialog", get("/search/?q=ward"))


def measure(place: Place) -> list[Door]:
    """Return every door measured at one size."""
    found = list(doors(place.admin, place.root))
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


def show(small: list[Door], large: list[Door]) -> None:
    """Print one table; the growth column compares the sizes."""
    base = [statistics.median(doors_[0].cpu) for doors_ in (small, large)]
    print(f"\nOne request after the other, {ROUNDS} rounds. Cost: median CPU of the web process as")
    print("a multiple of the bare view, at both sizes; times in ms at the large size.")
    head = ("SQL", "small", "large", "growth", "p50", "p95", "p99")
    print(f"{'door':22} " + " ".join(f"{word:>7}" for word in head))
    for one, two in zip(small, large, strict=True):
        first, second = (
            statistics.median(d.cpu) / b for d, b in zip((one, two), base, strict=True)
        )
        cuts = [cut * 1000 for cut in statistics.quantiles(two.wall, n=100)]
        sql = f"{one.sql}" if one.sql == two.sql else f"{one.sql}/{two.sql}"
        print(
            f"{one.name:22} {sql:>7} {first:7.1f} {second:7.1f} {second / first:7.2f} "
            f"{cuts[49]:7.1f} {cuts[94]:7.1f} {cuts[98]:7.1f}"
        )
