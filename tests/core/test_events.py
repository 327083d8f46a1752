"""Facts: stored with the act, delivered after it, in order, again after failures, once."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from core import events
from core.context import asking
from core.models import Delivery, Event, Heartbeat
from tests.factories.org import STARTED

ALL = ["default", "owner"]


@dataclass(frozen=True, slots=True)
class Rang:
    bell_id: int


class Reader:
    """A handler that keeps what it was given, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.facts: list[events.Fact] = []
        self.failures = 0

    def __call__(self, fact: events.Fact) -> None:
        Heartbeat.objects.create(name=f"read-{fact.payload['bell_id']}", beat_at=STARTED)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the reader is away")
        self.facts.append(fact)

    @property
    def bells(self) -> list[int]:
        return [fact.payload["bell_id"] for fact in self.facts]


@pytest.fixture
def subscribe() -> Iterator[object]:
    """Let handlers read every fact for the length of one test: `subscribe(a=reader)`."""
    before = events.handlers_of()

    def with_handlers(**handlers: events.Handler) -> None:
        events.handlers_of.fill(lambda _name: tuple(handlers.items()))

    yield with_handlers
    events.handlers_of.fill(before)


def ring(number: int, *, key: str = "bell") -> Event:
    return events.publish(Rang(bell_id=number), at=STARTED, order_key=key)


def now() -> object:
    """Return the database's own instant, by which deliveries are due."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def deliver_all(at: object) -> list[str]:
    """Deliver until nothing is due and return what became of each."""
    states = []
    while (outcome := events.deliver_next(at=at)) is not None:
        states.append(outcome.state)
    return states


def test_a_fact_is_named_after_its_room_and_class(db, subscribe) -> None:
    subscribe()
    assert ring(1).name == "tests.Rang"


def test_a_fact_nobody_reads_is_kept_without_deliveries(db, subscribe) -> None:
    subscribe()
    ring(1)
    assert (Event.objects.count(), Delivery.objects.count()) == (1, 0)


def test_each_handler_gets_its_own_delivery(db, subscribe) -> None:
    subscribe(a=Reader(), b=Reader())
    ring(1)
    assert sorted(Delivery.objects.values_list("handler", flat=True)) == ["a", "b"]


def test_the_fact_goes_with_the_act_that_failed(db, subscribe) -> None:
    subscribe(a=Reader())
    with pytest.raises(RuntimeError), transaction.atomic():
        ring(1)
        raise RuntimeError
    assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_fact_carries_the_request_that_made_it(db, subscribe) -> None:
    subscribe()
    with asking(request_id="request-12"):
        ring(1)
    assert Event.objects.get().request_id == "request-12"


def test_facts_of_one_key_arrive_in_their_order(db, subscribe) -> None:
    reader = Reader()
    subscribe(a=reader)
    for number in range(5):
        ring(number)
    assert deliver_all(now()) == ["done"] * 5
    assert reader.bells == [0, 1, 2, 3, 4]


def test_a_failing_fact_holds_back_only_its_own_key(db, subscribe) -> None:
    reader = Reader()
    subscribe(a=reader)
    ring(1, key="one")
    ring(2, key="one")
    ring(3, key="two")
    reader.failures = 1
    assert deliver_all(now()) == ["pending", "done"]
    assert reader.bells == [3]


def test_a_failing_handler_holds_back_only_itself(db, subscribe) -> None:
    well, ill = Reader(), Reader()
    ill.failures = 99
    subscribe(well=lambda fact: well.facts.append(fact), ill=ill)
    ring(1)
    ring(2)
    deliver_all(now())
    assert (well.bells, ill.bells) == ([1, 2], [])


def test_a_failing_handler_leaves_nothing_half_done(db, subscribe) -> None:
    reader = Reader()
    reader.failures = 1
    subscribe(a=reader)
    ring(1)
    deliver_all(now())
    assert Heartbeat.objects.count() == 0
    assert Delivery.objects.get().last_error == "RuntimeError: the reader is away"


def test_each_failure_doubles_the_wait(db, subscribe) -> None:
    reader = Reader()
    reader.failures = 3
    subscribe(a=reader)
    ring(1)
    at, waits = now(), []
    for _try in range(3):
        events.deliver_next(at=at)
        due = Delivery.objects.get().due_at
        waits.append((due - at).total_seconds())
        at = due
    assert waits == [2, 4, 8]


def test_before_its_time_a_fact_is_not_tried_again(db, subscribe) -> None:
    reader = Reader()
    reader.failures = 1
    subscribe(a=reader)
    ring(1)
    at = now()
    events.deliver_next(at=at)
    assert events.deliver_next(at=at + timedelta(seconds=1)) is None


def _fail(reader: Reader) -> Delivery:
    reader.failures = events.TRIES
    ring(1)
    at = now()
    for _try in range(events.TRIES):
        events.deliver_next(at=at)
        at += timedelta(minutes=1)
    return Delivery.objects.get()


def test_after_five_tries_the_delivery_has_failed(db, subscribe) -> None:
    reader = Reader()
    subscribe(a=reader)
    row = _fail(reader)
    assert (row.state, row.attempts) == ("failed", 5)
    assert events.deliver_next(at=now() + timedelta(days=1)) is None


def test_a_failed_delivery_can_be_retried(db, subscribe) -> None:
    reader = Reader()
    subscribe(a=reader)
    row = _fail(reader)
    assert events.delivery_retry(row.pk, at=now()) is True
    assert deliver_all(now()) == ["done"]
    assert reader.bells == [1]


def test_a_delivery_that_did_not_fail_cannot_be_retried(db, subscribe) -> None:
    subscribe(a=Reader())
    ring(1)
    deliver_all(now())
    assert events.delivery_retry(Delivery.objects.get().pk, at=now()) is False


def test_a_handler_that_is_gone_counts_as_a_failure(db, subscribe) -> None:
    subscribe(a=Reader())
    ring(1)
    subscribe()
    assert deliver_all(now()) == ["pending"]
    assert Delivery.objects.get().last_error.startswith("KeyError")


def test_what_went_wrong_is_kept_without_what_it_was_about(db, subscribe) -> None:
    def handler(_fact: events.Fact) -> None:
        Delivery.objects.create(event=event, handler="Smith, Jane", state="nonsense")

    subscribe(a=handler)
    event = ring(1)
    deliver_all(now())
    kept = Delivery.objects.get().last_error
    assert kept == (
        'IntegrityError [23514]: new row for relation "core_delivery" '
        'violates check constraint "delivery_state_known"'
    )


def test_the_age_of_the_outbox_is_that_of_the_oldest_due_fact(db, subscribe) -> None:
    subscribe(a=Reader())
    assert events.outbox_age(at=STARTED) == timedelta(0)
    ring(1)
    age = events.outbox_age(at=Delivery.objects.get().due_at + timedelta(seconds=90))
    assert age == timedelta(seconds=90)


@pytest.mark.django_db(transaction=True, databases=ALL)
def test_two_relays_deliver_two_hundred_facts_once_each_and_in_order(subscribe) -> None:
    seen: list[tuple[str, int]] = []

    def handler(fact: events.Fact) -> None:
        Heartbeat.objects.create(name=f"bell-{fact.payload['bell_id']}", beat_at=STARTED)
        seen.append((str(fact.payload["bell_id"] % 10), fact.payload["bell_id"]))

    subscribe(a=handler)
    for number in range(200):
        ring(number, key=f"bell:{number % 10}")
    at, failures = now(), []

    def relay() -> None:
        try:
            # A relay whose every candidate is held by the other one finds nothing for a moment.
            while Delivery.objects.exclude(state="done").exists():
                events.deliver_next(at=at)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=relay) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert Heartbeat.objects.count() == 200
    assert sorted(bell for _key, bell in seen) == list(range(200))
    for key in map(str, range(10)):
        bells = [bell for found, bell in seen if found == key]
        assert bells == sorted(bells)


@pytest.mark.django_db(transaction=True, databases=ALL)
def test_a_lost_connection_is_no_failure_of_the_handler(subscribe) -> None:
    """The try did not happen: nothing is counted, and the relay is told to connect anew."""

    def loses_it(_fact: events.Fact) -> None:
        connection.close()
        raise OperationalError("server closed the connection unexpectedly")

    subscribe(a=loses_it)
    ring(1)
    with pytest.raises(OperationalError):
        events.deliver_next(at=now())
    assert Delivery.objects.get().attempts == 0
