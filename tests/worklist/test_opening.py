"""A task is opened once, however often what it is about comes again."""

from datetime import timedelta

import pytest

from core.models import StateChange
from tests.factories import tasks
from tests.factories.org import STARTED, Hospital
from worklist import services
from worklist.models import Task, TaskEntry

HOUR = timedelta(hours=1)
SUBJECT = ("lab.result", "7")


def test_a_second_opening_joins_and_counts(hospital: Hospital) -> None:
    first = tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT)
    again = tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT, at=STARTED + HOUR)
    assert again.pk == first.pk
    assert Task.objects.count() == 1
    assert (again.times, again.last_joined_at) == (2, STARTED + HOUR)
    assert TaskEntry.objects.get(kind="joined").task_id == first.pk


def test_what_is_over_is_opened_anew(hospital: Hospital) -> None:
    first = tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT)
    services.task_cancel(first, reason="matched", by=None, at=STARTED)
    again = tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT)
    assert again.pk != first.pk


def test_a_worse_value_raises_the_priority_and_the_due_time(hospital: Hospital) -> None:
    first = tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT)
    tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT, priority="stat")
    first.refresh_from_db()
    assert (first.priority, first.lane) == ("stat", 0)
    assert first.due_at == STARTED + timedelta(minutes=15)
    tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT, priority="routine")
    first.refresh_from_db()
    assert first.priority == "stat"


def test_the_first_state_is_in_the_history(hospital: Hospital) -> None:
    made = tasks.task(hospital.ward)
    row = StateChange.objects.get(subject_type="worklist.task", subject_id=made.pk)
    assert (row.from_state, row.to_state, row.unit) == ("", "ready", hospital.ward.pk)


def test_an_unknown_kind_is_refused_and_nothing_stored(hospital: Hospital) -> None:
    with pytest.raises(services.UnknownKind):
        tasks.task(hospital.ward, kind="no_such_kind")
    assert Task.objects.count() == 0


def test_the_source_takes_back_what_it_opened(hospital: Hospital) -> None:
    made = tasks.task(hospital.ward, kind="unmatched_result", subject=SUBJECT)
    count = services.task_cancel_by_source(
        kind="unmatched_result", subject=SUBJECT, reason="matched", at=STARTED + HOUR
    )
    made.refresh_from_db()
    assert (count, made.state, made.cancelled_at) == (1, "cancelled", STARTED + HOUR)
