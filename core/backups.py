"""What is known of backups and restore drills: asked, carried out, ended; only rows, no files."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core import health
from core.errors import ServiceError
from core.models import BackupJob, BackupWatch

if TYPE_CHECKING:
    from django.db.models import QuerySet

# What doors and the keeper are given; its rows are changed here only.
Job = BackupJob
Kind = BackupJob.Kind
FULL, DRILL = Kind.FULL, Kind.DRILL
FULL_LATE = timedelta(hours=26)
WAL_LATE = timedelta(minutes=5)
DRILL_LATE = timedelta(days=8)
KEEPER_LATE = timedelta(seconds=90)
ENDED_IN_THE_MIDDLE = "Its process ended in the middle."


class UnderWay(ServiceError):
    """One of the same kind waits or runs already."""

    code = "under_way"
    message = _("One is under way already; wait until it has ended.")


@dataclass(frozen=True, slots=True)
class BackupFailed:
    """A full backup or a restore drill did not end well."""

    job_id: int


@dataclass(frozen=True, slots=True)
class State:
    """All that a page or a probe says; `late` names what is overdue."""

    watch: BackupWatch | None
    last_full: BackupJob | None
    last_drill: BackupJob | None
    late: frozenset[str]


def job_ask(*, kind: str, at: datetime, by: int | None) -> BackupJob:
    """A job waits for the keeper. Raises UnderWay."""
    job = BackupJob(kind=kind, asked_at=at, asked_by=by)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError as error:
        raise UnderWay from error
    return job


def job_begin(job: BackupJob, *, at: datetime) -> None:
    """The job is under way. Raises UnderWay when somebody took or ended it meanwhile."""
    waiting = BackupJob.objects.filter(pk=job.pk, started_at=None, finished_at=None)
    if not waiting.update(started_at=at):
        raise UnderWay
    job.started_at = at


def job_step(job: BackupJob, *, step: str) -> None:
    """The job says what it does."""
    BackupJob.objects.filter(pk=job.pk).update(step=step)


def job_end(job: BackupJob, *, at: datetime, error: str = "", **found: Any) -> bool:
    """The job ended, well or with an error; False when it was ended by somebody else before."""
    found |= {"finished_at": at, "error": error[:500], "step": ""}
    for name, value in found.items():
        setattr(job, name, value)
    return bool(BackupJob.objects.filter(pk=job.pk, finished_at=None).update(**found))


def jobs_abandoned() -> list[BackupJob]:
    """Return what began and has not ended; who asks knows that nobody works on it any more."""
    return list(BackupJob.objects.filter(started_at__isnull=False, finished_at=None))


def job_waiting(kind: str) -> BackupJob | None:
    """Return the job of this kind that waits."""
    return BackupJob.objects.filter(kind=kind, started_at=None, finished_at=None).first()


def job_get(public_id: Any) -> BackupJob | None:
    """Return one job."""
    return BackupJob.objects.filter(public_id=public_id).first()


def job_of(pk: int) -> BackupJob | None:
    """Return one job by its number inside."""
    return BackupJob.objects.filter(pk=pk).first()


def jobs_of(kind: str) -> "QuerySet[BackupJob]":
    """Return every job of this kind."""
    return BackupJob.objects.filter(kind=kind)


def jobs_recent(kind: str, count: int = 10) -> list[BackupJob]:
    """Return the newest first."""
    return list(jobs_of(kind).order_by("-asked_at", "-pk")[:count])


def job_last_ended(kind: str) -> BackupJob | None:
    """Return the newest that has ended, however."""
    ended = BackupJob.objects.filter(kind=kind, finished_at__isnull=False)
    return ended.order_by("-finished_at").first()


def job_last_good(kind: str) -> BackupJob | None:
    """Return the newest that ended well."""
    good = BackupJob.objects.filter(kind=kind, finished_at__isnull=False, error="")
    return good.order_by("-finished_at").first()


def _first_good_full_at() -> datetime | None:
    good = BackupJob.objects.filter(kind=FULL, finished_at__isnull=False, error="")
    return good.order_by("finished_at").values_list("finished_at", flat=True).first()


def watch_note(*, at: datetime, **seen: Any) -> None:
    """What the keeper sees now is stored; what it does not name stays."""
    BackupWatch.objects.update_or_create(pk=1, defaults={"checked_at": at, **seen})


def state(*, at: datetime) -> State:
    """Return what is there, and what of it is overdue."""
    watch = BackupWatch.objects.filter(pk=1).first()
    full, drill = job_last_good(FULL), job_last_ended(DRILL)
    late = set()
    if watch is None or at - watch.checked_at > KEEPER_LATE:
        late.add("keeper")
    if full is None or full.finished_at is None or at - full.finished_at > FULL_LATE:
        late.add("full")
    covered = watch.covered_until if watch else None
    if covered is None or at - covered > WAL_LATE:
        late.add("wal")
    if drill is not None and drill.error:
        late.add("drill-failed")
    since = drill.finished_at if drill else _first_good_full_at()
    if since is not None and at - since > DRILL_LATE:
        late.add("drill")
    if watch is not None and watch.problem:
        late.add("problem")
    return State(watch, full, drill, frozenset(late))


_SAID = {
    "keeper": _("The backups' keeper is not heard of."),
    "full": _("The last good backup is older than 26 hours, or there is none."),
    "problem": _("The backups' keeper reports a trouble."),
    "wal": _("The transaction log is not archived since more than 5 minutes."),
    "drill-failed": _("The last restore drill failed."),
    "drill": _("The last restore drill is older than 8 days, or there was none."),
}


def sign(*, at: datetime) -> health.Sign:
    """Return what readiness says: without a backup people can work, but somebody must act."""
    late = state(at=at).late
    for name, text in _SAID.items():
        if name in late:
            return health.Sign("backup", "degraded", text, code=name.replace("-", "_"))
    return health.Sign("backup", "ok")
