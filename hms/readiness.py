"""What /readyz says: the database asked in a thread of its own, with an end to the waiting.

A hanging database must not hang its own health check (SEC-V3). One probe asks at a time, on a
connection of its own; whoever comes meanwhile gets its verdict, or "down" when it is late.
"""

import shutil
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, InterfaceError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext_lazy as _

from audit import services as audit
from core import backups, clock, events, health, mode
from hms.database import waits
from org import selectors
from worklist import selectors as worklist
from worklist.states import Channel

DEADLINE = 4.0
OUTBOX_LATE = 60
SEALING_LATE = timedelta(seconds=120)
# The job runs every 30 s; a transaction that stays open holds seals up (ADR 0017).
UNSEALED_AT_MOST = timedelta(seconds=60)
CLOCKS_APART = timedelta(seconds=2)
DISK_LEAST, DISK_LEAST_PART = 2 * 2**30, 0.05
LOOKS_FULL = 0.8
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
            text, values = _("No answer in %(seconds)s s."), {"seconds": f"{DEADLINE:g}"}
            return [health.Sign("database", "down", text, values, "no_answer")]

    @staticmethod
    def _ask(verdict: "Future[Signs]") -> None:
        found = [_lost("not asked")]
        try:
            with waits.at_most(DEADLINE):
                found = of_database()
        except Exception as error:  # whatever it is, nobody can work with this database
            log.exception("readiness_failed")
            found = [_lost(type(error).__name__)]
        finally:
            verdict.set_result(found)
            connections.close_all()


probe = Probe()


def _lost(kind: str) -> health.Sign:
    text = _("It cannot be asked (%(error)s).")
    return health.Sign("database", "down", text, {"error": kind}, "cannot_ask")


def signs() -> Signs:
    """Return the state of every part."""
    asked = probe.begin()
    own = [of_redis(), *of_disk()]
    return [*probe.verdict(asked), *own]


def worst(found: Signs) -> str:
    """Return down, degraded or ok: what the parts add up to."""
    states = {sign.state for sign in found}
    return "down" if "down" in states else "degraded" if "degraded" in states else "ok"


def told(sign: health.Sign) -> dict[str, str]:
    """Return the sign as programs read it: its state, why in one word, and why in a sentence."""
    return {"status": sign.state, "code": sign.code, "detail": sign.detail}


def of_database() -> Signs:
    """Return what the database says of itself and of the processes that write into it."""
    now = clock.now()
    try:
        found = [
            _database(now),
            _clock(),
            _migrations(),
            _outbox(now),
            _failed(),
            _months(now),
            *_trail(now),
            backups.sign(at=now),
            _ways(now),
        ]
        return found + [health.sign_of_life(name, at=now) for name in ("worker", "relay")]
    except (DatabaseError, InterfaceError) as error:
        return [_lost(type(error).__name__)]


def of_redis() -> health.Sign:
    """Return whether the cache answers; without it people can work."""
    try:
        caches["redis"].get("readyz")
    except Exception as error:  # whatever is wrong with the cache, people can work
        text, values = _("It does not answer (%(error)s)."), {"error": type(error).__name__}
        return health.Sign("redis", "degraded", text, values, "no_answer")
    return health.Sign("redis", "ok")


def of_disk() -> Signs:
    """Return whether this machine has room, and what waits on its disk for the trail."""
    try:
        return [_room(), _looks()]
    except OSError as error:
        text, values = _("The disk cannot be read (%(error)s)."), {"error": type(error).__name__}
        return [health.Sign("disk", "degraded", text, values, "cannot_read")]


def _room() -> health.Sign:
    """The fullest of the disks that files of ours are on."""
    usages = [shutil.disk_usage(_existing(at)) for at in (settings.HMS_VAR, settings.MEDIA_DIR)]
    fullest = min(usages, key=lambda usage: usage.free)
    free = round(fullest.free / 2**30, 1)
    is_low = fullest.free < max(DISK_LEAST, fullest.total * DISK_LEAST_PART)
    text = _("%(gigabytes)s GB free.")
    state, code = ("degraded", "low") if is_low else ("ok", "")
    return health.Sign("disk", state, text, {"gigabytes": free}, code)


def _existing(place: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (place, *place.parents) if each.exists())


def _looks() -> health.Sign:
    """What was seen while the trail took no rows waits for it (ADR 0019)."""
    found = audit.looks_waiting()
    values: dict[str, object] = {"bytes": found.bytes, "refused": found.refused}
    values["percent"] = int(found.part * 100)
    if found.part >= LOOKS_FULL:
        text = _("The place for looks kept aside is %(percent)s %% full; after that no page opens.")
        return health.Sign("looks", "degraded", text, values, "looks_full")
    if found.refused:
        text = _("%(count)s files hold looks that the trail refused: a person must read them.")
        return health.Sign(
            "looks", "degraded", text, values | {"count": found.refused}, "looks_refused"
        )
    if found.files:
        since = f"{found.since:%Y-%m-%d %H:%M} UTC" if found.since else "?"
        text = _("Looks are kept aside since %(since)s (%(bytes)s bytes); the worker brings them.")
        return health.Sign("looks", "degraded", text, values | {"since": since}, "looks_waiting")
    return health.Sign("looks", "ok", values=values)


def _database(at: datetime) -> health.Sign:
    """It answers; a standby, or one that was set to read-only, is not what people expect."""
    values = {"sessions": selectors.sessions_open(at=at)}
    if not mode.stored().is_database:
        return health.Sign("database", "ok", values=values)
    text = _("It can be read and takes no changes.")
    return health.Sign("database", "degraded", text, values, "read_only")


def _clock() -> health.Sign:
    """The two clocks of every row agree: that of this machine and that of the database."""
    before = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    middle = before + (clock.now() - before) / 2
    apart = abs(theirs - middle)
    is_near = apart <= CLOCKS_APART
    text = _("This machine and the database differ by %(seconds)s s.")
    values = {"seconds": round(apart.total_seconds(), 1)}
    if is_near:
        return health.Sign("clock", "ok", text, values)
    return health.Sign("clock", "degraded", text, values, "clocks_apart")


def _migrations() -> health.Sign:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return health.Sign("migrations", "ok")
    text = _("%(count)s changes of the tables are still to run: manage.py migrate.")
    return health.Sign("migrations", "down", text, {"count": len(plan)}, "to_run")


def _outbox(at: datetime) -> health.Sign:
    age = events.outbox_age(at=at).total_seconds()
    text = _("The oldest has been due for %(seconds)s s.")
    values = {"seconds": int(age), "waiting": events.waiting()}
    if age < OUTBOX_LATE:
        return health.Sign("outbox", "ok", text, values)
    return health.Sign("outbox", "degraded", text, values, "late")


def _months(at: datetime) -> health.Sign:
    """Without next month's table the trail still takes every row, but into the rest."""
    ahead = audit.months_ahead(at=at)
    text, values = _("Tables for %(months)s months ahead."), {"months": ahead}
    if ahead:
        return health.Sign("trail-months", "ok", text, values)
    return health.Sign("trail-months", "degraded", text, values, "no_month_ahead")


def _trail(at: datetime) -> Signs:
    """Sealing is not late, and no check of the trail found what nobody has looked into yet."""
    run = audit.last_run()
    broken = run.problem_count if run else 0
    values = {"problems": broken}
    whole = health.Sign("trail", "ok", values=values)
    if broken and audit.break_open() is not None:
        text = _("%(problems)s problems: manage.py audit_verify.")
        whole = health.Sign("trail", "degraded", text, values, "broken")
    return [_sealing(at), whole]


def _sealing(at: datetime) -> health.Sign:
    found = health.sign_of_life("sealing", at=at, late=SEALING_LATE)
    age = audit.unsealed_age(at=at)
    found = replace(found, values={**found.values, "unsealed_seconds": int(age.total_seconds())})
    if found.state != "ok" or age <= UNSEALED_AT_MOST:
        return found
    text = _("The oldest row without a seal is %(unsealed_seconds)s s old.")
    return replace(found, state="degraded", text=text, code="unsealed")


def _ways(at: datetime) -> health.Sign:
    """Notices go out by the ways that are set up."""
    beats = worklist.heartbeat(at=at)
    ill = [str(Channel(beat.channel).label) for beat in beats if not beat.is_well]
    values: dict[str, object] = {"waiting": sum(beat.waiting for beat in beats)}
    if not ill:
        return health.Sign("ways", "ok", values=values)
    text = _("Notices do not go out by: %(ways)s.")
    return health.Sign("ways", "degraded", text, values | {"ways": ", ".join(ill)}, "not_delivered")


def _failed() -> health.Sign:
    count = events.failed_deliveries().count()
    values = {"failed": count}
    if not count:
        return health.Sign("deliveries", "ok", values=values)
    text = _("%(failed)s given up: manage.py deliveries.")
    return health.Sign("deliveries", "degraded", text, values, "given_up")
