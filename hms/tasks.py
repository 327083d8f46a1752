"""The relay, signs of life, and house-keeping of the kernel's tables."""

from datetime import timedelta

from celery import shared_task

from core import clock, events, health, idempotency
from core.doors import System, requires
from org import services
from org.adapters.sessions import SessionStore

BATCH = 500


def drain(limit: int = BATCH) -> int:
    """Deliver due facts until none is left or `limit` is reached; returns how many were tried."""
    done = 0
    while done < limit and events.deliver_next(at=clock.now()) is not None:
        done += 1
    return done


@shared_task
@requires(System("beat drains the outbox when no relay listens"), module=None, methods=())
def relay_drain() -> int:
    """Deliver what is due."""
    return drain()


@shared_task
@requires(System("the worker says that it lives"), module=None, methods=())
def heartbeat() -> None:
    """Worker and beat were alive at this moment."""
    health.beat("worker", at=clock.now())


@shared_task
@requires(System("old answers and sessions are forgotten"), module=None, methods=())
def keys_purge() -> int:
    """Answers older than a day, expired sessions, and failures that no longer count are gone."""
    SessionStore.clear_expired()
    services.attempts_purge(at=clock.now())
    return idempotency.purge(before=clock.now() - timedelta(days=1))
