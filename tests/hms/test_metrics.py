"""Metrics: on the liveness port only, added up over workers, named by doors and never by people."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from core import clock, health
from hms import metrics, readiness
from tests.factories.org import Hospital
from tests.hms.test_gunicorn import _ask, _free_port, _until

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures(text: str) -> Figures:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted(found: Figures, name: str, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(
        value for (each, given), value in found.items() if each == name and wanted <= set(given)
    )


def told() -> Figures:
    return figures(metrics.told([]).decode())


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(metrics.KEY, "drawn-at-the-start")
    return "drawn-at-the-start"


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "wrong", "drawn-at-the-start "])
def test_the_public_port_has_no_such_page(key: str, given: str) -> None:
    answer = Client().get("/metrics", headers={metrics.HEADER: given} if given else {})
    assert answer.status_code == 404
    assert b"hms_" not in answer.content


@pytest.mark.django_db
def test_without_a_key_of_this_start_nobody_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(metrics.KEY, raising=False)
    assert Client().get("/metrics", headers={metrics.HEADER: ""}).status_code == 404


@pytest.mark.usefixtures("transactional_db")
def test_parts_stand_there_as_numbers(key: str) -> None:
    health.beat("worker", at=clock.now())
    answer = Client().get("/metrics", headers={metrics.HEADER: key})
    assert answer.status_code == 200
    found = figures(answer.content.decode())
    assert counted(found, "hms_part_state", part="worker") == 0
    assert counted(found, "hms_part_state", part="relay") == 1
    names = {name for name, _labels in found}
    assert names >= {
        *("hms_outbox_seconds", "hms_outbox_waiting", "hms_deliveries_failed"),
        *("hms_sealing_unsealed_seconds", "hms_database_sessions", "hms_looks_bytes"),
        *("hms_disk_gigabytes", "hms_clock_seconds", "hms_worker_seconds"),
    }


def test_requests_are_counted_by_door_and_class_of_status(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    person = hospital.person("nurse")
    before, client = told(), as_role("auditor")
    client.get(f"/people/{person.public_id}/?q=Smith")
    client.get("/people/00000000-0000-0000-0000-000000000000/")
    Client().generic("BREW", "/units/")
    after = told()

    def more(**labels: str) -> float:
        name = "hms_requests_total"
        return counted(after, name, **labels) - counted(before, name, **labels)

    assert more(door="org:person", method="GET", status="2xx") == 1
    assert more(door="org:person", method="GET", status="4xx") == 1
    assert more(method="other") == 1
    seconds = "hms_request_seconds_count"
    assert counted(after, seconds, door="org:person") > counted(before, seconds, door="org:person")
    text = metrics.told([]).decode()
    assert str(person.public_id) not in text
    assert person.family_name not in text
    assert "Smith" not in text


def test_labels_are_names_of_doors_tasks_and_parts_only() -> None:
    metrics.request_answered("", "GET", 404, 0.01)
    for name, labels in told():
        assert name.startswith("hms_")
        assert {key for key, _value in labels} <= {
            "door",
            "method",
            "status",
            "task",
            "outcome",
            "le",
        }


def test_tasks_are_counted_by_how_they_ended() -> None:
    from hms import celery

    before = told()
    task = type("T", (), {"name": "hms.tasks.heartbeat"})
    celery.count_task(task=task, state="FAILURE")
    labels = {"task": "hms.tasks.heartbeat", "outcome": "failure"}
    name = "hms_tasks_total"
    assert counted(told(), name, **labels) == counted(before, name, **labels) + 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_connections_are_counted_also_those_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    before, name = told(), "hms_database_connections_total"
    connection.close()
    connection.ensure_connection()
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "PORT", "1")
        with pytest.raises(Exception, match="refused"):
            connection.ensure_connection()
    after = told()
    assert counted(after, name, outcome="opened") == counted(before, name, outcome="opened") + 1
    assert counted(after, name, outcome="failed") == counted(before, name, outcome="failed") + 1


# A real server -------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[tuple[str, int], tuple[str, int], int]]:
    web, livez = ("127.0.0.1", _free_port()), ("127.0.0.1", _free_port())
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "hms/gunicorn.py", "hms.wsgi:application"],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "PORT": str(web[1]),
            "LIVEZ_PORT": str(livez[1]),
            "WEB_CONCURRENCY": "2",
            "HMS_VAR": str(tmp_path),
        },
        stderr=subprocess.DEVNULL,
    )
    yield web, livez, process.pid
    process.terminate()
    assert process.wait(timeout=20) == 0


def _workers(master: int) -> list[int]:
    children = Path(f"/proc/{master}/task/{master}/children").read_text()
    return [int(pid) for pid in children.split()]


@pytest.mark.enable_socket
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_counters_add_up_over_workers_and_go_on_when_one_is_killed(
    server: tuple[tuple[str, int], tuple[str, int], int], tmp_path: Path
) -> None:
    web, livez, master = server
    _until(lambda: _ask(web, "GET", "/livez")[0] == 200)

    def asked() -> float:
        status, body = _ask(livez, "GET", "/metrics", seconds=15)
        assert status == 200
        return counted(figures(body.decode()), "hms_requests_total", door="none")

    before = asked()
    for _number in range(40):
        _ask(web, "GET", "/no-such-page")
    assert asked() == before + 40
    for pid in _workers(master):
        os.kill(pid, signal.SIGKILL)
    _until(lambda: _ask(web, "GET", "/livez")[0] == 200)
    _until(lambda: len(_workers(master)) == 2)
    for _number in range(10):
        _until(lambda: _ask(web, "GET", "/no-such-page")[0] > 0)
    assert asked() == before + 50
    places = {re.sub(r".*_|\.db", "", path.name) for path in (tmp_path / "metrics").iterdir()}
    assert places <= {"web-0", "web-1"}
    status, body = _ask(web, "GET", "/metrics")
    assert status != 200
    assert b"hms_requests" not in body


@pytest.mark.enable_socket
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_the_start_is_over_once_people_could_work(
    server: tuple[tuple[str, int], tuple[str, int], int],
) -> None:
    """The database that this server finds has no tables: it never starts, and says why."""
    web, livez, _master = server
    _until(lambda: _ask(web, "GET", "/livez")[0] == 200)
    status, body = _ask(livez, "GET", "/startupz", seconds=15)
    assert status == 503
    assert b'"migrations"' in body or b'"database"' in body


def test_a_start_that_succeeded_once_has_succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    from hms import gunicorn

    answers = [(b"503 x", b"", b"{}"), (b"200 OK", b"", b"{}"), (b"503 x", b"", b"{}")]
    monkeypatch.setattr(gunicorn, "_of_worker", lambda _path: answers.pop(0))
    monkeypatch.setattr(gunicorn._Life, "has_started", False)
    found = [gunicorn._answer(b"GET", b"/startupz").split(b"\r\n")[0] for _number in range(3)]
    assert found == [b"HTTP/1.1 503 x", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK"]


def test_a_hanging_part_does_not_hide_the_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    down = [health.Sign("database", "down", "x", {"error": "no"}, "no_answer")]
    monkeypatch.setattr(readiness, "signs", lambda: down)
    found = figures(metrics.told(readiness.signs()).decode())
    assert counted(found, "hms_part_state", part="database") == 2
