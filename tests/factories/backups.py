"""Jobs of the backups' keeper as they stand after good and bad nights."""

from datetime import datetime, timedelta
from typing import Any

from core import backups, clock

REPORT: dict[str, Any] = {
    "backup": "20261125T010000Z-abcdef",
    "backup_at": "2026-11-25T01:02:00+00:00",
    "target_at": "2026-11-25T03:00:00+00:00",
    "backup_bytes": 400_000_000,
    "plain_bytes": 2_000_000_000,
    "tables": {"public.org_unit": 12, "public.org_user": 40},
    "parts": {"constraint": 1346, "sequence": 64},
    "checks": {"migrate": "ok", "audit_verify": "ok"},
    "differences": [],
    "wait_seconds": 0.3,
    "live_seconds": 2.5,
    "unpack_seconds": 20.0,
    "replay_seconds": 4.0,
    "compare_seconds": 2.4,
    "restore_seconds": 24.0,
    "rows": 52,
}


def full_made(*, at: datetime | None = None, error: str = "") -> backups.Job:
    """A full backup that took five seconds."""
    at = at or clock.now()
    job = backups.job_ask(kind=backups.FULL, at=at, by=None)
    backups.job_begin(job, at=at)
    found = {"label": REPORT["backup"], "bytes": 400_000_000, "plain_bytes": 2_000_000_000}
    backups.job_end(job, at=at + timedelta(seconds=5), error=error, **({} if error else found))
    return job


def drill_made(
    *, at: datetime | None = None, error: str = "", differences: tuple[Any, ...] = ()
) -> backups.Job:
    """A drill that took half a minute."""
    at = at or clock.now()
    job = backups.job_ask(kind=backups.DRILL, at=at, by=None)
    backups.job_begin(job, at=at)
    found = {
        "label": REPORT["backup"],
        "bytes": REPORT["backup_bytes"],
        "plain_bytes": REPORT["plain_bytes"],
        "report": REPORT | {"differences": list(differences)},
    }
    backups.job_end(job, at=at + timedelta(seconds=30), error=error, **found)
    return job


def good_night(at: datetime) -> None:
    """A keeper that works, a backup and a drill that went well."""
    full_made(at=at)
    drill_made(at=at)
    backups.watch_note(at=at, covered_until=at, fulls=1, full_bytes=400_000_000)
