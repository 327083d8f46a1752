"""Several facts of one act: few locks, taken in one order, stored when all are known."""

import random

import pytest
from django.db import connection, transaction

from core import events
from core.events import BUCKETS, publish, together
from core.models import Delivery, Event
from tests.core.test_events import Rang, Reader, deliver_all, now, ring, subscribe  # noqa: F401
from tests.factories.org import STARTED
from tests.fixtures.rivals import race

ALL = ["default", "owner"]


def _locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def test_many_keys_share_a_bounded_number_of_locks(db, subscribe) -> None:  # noqa: F811
    subscribe(a=Reader())
    with together():
        for number in range(5 * BUCKETS):
            ring(number, key=f"bell:{number}")
    assert BUCKETS / 2 < _locks() <= BUCKETS
    assert Delivery.objects.count() == 5 * BUCKETS


def test_one_key_is_one_lock_however_often_it_is_announced(db, subscribe) -> None:  # noqa: F811
    subscribe(a=Reader())
    for number in range(5):
        ring(number)
    with together():
        ring(5)
    assert _locks() == 1


def test_nobody_reads_so_nothing_is_locked(db, subscribe) -> None:  # noqa: F811
    subscribe()
    ring(1)
    with together():
        ring(2)
    assert (_locks(), Event.objects.count()) == (0, 2)


def test_facts_told_together_are_stored_at_the_end_and_in_their_order(
    db,
    subscribe,  # noqa: F811
) -> None:
    reader = Reader()
    subscribe(a=reader)
    with together():
        ring(1)
        with together():
            ring(2)
        assert Event.objects.count() == 0
        ring(3)
    deliver_all(now())
    assert reader.bells == [1, 2, 3]


def test_an_error_among_facts_told_together_stores_none(db, subscribe) -> None:  # noqa: F811
    subscribe(a=Reader())
    with pytest.raises(RuntimeError), together():
        ring(1)
        raise RuntimeError
    ring(2)
    assert list(Event.objects.values_list("payload__bell_id", flat=True)) == [2]


@pytest.mark.django_db(transaction=True, databases=ALL)
def test_acts_that_announce_the_same_keys_crosswise_close_no_circle(subscribe) -> None:  # noqa: F811
    subscribe(a=Reader())

    def act(client: int) -> None:
        keys = [f"bell:{number}" for number in range(20)]
        random.Random(client).shuffle(keys)
        with transaction.atomic(), together():
            for key in keys:
                publish(Rang(bell_id=client), at=STARTED, order_key=key)

    result = race(act)
    assert (result.broken, len(result.won)) == ([], 16)
    assert events.outbox_age(at=STARTED).total_seconds() == 0
