"""The open-loop load test: a mix of doors at a constant rate, and the bare view at the same."""

import itertools
import json
import os
import random
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.test import Client

from bench import client, web
from bench.client import Answer, Ask
from bench.place import Place

RATE = float(os.environ.get("BENCH_RATE", "20"))
SECONDS = min(float(os.environ.get("BENCH_SECONDS", "20")), 120.0)
WARM_UP = 40
STARTS = 3
CSRF = "b" * 32
# Of 100 requests so many go to each door.
SHARES = {
    "API: me": 20,
    "API: one unit": 15,
    "API: 50 units": 10,
    "API: create a unit": 5,
    "page: home": 15,
    "page: 50 units": 10,
    "page: 50 people": 10,
    "page: modules": 5,
    "search dialog": 10,
}


@dataclass
class Load:
    """What one size showed."""

    bare: list[Answer]
    doors: dict[str, list[Answer]]
    bare_cpu: float
    mix_cpu: float
    memory: list[float]
    starts: list[float]


def cookie_of(place: Place) -> str:
    """Return the cookies of a new session of the administrator."""
    signed_in = Client()
    signed_in.force_login(place.admin, backend="org.backends.UsernameBackend")
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={signed_in.cookies[name].value}; {settings.CSRF_COOKIE_NAME}={CSRF}"


def _asks(place: Place, headers: dict[str, str]) -> dict[str, Iterator[Ask]]:
    top = str(place.root.public_id)
    paths = {
        "API: me": "/api/v1/org/me/",
        "API: one unit": f"/api/v1/org/units/{top}/",
        "API: 50 units": "/api/v1/org/units/",
        "page: home": "/",
        "page: 50 units": "/units/?kind=ward",
        "page: 50 people": "/people/",
        "page: modules": "/modules/",
        "search dialog": "/search/?q=ward",
    }
    found: dict[str, Iterator[Ask]] = {
        name: itertools.repeat(Ask(name, path, headers=headers)) for name, path in paths.items()
    }
    return found | {"API: create a unit": _creations(top, headers)}


def _creations(top: str, headers: dict[str, str]) -> Iterator[Ask]:
    own = headers | {"Content-Type": "application/json", "X-CSRFToken": CSRF}
    for number in itertools.count():
        unit = {"parent": top, "code": f"L{number}", "name": "New", "kind": "office"}
        body = json.dumps(unit).encode()
        yield Ask("API: create a unit", "/api/v1/org/units/", "POST", body, own)


def _mix(place: Place) -> Iterator[Ask]:
    asks = _asks(place, {"Cookie": cookie_of(place), "Accept-Encoding": "gzip"})
    return _drawn(asks, random.Random(1))


def _drawn(asks: dict[str, Iterator[Ask]], dice: random.Random) -> Iterator[Ask]:
    names = list(SHARES)
    while True:
        yield next(asks[dice.choices(names, list(SHARES.values()))[0]])


def _under_load(server: web.Web, asks: Iterator[Ask]) -> tuple[list[Answer], float]:
    """Return the answers, and the processor time of the workers for each request."""
    client.arrive(server.port, asks, rate=RATE, count=WARM_UP)
    before, count = server.cpu_seconds(), int(RATE * SECONDS)
    answers = client.arrive(server.port, asks, rate=RATE, count=count)
    return answers, (server.cpu_seconds() - before) / count


def measure(place: Place) -> Load:
    """Return what the real web server did under the mix, and the bare view in the same run."""
    env = web.environment(place)
    web.collect(env)
    path = f"/bare/{place.root.pk}/"
    with web.serving(env, path=path, settings="bench.bare_settings") as server:
        bare, bare_cpu = _under_load(server, itertools.repeat(Ask("bare view", path)))
    starts = []
    for _number in range(STARTS - 1):
        with web.serving(env, path="/sign-in/") as server:
            starts.append(server.started_in)
    with web.serving(env, path="/sign-in/") as server:
        starts.append(server.started_in)
        answers, mix_cpu = _under_load(server, _mix(place))
        memory = server.memory_mib()
    doors: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        doors[answer.name].append(answer)
    return Load(bare, doors, bare_cpu, mix_cpu, memory, starts)


def percentiles(answers: list[Answer]) -> tuple[float, float, float]:
    """Return p50, p95 and p99 in milliseconds, from the intended start."""
    cuts = statistics.quantiles([each.seconds * 1000 for each in answers], n=100)
    return cuts[49], cuts[94], cuts[98]


def show(small: Load, large: Load) -> None:
    """Print both sizes."""
    print(f"\nOpen loop: {RATE:g} requests a second for {SECONDS:g} s, times from intended start")
    print(f"{'door':22} {'n':>5} {'errors':>6} {'p50':>7} {'p95':>7} {'p99':>7} {'growth':>7}")
    rows = [("bare view", small.bare, large.bare)]
    rows += [(name, small.doors[name], large.doors[name]) for name in SHARES]
    everything = [[a for b in load.doors.values() for a in b] for load in (small, large)]
    rows.append(("all doors", *everything))
    for name, one, two in rows:
        if min(len(one), len(two)) < 2:
            continue
        errors = sum(each.is_error for each in (*one, *two))
        p50, p95, p99 = percentiles(two)
        growth = p50 / percentiles(one)[0]
        count = len(two)
        print(f"{name:22} {count:5} {errors:6} {p50:7.1f} {p95:7.1f} {p99:7.1f} {growth:7.2f}")
    for size, load in (("small", small), ("large", large)):
        if load.bare_cpu and load.mix_cpu:
            ratio = load.mix_cpu / load.bare_cpu
            print(
                f"{size}: CPU of a worker per request {load.mix_cpu * 1000:.1f} ms, "
                f"{ratio:.1f} times the bare view"
            )
        memory = ", ".join(f"{mib:.0f}" for mib in load.memory) or "not known here"
        print(f"{size}: memory of each worker after the load {memory} MiB")
        print(f"{size}: start to first page {min(load.starts):.1f} s (best of {STARTS})")
