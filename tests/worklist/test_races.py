"""Two people, or two processes, at the same instant."""

from datetime import timedelta

import pytest

from org.models import User
from tests.factories import org as people
from tests.factories import tasks
from tests.factories.org import STARTED, Hospital
from tests.fixtures.rivals import all_win, one_winner, race
from worklist import services
from worklist.models import Task, TaskEscalation

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
SUBJECT = ("lab.result", "7")
LATE = STARTED + timedelta(days=5)


def team(hospital: Hospital, size: int) -> list[User]:
    found = []
    for number in range(size):
        user = people.person(f"nurse-{number}", family_name=f"Nurse {number}")
        people.assign(user, "nurse", hospital.ward)
        found.append(user)
    return found


def test_of_many_who_take_a_task_one_has_it(committed_hospital: Hospital) -> None:
    crew = team(committed_hospital, 8)
    row = tasks.task(committed_hospital.ward)

    def take(number: int) -> int:
        return services.task_claim(row, by=crew[number].pk, at=STARTED).owner_id or 0

    winner = one_winner(take, "task_taken", clients=8)
    row.refresh_from_db()
    assert row.owner_id == winner


def test_the_same_thing_opened_by_many_at_once_is_one_task(committed_hospital: Hospital) -> None:
    def open_it(_number: int) -> int:
        made = tasks.task(committed_hospital.ward, kind="unmatched_result", subject=SUBJECT)
        return made.pk

    assert len(set(all_win(open_it, clients=8))) == 1
    assert Task.objects.get().times == 8


def test_many_beats_make_one_row_a_level(committed_hospital: Hospital) -> None:
    for _each in range(5):
        tasks.task(committed_hospital.ward)
    result = race(lambda _number: services.tasks_escalate(at=LATE), clients=6)
    assert result.broken == []
    assert sum(result.won) == 5
    assert TaskEscalation.objects.count() == 5


def test_done_and_taken_back_at_once_leaves_one_end(committed_hospital: Hospital) -> None:
    nurse = committed_hospital.person("nurse").pk
    row = tasks.task(committed_hospital.ward, kind="unmatched_result", subject=SUBJECT)

    def end(number: int) -> object:
        if number % 2:
            return services.task_done(row, by=nurse, at=STARTED)
        return services.task_cancel_by_source(
            kind="unmatched_result", subject=SUBJECT, reason="matched", at=STARTED
        )

    result = race(end, clients=6)
    assert result.broken == []
    row.refresh_from_db()
    assert row.state in {"done", "cancelled"}
    assert (row.completed_at is None) != (row.cancelled_at is None)
