"""The relay, signs of life, and house-keeping of the kernel's tables."""

from datetime import timedelta

from celery import shared_task

from core import backups, clock, events, health, idempotency, mode
from core.doors import System, requires
from hms import exceptions
from hms.backup import desk
from org import services
from org.adapters.sessions import SessionStore

BATCH = 500


def drain(limit: int = BATCH) -> int:
    """Deliver due facts until none is left or `limit` is reached; returns how many were tried.

    While the whole system is read-only facts wait; they are delivered afterwards.
    """
    done = 0
    while (
        done < limit
        and not mode.state().is_read_only
        and events.deliver_next(at=clock.now()) is not None
    ):
        done += 1
    return done


@shared_task
@requires(System("beat drains the outbox when no relay listens"), module=None, methods=())
def relay_drain() -> int:
    """Deliver what is due."""
    return drain()


@shared_task
@requires(System("the worker says that it lives"), module=None, methods=(), always=True)
def heartbeat() -> None:
    """Worker and beat were alive at this moment."""
    health.beat("worker", at=clock.now())


@shared_task
@requires(System("a backup that nobody restores is a hope"), module=None, methods=(), always=True)
def drill_due() -> bool:
    """The weekly restore drill waits for the keeper (SEC-O2); False: one waits, or no keeper."""
    now = clock.now()
    if backups.state(at=now).watch is None:
        return False
    try:
        desk.ask(backups.DRILL, at=now, by=None)
    except backups.UnderWay:
        return False
    return True


@shared_task
@requires(System("what goes wrong in the system is work for somebody"), module=None, methods=())
def exceptions_settle() -> tuple[int, int]:
    """Each thing that is wrong in the system has its task; each that is right again has none."""
    return exceptions.settle(at=clock.now())


@shared_task
@requires(System("old answers and sessions are forgotten"), module=None, methods=(), always=True)
def keys_purge() -> int:
    """Answers older than a day, expired sessions, and failures that no longer count are gone."""
    SessionStore.clear_expired()
    services.attempts_purge(at=clock.now())
    return idempotency.purge(before=clock.now() - timedelta(days=1))
