"""Deadlocks and serialization failures are tried again, and nothing else is (SEC-C9)."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client

from core import retries
from core.models import Heartbeat
from core.retries import retried
from org import services
from org.models import Unit
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in


class Deadlock(psycopg2.OperationalError):
    pgcode = "40P01"


class Serialization(psycopg2.OperationalError):
    pgcode = "40001"


def wrapped(cause: Exception | None) -> OperationalError:
    error = OperationalError("trouble")
    error.__cause__ = cause
    return error


class Act:
    """Fails as often as told, then works."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.runs = 0

    def __call__(self) -> str:
        self.runs += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(retries.time, "sleep", slept.append)
    return slept


def test_it_is_tried_three_more_times_with_growing_pauses(pauses: list[float]) -> None:
    act = Act(wrapped(Deadlock()), wrapped(Serialization()), wrapped(Deadlock()))
    assert retried(act) == "done"
    assert act.runs == 4
    assert len(pauses) == 3
    for number, pause in enumerate(pauses, start=1):
        assert 0.5 <= pause / (retries.PAUSE_SECONDS * 2**number) <= 1.5


def test_the_fourth_failure_is_the_askers() -> None:
    act = Act(*[wrapped(Deadlock()) for _number in range(9)])
    with pytest.raises(OperationalError):
        retried(act)
    assert act.runs == 4


@pytest.mark.parametrize("error", [wrapped(None), IntegrityError("x"), ValueError("x")])
def test_other_errors_are_not_tried_again(error: Exception) -> None:
    act = Act(error)
    with pytest.raises(type(error)):
        retried(act)
    assert act.runs == 1


@pytest.mark.django_db
def test_part_of_a_transaction_is_not_tried_again() -> None:
    act = Act(wrapped(Deadlock()))
    with pytest.raises(OperationalError), transaction.atomic():
        retried(act)
    assert act.runs == 1


@pytest.mark.usefixtures("transactional_db")
def test_two_that_wait_for_each_other_both_end_well() -> None:
    for name in "ab":
        Heartbeat.objects.create(name=name, beat_at=STARTED)
    meet, runs, failures = threading.Barrier(2), [], []

    def change(first: str, second: str) -> None:
        with transaction.atomic():
            runs.append(first)
            Heartbeat.objects.select_for_update().get(pk=first)
            if runs.count(first) == 1:
                meet.wait(30)
            Heartbeat.objects.select_for_update().get(pk=second)

    def work(first: str, second: str) -> None:
        try:
            retried(lambda: change(first, second))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(runs) == 3


@pytest.mark.parametrize("key", ["", "key-1"])
@pytest.mark.parametrize("door", ["api", "page"])
def test_a_door_tries_again_and_does_it_once(
    committed_hospital: Hospital, monkeypatch: pytest.MonkeyPatch, door: str, key: str
) -> None:
    create: Callable[..., Any] = services.unit_create
    left = [wrapped(Deadlock()), wrapped(Serialization())]

    def unit_create(**given: Any) -> Any:
        made = create(**given)
        if left:
            with transaction.atomic():
                raise left.pop()
        return made

    # The whole service is undone and done anew, as the database would have it.
    monkeypatch.setattr(services, "unit_create", transaction.atomic(unit_create))
    client = Client()
    sign_in(client, committed_hospital.admin)
    body = {"code": "R1", "name": "Retried", "kind": "ward"}
    if door == "api":
        answer = client.post(
            "/api/v1/org/units/",
            body | {"parent": str(committed_hospital.root.public_id)},
            content_type="application/json",
            headers={"Idempotency-Key": key} if key else {},
        )
        assert answer.status_code == 201
    else:
        form = body | {"parent": str(committed_hospital.root.public_id), "beds": "0"}
        answer = client.post("/units/new/", form)
        assert answer.status_code == 303, answer.content.decode()
    assert left == []
    assert Unit.objects.filter(code="R1").count() == 1
