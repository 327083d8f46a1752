"""One id from the page to its line, the trail, the outbox, the handler and the task (SEC-O9)."""

import json
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from celery import Celery
from celery.worker.request import Request
from django.test import Client
from kombu import Connection

from audit.models import AuditEvent, VerifyRun
from core import backups, clock, context
from core.models import Event
from hms.celery import app
from hms.tasks import drain
from tests.factories.org import Hospital
from tests.fixtures.log_lines import log_of_production

Lines = Callable[..., list[dict[str, Any]]]
SEND = Celery.send_task
# As the worker does at its start.
app.loader.import_default_modules()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Return the lines of the log that say the request."""
    with log_of_production() as text:
        yield lambda request_id: [
            line
            for line in map(json.loads, text().splitlines())
            if line.get("request_id") == request_id
        ]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """Messages stay in the memory of this process."""
    with Connection("memory://") as connection:

        def send(self: Celery, *args: Any, **named: Any) -> object:
            return SEND(self, *args, **named, connection=connection)

        monkeypatch.setattr(Celery, "send_task", send)
        yield connection
        connection.default_channel.queue_purge("celery")


def work_off(broker: Connection) -> int:
    """Do what a worker does with each message that waits; return how many there were."""
    queue = broker.SimpleQueue("celery")
    done = 0
    while queue.qsize():
        message = queue.get_nowait()
        request = Request(message, app=app, decoded=False, task=app.tasks[message.headers["task"]])
        copy_context().run(request.execute)
        message.ack()
        done += 1
    queue.close()
    return done


def unit_made(client: Client, hospital: Hospital, **headers: str) -> str:
    form = {"parent": str(hospital.root.public_id), "code": "W9", "name": "Nine", "kind": "ward"}
    answer = client.post("/units/new/", form, headers=headers)
    assert answer.status_code in {302, 303}
    return str(answer["X-Request-Id"])


def test_what_a_page_did_is_found_by_its_id_everywhere(
    as_role: Callable[[str], Client], hospital: Hospital, lines: Lines
) -> None:
    client = as_role("system_administrator")
    drain()
    request_id = unit_made(client, hospital)
    [request] = [line for line in lines(request_id) if line["event"] == "request"]
    assert request["route"] == "units/new/"
    [act] = AuditEvent.objects.filter(request_id=request_id)
    assert (act.act, act.door) == ("unit_create", "org:unit-new")
    [fact] = Event.objects.filter(request_id=request_id)
    assert fact.name == "org.UnitCreated"
    assert drain() == 1
    [handled] = [line for line in lines(request_id) if line["event"] == "delivered"]
    assert (handled["handler"], handled["fact"]) == ("org.arrival_note", "org.UnitCreated")


def test_what_a_handler_broke_says_for_which_request(
    as_role: Callable[[str], Client],
    hospital: Hospital,
    lines: Lines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = as_role("system_administrator")
    drain()
    request_id = unit_made(client, hospital, **{"X-Request-Id": "from-the-proxy-1"})
    assert request_id == "from-the-proxy-1"
    monkeypatch.setattr("org.services.arrival_record", lambda **_named: 1 / 0)
    drain()
    [broken] = [line for line in lines(request_id) if line["event"] == "delivery_failed"]
    assert broken["level"] == "error"


def test_a_task_that_a_handler_started_is_of_the_same_request(
    as_role: Callable[[str], Client], lines: Lines, broker: Connection
) -> None:
    client = as_role("system_administrator")
    drain()
    before = VerifyRun.objects.count()
    answer = client.post("/audit/seals/check/")
    assert answer.status_code in {302, 303}
    request_id = answer["X-Request-Id"]
    drain()
    assert work_off(broker) == 1
    assert VerifyRun.objects.count() == before + 1
    events = [line["event"] for line in lines(request_id)]
    assert {"request", "delivered"} <= set(events)
    assert [each for each in events if each.startswith("Task audit.tasks.verify_due[")]


@pytest.mark.django_db
def test_a_task_that_nobody_asked_for_is_named_by_its_run(lines: Lines, broker: Connection) -> None:
    with context.asking(request_id=""):
        sent = app.send_task("hms.tasks.keys_purge")
    assert work_off(broker) == 1
    assert [line for line in lines(sent.id) if "hms.tasks.keys_purge" in line["event"]]


@pytest.mark.django_db
def test_what_a_task_does_stands_on_the_trail_with_the_request_that_sent_it(
    broker: Connection,
) -> None:
    backups.watch_note(at=clock.now(), problem="")
    with context.asking(request_id="page-7"):
        app.send_task("hms.tasks.drill_due")
    assert work_off(broker) == 1
    [act] = AuditEvent.objects.filter(request_id="page-7")
    assert (act.act, act.door, act.source) == ("backup_drill_ask", "hms.tasks.drill_due", "task")
