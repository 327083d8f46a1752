"""What goes wrong in the system is work for somebody, once, until it is right again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock, events
from core.health import Sign
from core.models import Delivery
from hms import exceptions
from org.models import Assignment
from org.services import assignment_end
from patients.models import DuplicatePair, Patient
from tests.factories import org as people
from tests.factories import patients, tasks
from tests.factories.org import STARTED, Hospital
from worklist import services
from worklist.models import Task

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LampLit:
    lamp_id: int


class Handler:
    """Fails until it is told to work."""

    is_broken = True

    def __call__(self, fact: Any) -> None:
        if self.is_broken:
            raise ValueError("no lamp")


@pytest.fixture
def lamp(monkeypatch: pytest.MonkeyPatch) -> Handler:
    handler = Handler()

    def table(name: str) -> events.Subscribed:
        return (("org.lamp", handler),) if name.endswith("LampLit") else ()

    monkeypatch.setattr(events, "handlers_of", lambda: table)
    # What the hospital announced while it was made.
    Delivery.objects.update(state="done", done_at=STARTED)
    return handler


def given_up(at: datetime) -> datetime:
    """The fact has failed five times; return when."""
    events.publish(LampLit(1), at=at)
    for _each in range(events.TRIES):
        at += timedelta(minutes=2)
        assert events.deliver_next(at=at) is not None
    return at


def kinds() -> list[tuple[str, str]]:
    return list(Task.objects.order_by("id").values_list("kind", "state"))


@pytest.fixture(autouse=True)
def _backups_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.backups.sign", lambda **_at: Sign("backup", "ok"))


def test_a_fact_that_was_given_up_is_a_task_once(hospital: Hospital, lamp: Handler) -> None:
    at = given_up(clock.now())
    assert exceptions.settle(at=at) == (1, 0)
    assert exceptions.settle(at=at + HOUR) == (0, 0)
    row = Task.objects.get()
    assert (row.kind, row.role, row.unit_id) == (
        "failed_fact",
        "system_administrator",
        hospital.root.pk,
    )
    assert row.times == 1


def test_the_task_ends_when_the_fact_has_arrived_and_not_before(
    hospital: Hospital, lamp: Handler
) -> None:
    at = given_up(clock.now())
    exceptions.settle(at=at)
    failed = events.failed(limit=1)[0].delivery_id
    assert events.delivery_retry(failed, at=at)
    assert exceptions.settle(at=at) == (0, 0)
    lamp.is_broken = False
    events.deliver_next(at=at)
    assert exceptions.settle(at=at + HOUR) == (0, 1)
    assert kinds() == [("failed_fact", "cancelled")]


def test_an_overdue_backup_is_a_task(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Sign("backup", "degraded", "", {}, "overdue")
    monkeypatch.setattr("core.backups.sign", lambda **_at: late)
    assert exceptions.settle(at=STARTED) == (1, 0)
    monkeypatch.setattr("core.backups.sign", lambda **_at: Sign("backup", "ok"))
    assert exceptions.settle(at=STARTED + HOUR) == (0, 1)
    assert kinds() == [("backup_overdue", "cancelled")]


def test_tasks_of_somebody_who_left_are_work_for_the_ward_manager(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    assert exceptions.settle(at=STARTED) == (0, 0)
    work = Assignment.objects.get(user=nurse)
    assignment_end(work, ends_at=STARTED + HOUR, by=None, at=STARTED, reason="left")
    assert exceptions.settle(at=STARTED + 2 * HOUR) == (1, 0)
    row = Task.objects.get(kind="unavailable_staff")
    assert (row.role, row.unit_id) == ("ward_manager", hospital.ward.pk)
    assert (row.subject_type, row.subject_id) == ("org.user", str(nurse.public_id))


def test_whoever_has_a_stand_in_is_not_missed(hospital: Hospital) -> None:
    nurse, other = hospital.person("nurse"), people.person("night-nurse")
    services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    services.delegation_begin(
        from_user=nurse.pk,
        to_user=other.pk,
        starts_at=STARTED,
        ends_at=STARTED + timedelta(days=9),
        reason="",
        by=nurse.pk,
        at=STARTED,
    )
    work = Assignment.objects.get(user=nurse)
    assignment_end(work, ends_at=STARTED + HOUR, by=None, at=STARTED, reason="left")
    assert exceptions.settle(at=STARTED + 2 * HOUR) == (0, 0)


def test_likely_duplicates_are_one_quiet_task_until_the_list_is_empty(hospital: Hospital) -> None:
    patients.switched_on(hospital.ward)
    clerk = hospital.person("front_desk")
    one = patients.patient(hospital.ward, clerk, mobile="0611223344")
    for given in ("Ana", "Anna"):
        patients.patient(
            hospital.ward,
            clerk,
            given=given,
            mobile="0611223344",
            seen=list(Patient.objects.values_list("public_id", flat=True)),
        )
    assert DuplicatePair.objects.filter(state="open", one=one).count() == 2
    assert exceptions.settle(at=STARTED) == (1, 0)
    row = Task.objects.get()
    assert (row.kind, row.role, row.priority) == (
        "duplicate_suspicion",
        "records_officer",
        "routine",
    )
    assert exceptions.settle(at=STARTED + HOUR) == (0, 0)
    DuplicatePair.objects.update(state="dismissed")
    assert exceptions.settle(at=STARTED + HOUR) == (0, 1)
    assert kinds() == [("duplicate_suspicion", "cancelled")]
