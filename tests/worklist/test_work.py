"""Tasks are taken, done, passed on, put on hold, by one person at a time."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core.errors import Invalid, TransitionRefused
from core.models import StateChange
from org.models import User
from tests.factories import org as people
from tests.factories import tasks
from tests.factories.org import STARTED, Hospital
from worklist import services
from worklist.models import Task, TaskEntry

HOUR = timedelta(hours=1)


@pytest.fixture
def nurse(hospital: Hospital) -> User:
    return hospital.person("nurse")


@pytest.fixture
def other(hospital: Hospital) -> User:
    user = people.person("night-nurse", family_name="Night")
    people.assign(user, "nurse", hospital.ward)
    return user


def test_who_takes_a_task_is_its_first_hand(hospital: Hospital, nurse: User) -> None:
    row = services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED + HOUR)
    assert (row.state, row.owner_id) == ("claimed", nurse.pk)
    assert (row.first_touched_at, row.first_touched_by_id) == (STARTED + HOUR, nurse.pk)


def test_the_second_is_told_who_has_it_and_nothing_changes(
    hospital: Hospital, nurse: User, other: User
) -> None:
    row = services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    with pytest.raises(services.Taken) as refused:
        services.task_claim(row, by=other.pk, at=STARTED)
    assert nurse.full_name in str(refused.value.detail)
    row.refresh_from_db()
    assert row.owner_id == nurse.pk


def test_a_task_that_nobody_took_still_says_who_did_it(hospital: Hospital, nurse: User) -> None:
    services.task_done(tasks.task(hospital.ward), by=nurse.pk, at=STARTED + HOUR)
    row = Task.objects.get()
    assert (row.state, row.completed_by_id) == ("done", nurse.pk)
    assert (row.completed_at, row.first_touched_at) == (STARTED + HOUR, STARTED + HOUR)
    assert row.next_level_at is None


def test_what_is_given_back_is_free(hospital: Hospital, nurse: User, other: User) -> None:
    row = services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    services.task_release(row, by=nurse.pk, at=STARTED, reason="lunch")
    row = services.task_claim(row, by=other.pk, at=STARTED + HOUR)
    assert (row.owner_id, row.first_touched_by_id) == (other.pk, nurse.pk)


def test_what_is_handed_over_waits_for_that_person(
    hospital: Hospital, nurse: User, other: User
) -> None:
    row = services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    row = services.task_hand_over(
        row, to_user=other.pk, reason="shift ends", by=nurse.pk, at=STARTED
    )
    assert (row.state, row.owner_id, row.handed_by_id) == ("returned", other.pk, nurse.pk)
    with pytest.raises(services.Taken):
        services.task_claim(row, by=nurse.pk, at=STARTED)
    assert services.task_claim(row, by=other.pk, at=STARTED).state == "claimed"
    entry = TaskEntry.objects.get(kind="handed")
    assert (entry.by_id, entry.to_user_id, entry.text) == (nurse.pk, other.pk, "shift ends")


def test_nobody_is_handed_what_they_may_not_do(hospital: Hospital, nurse: User) -> None:
    stranger = people.person("stranger")
    people.assign(stranger, "nurse", hospital.elsewhere)
    row = tasks.task(hospital.ward)
    with pytest.raises(services.NotTheirWork):
        services.task_hand_over(row, to_user=stranger.pk, reason="x", by=nurse.pk, at=STARTED)
    assert TaskEntry.objects.count() == 0


def test_a_task_of_somebody_else_is_moved_by_a_manager_only(
    hospital: Hospital, nurse: User, other: User
) -> None:
    row = services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    where = {"unit_id": hospital.clinic.pk, "role": "doctor", "reason": "not ours"}
    with pytest.raises(services.Taken):
        services.task_move(row, **where, by=other.pk, at=STARTED)
    row = services.task_move(row, **where, by=other.pk, at=STARTED, as_manager=True)
    assert (row.unit_id, row.role, row.owner_id) == (hospital.clinic.pk, "doctor", None)


def test_what_is_on_hold_comes_back_to_its_owner_by_itself(hospital: Hospital, nurse: User) -> None:
    row = services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    services.task_hold(row, until=STARTED + HOUR, reason="waits", by=nurse.pk, at=STARTED)
    assert services.tasks_wake(at=STARTED + HOUR / 2) == 0
    assert services.tasks_wake(at=STARTED + HOUR) == 1
    row.refresh_from_db()
    assert (row.state, row.wake_at, row.hold_reason) == ("claimed", None, "")


@pytest.mark.parametrize(
    ("priority", "hours"), [("stat", 0.1), ("asap", 3), ("urgent", 30), ("routine", 24 * 31)]
)
def test_the_more_urgent_the_shorter_it_may_be_on_hold(
    hospital: Hospital, nurse: User, priority: str, hours: float
) -> None:
    row = tasks.task(hospital.ward, priority=priority)
    with pytest.raises(Invalid):
        services.task_hold(row, until=STARTED + HOUR * hours, reason="x", by=nurse.pk, at=STARTED)
    assert Task.objects.get().state == "ready"


def test_the_database_hides_nothing_that_cannot_wait(hospital: Hospital) -> None:
    row = tasks.task(hospital.ward, priority="stat")
    for hidden in ({"quiet_until": STARTED + HOUR}, {"state": "blocked", "wake_at": STARTED}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Task.objects.filter(pk=row.pk).update(hold_reason="x", **hidden)


def test_what_is_over_cannot_be_taken(hospital: Hospital, nurse: User) -> None:
    row = services.task_done(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    with pytest.raises(services.Closed):
        services.task_claim(row, by=nurse.pk, at=STARTED)
    services.task_void(row, reason="wrong patient", by=nurse.pk, at=STARTED)
    with pytest.raises(TransitionRefused):
        services.task_void(row, reason="again", by=nurse.pk, at=STARTED)


def test_somebody_is_seen_once_in_the_timeline(hospital: Hospital, nurse: User) -> None:
    row = tasks.task(hospital.ward)
    assert services.task_seen(row, by=nurse.pk, at=STARTED)
    assert not services.task_seen(row, by=nurse.pk, at=STARTED + HOUR)
    assert TaskEntry.objects.get().happened_at == STARTED


def test_a_stand_in_takes_what_is_the_absent_persons(
    hospital: Hospital, nurse: User, other: User
) -> None:
    row = services.task_claim(tasks.task(hospital.ward), by=nurse.pk, at=STARTED)
    services.delegation_begin(
        from_user=nurse.pk,
        to_user=other.pk,
        starts_at=STARTED + HOUR,
        ends_at=STARTED + HOUR * 5,
        reason="ill",
        by=nurse.pk,
        at=STARTED,
    )
    with pytest.raises(services.Taken):
        services.task_claim(row, by=other.pk, at=STARTED)
    row = services.task_claim(row, by=other.pk, at=STARTED + HOUR * 2)
    assert (row.owner_id, row.state) == (other.pk, "claimed")
    assert StateChange.objects.filter(subject_type="worklist.task", subject_id=row.pk).count() == 2


def test_only_one_person_stands_in_at_a_time(hospital: Hospital, nurse: User, other: User) -> None:
    said = {"from_user": nurse.pk, "to_user": other.pk, "reason": "", "by": nurse.pk, "at": STARTED}
    first = services.delegation_begin(
        starts_at=STARTED, ends_at=STARTED + timedelta(days=2), **said
    )
    again = {"starts_at": STARTED + timedelta(days=1), "ends_at": STARTED + timedelta(days=3)}
    with pytest.raises(services.AlreadyAway):
        services.delegation_begin(**again, **said)
    services.delegation_end(first, by=nurse.pk, at=STARTED + HOUR)
    assert services.delegation_begin(**again, **said).pk != first.pk


def test_a_unit_sets_its_own_due_times(hospital: Hospital) -> None:
    services.due_set(
        unit_id=hospital.ward.pk,
        kind="request",
        priority="routine",
        minutes=45,
        by=hospital.admin.pk,
        at=STARTED,
    )
    here, there = tasks.task(hospital.ward), tasks.task(hospital.clinic)
    assert here.due_at == STARTED + timedelta(minutes=45)
    assert there.due_at == STARTED + timedelta(days=1)
