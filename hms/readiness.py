"""What /readyz says: the database asked in a thread of its own, with an end to the waiting.

A hanging database must not hang its own health check (SEC-V3). One probe asks at a time, on a
connection of its own; whoever comes meanwhile gets its verdict, or "down" when it is late.
"""

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from datetime import datetime, timedelta

import structlog
from django.core.cache import caches
from django.db import DatabaseError, InterfaceError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from audit import services as audit
from core import clock, events, health
from hms.database import waits

DEADLINE = 4.0
OUTBOX_LATE = 60
SEALING_LATE = timedelta(seconds=120)
Signs = list[health.Sign]
log = structlog.get_logger("hms.readiness")


class Probe:
    """At most one thread asks the database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verdict: Future[Signs] | None = None
        self._began = 0.0

    def begin(self) -> Future[Signs]:
        """A probe is under way; return what its verdict will be."""
        with self._lock:
            if self._verdict is None or self._verdict.done():
                self._verdict, self._began = Future(), time.monotonic()
                threading.Thread(
                    target=self._ask, args=(self._verdict,), name="readiness", daemon=True
                ).start()
            return self._verdict

    def verdict(self, probe: Future[Signs]) -> Signs:
        """Return what the probe says, or that it is late."""
        try:
            return probe.result(max(0.0, self._began + DEADLINE - time.monotonic()))
        except Late:
            return [health.Sign("database", "down", f"no answer in {DEADLINE:g} s")]

    @staticmethod
    def _ask(verdict: "Future[Signs]") -> None:
        found = [health.Sign("database", "down", "not asked")]
        try:
            with waits.at_most(DEADLINE):
                found = of_database()
        except Exception as error:  # whatever it is, nobody can work with this database
            log.exception("readiness_failed")
            found = [health.Sign("database", "down", type(error).__name__)]
        finally:
            verdict.set_result(found)
            connections.close_all()


probe = Probe()


def signs() -> Signs:
    """Return the state of every part."""
    asked = probe.begin()
    broker = of_redis()
    return [*probe.verdict(asked), broker]


def worst(found: Signs) -> str:
    """Return down, degraded or ok: what the parts add up to."""
    states = {sign.state for sign in found}
    return "down" if "down" in states else "degraded" if "degraded" in states else "ok"


def of_database() -> Signs:
    """Return what the database says of itself and of the processes that write into it."""
    now = clock.now()
    try:
        found = [
            health.Sign("database", "ok"),
            _migrations(),
            _outbox(),
            _failed(),
            _months(),
            *_trail(now),
        ]
        return found + [health.sign_of_life(name, at=now) for name in ("worker", "relay")]
    except (DatabaseError, InterfaceError) as error:
        return [health.Sign("database", "down", type(error).__name__)]


def of_redis() -> health.Sign:
    """Return whether the cache answers; without it people can work."""
    try:
        caches["redis"].get("readyz")
    except Exception as error:  # whatever is wrong with the cache, people can work
        return health.Sign("redis", "degraded", type(error).__name__)
    return health.Sign("redis", "ok")


def _migrations() -> health.Sign:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return health.Sign(
        "migrations", "down" if plan else "ok", f"{len(plan)} to run" if plan else ""
    )


def _outbox() -> health.Sign:
    age = events.outbox_age(at=clock.now()).total_seconds()
    state = "ok" if age < OUTBOX_LATE else "degraded"
    return health.Sign("outbox", state, f"oldest due {int(age)} s")


def _months() -> health.Sign:
    """Without next month's table the trail still takes every row, but into the rest."""
    ahead = audit.months_ahead(at=clock.now())
    return health.Sign("trail-months", "ok" if ahead else "degraded", f"{ahead} months ahead")


def _trail(at: datetime) -> Signs:
    """Sealing is not late, and the last check of the trail found it whole."""
    run = audit.last_run()
    broken = run.problem_count if run else 0
    detail = f"{broken} problems: manage.py audit_verify" if broken else ""
    return [
        health.sign_of_life("sealing", at=at, late=SEALING_LATE),
        health.Sign("trail", "degraded" if broken else "ok", detail),
    ]


def _failed() -> health.Sign:
    count = events.failed_deliveries().count()
    detail = f"{count} given up: manage.py deliveries" if count else ""
    return health.Sign("deliveries", "degraded" if count else "ok", detail)
