"""Redis away: people work on. Database away or hanging: an answer in time (SEC-V1, SEC-V3)."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django import DjangoDbBlocker

from core import limits
from hms import readiness
from hms.database import waits
from org import levels
from org.models import Unit
from tests.factories.org import PASSWORD, Hospital
from tests.factories.sessions import sign_in
from tests.fixtures.deeds import DEEDS, World, clients, entrance, some

pytestmark = pytest.mark.enable_socket
CLOSED_PORT = 1


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.fixture(params=["dead", "hanging"])
def port(request: pytest.FixtureRequest, silent_port: int) -> int:
    return CLOSED_PORT if request.param == "dead" else silent_port


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    return act(), time.monotonic() - began


# Redis --------------------------------------------------------------------------------------


@pytest.fixture
def redis_away(settings: Any, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    redis_at(settings, port, monkeypatch)


@pytest.fixture
def redis_dead(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    redis_at(settings, CLOSED_PORT, monkeypatch)


def redis_at(settings: Any, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = settings.CACHES["redis"] | {"LOCATION": f"redis://127.0.0.1:{port}/0"}
    settings.CACHES = settings.CACHES | {"redis": elsewhere}
    levels.forget()
    monkeypatch.setattr(levels._memory, "redis_rests_until", 0.0)
    monkeypatch.setattr(limits._Redis, "rests_until", 0.0)


@pytest.mark.usefixtures("redis_away")
def test_signing_in_reading_and_writing_go_on_without_redis(hospital: Hospital) -> None:
    client = Client()
    form = {"username": "admin", "password": PASSWORD}
    answer, sign_in = timed(lambda: client.post("/sign-in/", form))
    assert answer.status_code == 302
    page, reading = timed(lambda: client.get("/units/"))
    assert page.status_code == 200
    body = {"parent": str(hospital.root.public_id), "code": "V1", "name": "V1", "kind": "ward"}
    made, writing = timed(
        lambda: client.post("/api/v1/org/units/", body, content_type="application/json")
    )
    assert made.status_code == 201
    assert Unit.objects.filter(code="V1").exists()
    # Each meets a hanging Redis at most twice, half a second each.
    assert max(sign_in, reading, writing) < 4


@pytest.mark.usefixtures("redis_dead")
@pytest.mark.parametrize("name", sorted({*some(DEEDS, 4), *entrance.DEEDS, *clients.DEEDS}))
def test_every_writing_door_works_without_redis(name: str, hospital: Hospital) -> None:
    """Codes, passwords, apps and tokens as well: brakes are counted in each process meanwhile."""
    world = World(hospital)
    answer = world.send(DEEDS[name](world))
    assert answer.status_code < 400, answer.content[:2000]


@pytest.mark.usefixtures("redis_away")
def test_a_hanging_redis_is_left_alone_for_a_while(hospital: Hospital) -> None:
    client = Client()
    sign_in(client, hospital.admin)
    client.get("/api/v1/org/units/")
    answers, seconds = timed(lambda: [client.get("/api/v1/org/units/") for _number in range(5)])
    assert {answer.status_code for answer in answers} == {200}
    assert seconds < 2


@pytest.mark.usefixtures("transactional_db", "redis_away")
def test_readiness_says_degraded_without_redis() -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["redis"]["status"] == "degraded"
    assert answer.json()["checks"]["database"]["status"] == "ok"


# The database -------------------------------------------------------------------------------


@pytest.fixture
def bounded_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(waits, "GREETING", 0.5)
    monkeypatch.setattr(waits, "SILENCE", 1.0)
    monkeypatch.setattr(readiness, "DEADLINE", 1.0)
    monkeypatch.setattr(readiness, "probe", readiness.Probe())
    waits.install()
    yield
    waits.uninstall()


@pytest.fixture
def database_away(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, bounded_waits: None, port: int
) -> Iterator[None]:
    """The address of the database is that of nobody, or of somebody who says nothing."""
    config = connections.settings["default"]
    before = {name: config[name] for name in ("HOST", "PORT")}
    with django_db_blocker.unblock():
        connections["default"].close()
        config.update(HOST="127.0.0.1", PORT=port)
        yield
        connections["default"].close()
        config.update(before)


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize("cookie", ["", "x" * 32])
def test_people_get_the_page_for_it(cookie: str) -> None:
    client = Client(raise_request_exception=False)
    if cookie:
        client.cookies["hms_session"] = cookie
    answer, seconds = timed(lambda: client.get("/sign-in/"))
    page = answer.content.decode()
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert 'class="hms-plain' in page
    assert page.count("<h1>") == 1
    assert seconds < 6


@pytest.mark.usefixtures("database_away")
def test_programs_get_problem_details() -> None:
    client = Client(raise_request_exception=False)
    client.cookies["hms_session"] = "x" * 32
    answer, seconds = timed(lambda: client.get("/api/v1/org/me/"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Content-Type"] == "application/problem+json"
    assert int(answer["Retry-After"]) > 0
    assert seconds < 6


@pytest.mark.usefixtures("database_away")
def test_readiness_says_down_in_time() -> None:
    answer, seconds = timed(lambda: Client().get("/readyz"))
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert answer.json()["checks"]["database"]["status"] == "down"
    assert answer.json()["checks"]["redis"]["status"] == "ok"
    assert seconds < 4


def test_one_probe_asks_for_all(bounded_waits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    held, asked = threading.Event(), []

    def hangs() -> readiness.Signs:
        asked.append(threading.get_ident())
        held.wait(30)
        return []

    monkeypatch.setattr(readiness, "of_database", hangs)
    before = threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        verdicts = [
            future.result() for future in [pool.submit(readiness.signs) for _number in range(8)]
        ]
    later, seconds = timed(readiness.signs)
    assert {signs[0].state for signs in [*verdicts, later]} == {"down"}
    assert len(asked) == 1
    assert threading.active_count() == before + 1
    assert seconds < 1  # the deadline is the probe's, not the asker's
    held.set()


def test_a_probe_that_breaks_is_no_health(
    bounded_waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks() -> readiness.Signs:
        raise ZeroDivisionError

    monkeypatch.setattr(readiness, "of_database", breaks)
    first = readiness.signs()[0]
    assert (first.name, first.state, first.code) == ("database", "down", "cannot_ask")
    assert first.detail == "It cannot be asked (ZeroDivisionError)."
