"""Levels of modules: fresh within five seconds, known without Redis, never off by accident."""

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import DatabaseError, OperationalError, transaction

from org import levels, selectors, services
from org.models import ModuleActivation
from tests.factories import org as people
from tests.factories.org import STARTED

ALL = ["default", "owner"]


class Time:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    found = Time()
    monkeypatch.setattr(levels, "time", found)
    levels._memory.checked = -levels.CHECK_EVERY
    levels._memory.redis_rests_until = 0.0
    yield found
    levels._memory.redis_rests_until = 0.0
    levels.forget()


def set_level(hospital: people.Hospital, level: str) -> ModuleActivation:
    return services.activation_set(
        unit=hospital.ward, module="beds", level=level, reason="test", by=None, at=STARTED
    )


def level(hospital: people.Hospital) -> str:
    return selectors.level(unit=hospital.ward.pk, module="beds")


class Away:
    """A cache that nobody answers for."""

    def get(self, *_args: object) -> None:
        raise ConnectionError

    def set(self, *_args: object) -> None:
        raise ConnectionError


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "caches", {"redis": Away()})


def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise OperationalError("the database is away")

    monkeypatch.setattr(levels, "version_stored", away)


def test_a_module_nobody_switched_on_is_off(hospital, time) -> None:
    assert level(hospital) == "off"


def test_a_question_without_a_unit_is_answered_with_off(hospital, time) -> None:
    assert selectors.level(unit=None, module="beds") == "off"


def test_a_level_holds_for_its_unit_and_module_only(hospital, time) -> None:
    set_level(hospital, "live")
    time.seconds += 5
    assert level(hospital) == "live"
    assert selectors.level(unit=hospital.clinic.pk, module="beds") == "off"
    assert selectors.level(unit=hospital.ward.pk, module="lab") == "off"


def test_a_second_question_within_a_second_asks_nobody(
    hospital, time, django_assert_num_queries
) -> None:
    set_level(hospital, "live")
    level(hospital)
    with django_assert_num_queries(0):
        assert level(hospital) == "live"


def test_a_change_by_another_process_is_seen_within_five_seconds(hospital, time) -> None:
    set_level(hospital, "live")
    assert level(hospital) == "live"
    levels._memory.redis_rests_until = 0.0
    ModuleActivation.objects.update(level="read_only")
    row = levels.ActivationVersion.objects.get()
    row.value += 1
    row.save()
    caches["redis"].delete(levels.KEY)  # the shared version lives three seconds
    time.seconds += levels.CHECK_EVERY
    assert level(hospital) == "read_only"
    assert levels.CHECK_EVERY + levels.SHARED_FOR <= 5


def test_without_redis_the_database_answers(hospital, time, without_redis) -> None:
    set_level(hospital, "live")
    time.seconds += 5
    assert level(hospital) == "live"


def test_without_redis_it_is_not_asked_again_at_every_question(hospital, time, monkeypatch) -> None:
    asked = []

    class Counting(Away):
        def get(self, *_args: object) -> None:
            asked.append(1)
            raise ConnectionError

    monkeypatch.setattr(levels, "caches", {"redis": Counting()})
    for _second in range(4):
        time.seconds += 1
        level(hospital)
    assert len(asked) == 1


def test_without_the_database_the_last_known_level_stays(
    hospital, time, without_redis, monkeypatch
) -> None:
    set_level(hospital, "live")
    time.seconds += 5
    level(hospital)
    _no_database(monkeypatch)
    time.seconds += 600
    assert level(hospital) == "live"


def test_with_nothing_ever_known_the_question_fails_rather_than_say_off(
    hospital, time, without_redis, monkeypatch
) -> None:
    set_level(hospital, "live")
    levels.forget()
    _no_database(monkeypatch)
    with pytest.raises(DatabaseError):
        level(hospital)


@pytest.mark.django_db(transaction=True, databases=ALL)
def test_a_change_is_visible_to_its_own_process_after_commit(committed_hospital, time) -> None:
    set_level(committed_hospital, "training")
    assert level(committed_hospital) == "training"
    set_level(committed_hospital, "live")
    assert level(committed_hospital) == "live"


@pytest.mark.django_db(transaction=True, databases=ALL)
def test_after_its_own_change_a_process_survives_the_loss_of_the_database(
    committed_hospital, time, without_redis, monkeypatch
) -> None:
    set_level(committed_hospital, "live")
    level(committed_hospital)
    set_level(committed_hospital, "read_only")
    _no_database(monkeypatch)
    assert level(committed_hospital) in {"live", "read_only"}


@pytest.mark.django_db(transaction=True, databases=ALL)
def test_a_change_that_was_rolled_back_never_reaches_the_shared_version(
    committed_hospital, time
) -> None:
    before = levels.version_stored()
    with pytest.raises(RuntimeError), transaction.atomic():
        set_level(committed_hospital, "live")
        levels.forget()
        level(committed_hospital)
        raise RuntimeError
    assert caches["redis"].get(levels.KEY) in {None, before}
    time.seconds += 5
    assert level(committed_hospital) == "off"
