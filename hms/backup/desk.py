"""What people and the schedule ask for, and the work itself with its rows and audit records."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg2
from django.db import transaction

from audit.services import Action, Outcome, record
from core import backups, clock, events
from hms.backup import full, recovery, wal
from hms.backup.config import BackupError, Config
from hms.backup.drill import Drill, Report
from hms.backup.recovery import Recovery
from hms.backup.store import Full, Store, alone

LOCK = "run.lock"
# The keeper holds the lock for moments while it looks for what is left over.
GLANCE_SECONDS = 1.0


def ask(kind: str, *, at: datetime, by: int | None) -> backups.Job:
    """A backup or a drill waits for the keeper, on the trail. Raises UnderWay."""
    with transaction.atomic():
        job = backups.job_ask(kind=kind, at=at, by=by)
        record(f"backup_{kind}_ask", action=Action.EXECUTE, at=at, by=by, subject=job)
    return job


def full_now(config: Config) -> Full:
    """A full backup is in the store, what is too old is gone. Raises BackupError, UnderWay."""
    with _job(config, backups.FULL) as job:
        store = Store(config)
        store.prepare(wal.server(config).system_id)
        taken = full.take(config, store, at=clock.now())
        store.expire()
        _end(job, label=taken.label, bytes=taken.size, plain_bytes=taken.plain_bytes)
    return taken


def drill_now(
    config: Config, *, tamper: Callable[[Recovery], object] = lambda _copy: None
) -> Report:
    """The newest backup was restored and compared; the report is stored. Raises BackupError."""
    with _job(config, backups.DRILL) as job:

        def tell(step: str) -> None:
            backups.job_step(job, step=step)

        report = Drill(config, Store(config), tell=tell, tamper=tamper).run()
        count = len(report.differences)
        _end(
            job,
            error=f"{count} differences, the first: {report.differences[0]}." if count else "",
            label=report.backup,
            bytes=report.backup_bytes,
            plain_bytes=report.plain_bytes,
            report=report.plain(),
        )
    return report


def settle(config: Config) -> bool:
    """Jobs whose process was killed are failed and what it left is gone; False: one is at work."""
    try:
        with alone(config.work / LOCK, "backup or drill"):
            _clear(config)
    except BackupError:
        return False
    return True


@contextmanager
def _job(config: Config, kind: str) -> Iterator[backups.Job]:
    """The waiting job, or a new one, is carried out inside the block; however it ends, it ends."""
    with alone(config.work / LOCK, "backup or drill", seconds=GLANCE_SECONDS):
        _clear(config)
        job = backups.job_waiting(kind) or ask(kind, at=clock.now(), by=None)
        backups.job_begin(job, at=clock.now())
        try:
            yield job
        except (BackupError, psycopg2.Error, OSError) as error:
            said = str(error).strip() or type(error).__name__
            _end(job, error=said)
            raise BackupError(said) from error
        except BaseException as error:
            _end(job, error=f"It was stopped ({type(error).__name__}).")
            raise


def _clear(config: Config) -> None:
    """Only inside the lock: nobody works, so whatever looks like work is left over."""
    for job in backups.jobs_abandoned():
        _end(job, error=backups.ENDED_IN_THE_MIDDLE)
    Store(config).sweep()
    recovery.sweep(config)


def _end(job: backups.Job, *, error: str = "", **found: object) -> None:
    """The job ended, on the trail; the first failure after a success is announced."""
    now = clock.now()
    with transaction.atomic():
        before = backups.job_last_ended(job.kind)
        if not backups.job_end(job, at=now, error=error, **found):
            return
        record(
            f"backup_{job.kind}",
            action=Action.EXECUTE,
            at=now,
            by=job.asked_by,
            subject=job,
            outcome=Outcome.SERIOUS if error else Outcome.SUCCESS,
        )
        if error and (before is None or not before.error):
            events.publish(backups.BackupFailed(job_id=job.pk), at=now)
