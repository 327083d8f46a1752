"""A late task rises on its own row: one row a level, whatever happens to the clock."""

from datetime import UTC, datetime, timedelta

from core.models import Event
from tests.factories import tasks
from tests.factories.org import STARTED, Hospital
from worklist import services
from worklist.models import Task, TaskEscalation
from worklist.rules.clock import quiet_until
from worklist.rules.kinds import KINDS

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# A request is due after a day; its levels come at once and two hours later.
FIRST, SECOND = STARTED + DAY, STARTED + DAY + 2 * HOUR


def levels() -> list[int]:
    return list(TaskEscalation.objects.order_by("number").values_list("number", flat=True))


def test_a_hundred_escalations_make_one_row_a_level(hospital: Hospital) -> None:
    row = tasks.task(hospital.ward)
    for minute in range(100):
        services.tasks_escalate(at=FIRST + timedelta(minutes=minute))
    assert levels() == [1]
    for minute in range(100):
        services.tasks_escalate(at=SECOND + timedelta(minutes=minute))
    assert levels() == [1, 2]
    row.refresh_from_db()
    assert (row.level, row.escalated_at, row.next_level_at) == (2, FIRST, None)
    assert Task.objects.count() == 1
    assert Event.objects.filter(name="worklist.TaskEscalated").count() == 2


def test_nothing_rises_before_its_time(hospital: Hospital) -> None:
    tasks.task(hospital.ward)
    assert services.tasks_escalate(at=FIRST - timedelta(seconds=1)) == 0
    assert levels() == []


def test_an_outage_makes_one_level_and_no_storm(hospital: Hospital) -> None:
    row = tasks.task(hospital.ward)
    assert services.tasks_escalate(at=STARTED + 5 * DAY) == 1
    made = TaskEscalation.objects.get()
    assert (made.number, made.due_at, made.made_at) == (2, SECOND, STARTED + 5 * DAY)
    assert services.tasks_escalate(at=STARTED + 6 * DAY) == 0
    row.refresh_from_db()
    assert row.level == 2


def test_what_is_done_rises_no_more(hospital: Hospital) -> None:
    row = tasks.task(hospital.ward)
    services.task_done(row, by=hospital.person("nurse").pk, at=STARTED)
    assert services.tasks_escalate(at=STARTED + 5 * DAY) == 0
    assert services.task_escalate(row, at=STARTED + 5 * DAY) is None


def test_what_is_on_hold_rises_when_it_is_back(hospital: Hospital) -> None:
    nurse = hospital.person("nurse").pk
    row = tasks.task(hospital.ward)
    services.task_hold(row, until=STARTED + 3 * DAY, reason="x", by=nurse, at=STARTED)
    assert services.tasks_escalate(at=STARTED + 2 * DAY) == 0
    services.tasks_wake(at=STARTED + 3 * DAY)
    assert services.tasks_escalate(at=STARTED + 3 * DAY) == 1


def test_at_night_only_what_can_wait_is_quiet() -> None:
    night = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    morning = datetime(2026, 1, 6, 6, 0, tzinfo=UTC)
    kind = KINDS["request"]
    assert quiet_until(kind, "routine", at=night, zone="Europe/Paris") == morning
    after_midnight = night + 3 * HOUR
    assert quiet_until(kind, "routine", at=after_midnight, zone="Europe/Paris") == morning
    assert quiet_until(kind, "routine", at=STARTED, zone="Europe/Paris") is None
    for priority in ("urgent", "asap", "stat"):
        assert quiet_until(kind, priority, at=night, zone="Europe/Paris") is None


def test_a_kind_cannot_make_stat_quiet() -> None:
    for kind in KINDS.values():
        for hour in range(24):
            at = STARTED.replace(hour=hour)
            assert quiet_until(kind, "stat", at=at, zone="Europe/Paris") is None
