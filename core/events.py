"""Facts go up: one Event row, one Delivery row per handler, in the caller's own transaction.

`deliver_next` is what the relay repeats. It takes the oldest due delivery that no earlier
undelivered row of its key stands before, runs the handler in a savepoint and ticks the row in the
same transaction: handlers that only write this database run exactly once.
"""

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from core import clock
from core.context import asker, asking
from core.hooks import Hook
from core.models import Delivery, Event
from core.redaction import said

CHANNEL = "hms_outbox"
TRIES = 5
# A lock per key would fill the server's lock table in one long act; keys of one bucket share one.
BUCKETS = 1024
# First of two numbers: the house's other advisory locks are single ones and never meet these.
ORDER_LOCKS = 42
log = logging.getLogger("hms.outbox")


@dataclass(frozen=True, slots=True)
class Fact:
    """What a handler is given: the fact's name, ids, time and its own id for repeats outside."""

    id: str
    name: str
    payload: dict[str, Any]
    occurred_at: datetime


Handler = Callable[[Fact], None]
Subscribed = Sequence[tuple[str, Handler]]
handlers_of: Hook[Callable[[str], Subscribed]] = Hook("handlers_of")


_gathered: ContextVar[list[Event] | None] = ContextVar("gathered", default=None)


def publish(fact: object, *, at: datetime, order_key: str = "") -> Event:
    """Announce `fact` (a frozen dataclass of ids): stored now, delivered after commit.

    Facts with one `order_key` reach each handler in the order in which they were committed. The
    last lock of an act (docs/adr/0011); an act with several facts publishes them `together`.
    """
    name = f"{type(fact).__module__.split('.')[0]}.{type(fact).__name__}"
    payload = dataclasses.asdict(fact)  # type: ignore[call-overload]
    event = Event(
        name=name,
        payload={key: _plain(value) for key, value in payload.items()},
        order_key=order_key,
        occurred_at=at,
        request_id=asker().request_id,
    )
    gathered = _gathered.get()
    if gathered is None:
        _store([event])
    else:
        gathered.append(event)
    return event


@contextmanager
def together() -> Iterator[None]:
    """Facts published inside are stored when the block ends, their locks taken in one order.

    Two acts that each lock a key the other wants next would otherwise wait for ever. Must stand
    inside the act's transaction; after an error nothing is stored.
    """
    if _gathered.get() is not None:
        yield
        return
    gathered: list[Event] = []
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    _store(gathered)


_LOCK = """
    SELECT pg_advisory_xact_lock(%s, wanted.bucket) FROM (
      SELECT DISTINCT (hashtextextended(key, 42) & %s)::int AS bucket
      FROM unnest(%s::text[]) AS key ORDER BY bucket) AS wanted
"""


def _store(events: list[Event]) -> None:
    readers = {event.name: handlers_of()(event.name) for event in events}
    keys = sorted({event.order_key for event in events if event.order_key and readers[event.name]})
    with connection.cursor() as cursor:
        if keys:
            cursor.execute(_LOCK, [ORDER_LOCKS, BUCKETS - 1, keys])
        Event.objects.bulk_create(events)
        deliveries = [
            Delivery(
                event=event,
                handler=handler,
                order_key=f"{handler}:{event.order_key}" if event.order_key else "",
                # By the house's clock, which the simulation holds; not the database's.
                due_at=clock.now(),
            )
            for event in events
            for handler, _run in readers[event.name]
        ]
        if deliveries:
            Delivery.objects.bulk_create(deliveries)
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def _is_lost() -> bool:
    """Say whether the database hung up: inside a transaction Django keeps the dead connection."""
    return connection.connection is None or bool(connection.connection.closed)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str | list) else str(value)


_NEXT = """
    SELECT d.id FROM core_delivery d
    WHERE d.state = 'pending' AND d.due_at <= %s
      AND (d.order_key = '' OR NOT EXISTS (
        SELECT 1 FROM core_delivery e
        WHERE e.order_key = d.order_key AND e.state <> 'done' AND e.id < d.id))
    ORDER BY d.due_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery."""

    delivery_id: int
    state: str
    attempts: int


def deliver_next(*, at: datetime) -> Outcome | None:
    """Deliver the oldest due fact, or return None when nothing is due."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, [at])
            found = cursor.fetchone()
        if found is None:
            return None
        row = Delivery.objects.select_related("event").get(pk=found[0])
        with asking(request_id=row.event.request_id, source="task", door=row.handler):
            _attempt(row, at=at)
        row.save(update_fields=["state", "attempts", "due_at", "done_at", "last_error"])
        return Outcome(row.pk, row.state, row.attempts)


def _attempt(row: Delivery, *, at: datetime) -> None:
    fact = Fact(
        id=str(row.event.public_id),
        name=row.event.name,
        payload=row.event.payload,
        occurred_at=row.event.occurred_at,
    )
    row.attempts += 1
    try:
        run = dict(handlers_of()(fact.name))[row.handler]
        with transaction.atomic():
            run(fact)
    except Exception as error:
        if isinstance(error, DatabaseError) and _is_lost():
            raise
        log.exception("delivery_failed", extra={"handler": row.handler, "fact": fact.name})
        row.last_error = said(error)[:500]
        row.state = Delivery.State.FAILED if row.attempts >= TRIES else Delivery.State.PENDING
        row.due_at = at + timedelta(seconds=2**row.attempts)
    else:
        # With the request's id: what came of a page is found in the log too (SEC-O9).
        log.info("delivered", extra={"handler": row.handler, "fact": fact.name})
        row.state, row.done_at, row.last_error = Delivery.State.DONE, at, ""


def delivery_retry(delivery_id: int, *, at: datetime) -> bool:
    """A failed delivery is due again, with its tries counted anew; False when it was not failed."""
    changed = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.FAILED).update(
        state=Delivery.State.PENDING, attempts=0, due_at=at
    )
    return bool(changed)


@dataclass(frozen=True, slots=True)
class Failed:
    """A delivery that was given up, without what the fact says."""

    delivery_id: int
    fact: str
    handler: str
    tries: int
    error: str
    since: datetime


def failed_deliveries() -> QuerySet[Delivery]:
    """Return the deliveries that were given up, oldest first; later facts of their keys wait."""
    return (
        Delivery.objects.filter(state=Delivery.State.FAILED)
        .select_related("event")
        .defer("event__payload")
        .order_by("id")
    )


def failed(*, limit: int | None) -> list[Failed]:
    """Return the oldest deliveries that were given up, or all of them."""
    return [
        Failed(
            delivery_id=row.pk,
            fact=row.event.name,
            handler=row.handler,
            tries=row.attempts,
            error=row.last_error.partition(":")[0],
            since=row.event.occurred_at,
        )
        for row in failed_deliveries()[:limit]
    ]


def handlers_waiting() -> set[str]:
    """Return the handlers for which some delivery is neither done nor given up."""
    rows = Delivery.objects.filter(state=Delivery.State.PENDING)
    return set(rows.values_list("handler", flat=True).distinct())


def waiting() -> int:
    """Return how many deliveries are neither done nor given up."""
    return Delivery.objects.filter(state=Delivery.State.PENDING).count()


def outbox_age(*, at: datetime) -> timedelta:
    """Return how long the oldest undelivered, not failed fact has been due; zero when none is."""
    oldest = (
        Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=at)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    return at - oldest if oldest else timedelta(0)
