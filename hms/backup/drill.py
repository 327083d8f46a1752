"""The drill: restore the newest backup to a moment, compare it with the live database, report."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from core import clock
from hms.backup import facts, instant, wal
from hms.backup.config import BackupError, Config
from hms.backup.facts import Difference, Facts
from hms.backup.recovery import Recovery, Target
from hms.backup.store import Full, Store

CHECK_SECONDS = 3600
TRIES = 3
CHECKS: dict[str, tuple[str, ...]] = {"migrate": ("--check",), "audit_verify": ()}
GIGABYTE = 1_000_000_000
Tell = Callable[[str], object]


@dataclass(slots=True)
class Report:
    """What a drill found; every number is measured."""

    backup: str
    backup_at: datetime
    backup_bytes: int
    plain_bytes: int
    target_at: datetime | None = None
    tables: dict[str, int] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    wait_seconds: float = 0.0
    live_seconds: float = 0.0
    unpack_seconds: float = 0.0
    replay_seconds: float = 0.0
    compare_seconds: float = 0.0
    checks: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def restore_seconds(self) -> float:
        return round(self.unpack_seconds + self.replay_seconds, 2)

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def plain(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        values = asdict(self) | {"restore_seconds": self.restore_seconds, "rows": self.rows}
        for name in ("backup_at", "target_at"):
            values[name] = values[name].isoformat() if values[name] else None
        return values


class Inexact(BackupError):
    """Something was committed at the very instant; nothing is wrong with the backup."""


class Drill:
    """One drill; `tamper` is where tests spoil the copy."""

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        tell: Tell = lambda _step: None,
        tamper: Callable[[Recovery], object] = lambda _copy: None,
    ) -> None:
        self.config, self.store, self.tell, self.tamper = config, store, tell, tamper

    def run(self) -> Report:
        """Restore and compare. Raises BackupError when that cannot be done."""
        self.config.identity()
        for attempt in range(TRIES):
            try:
                return self._run()
            except Inexact:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("not reached")

    def _run(self) -> Report:
        full = newest(self.store)
        report = Report(full.label, full.finished_at, full.size, full.plain_bytes)
        self.tell("instant")
        with closing(instant.fix(self.config, name=f"hms-drill-{clock.now():%H%M%S%f}")) as moment:
            report.target_at = moment.at
            self.tell("log")
            report.wait_seconds = timed(
                lambda: wal.wait_until_archived(self.store, moment.mark.segment)
            )
            gap = self.store.gap(full)
            if gap:
                raise BackupError(f"The transaction log has a gap: {gap} is missing.")
            self.tell("live")
            live = Facts()
            report.live_seconds = timed(lambda: facts.read(moment.connection, into=live))
            live.sequences = moment.sequences
        self._restore(full, moment, live, report)
        return report

    def _restore(self, full: Full, moment: instant.Instant, live: Facts, report: Report) -> None:
        copy = Recovery(self.config, self.store, full)
        try:
            self.tell("unpack")
            report.unpack_seconds = timed(copy.unpack)
            self.tell("replay")
            report.replay_seconds = timed(lambda: copy.start(Target(name=moment.name)))
            _refuse_inexact(copy, moment.snapshot)
            self.tamper(copy)
            self.tell("compare")
            report.compare_seconds = timed(lambda: _compare(copy, live, report))
            self.tell("checks")
            for name, arguments in CHECKS.items():
                said = _manage(copy, name, *arguments)
                report.checks[name] = said or "ok"
                if said:
                    report.differences.append(Difference("check", name, said))
        finally:
            self.tell("clearing")
            copy.clear()


def newest(store: Store, *, until: datetime | None = None) -> Full:
    """Return the newest backup that ended before `until`. Raises BackupError: none, or broken."""
    found = [full for full in store.fulls() if until is None or full.finished_at <= until]
    if not found:
        raise BackupError("There is no full backup from before that time.")
    problem = store.problem(found[-1])
    if problem:
        raise BackupError(f"The newest full backup is not whole: {problem}.")
    return found[-1]


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds it took."""
    began = time.monotonic()
    work()
    return round(time.monotonic() - began, 2)


def _refuse_inexact(copy: Recovery, snapshot: str) -> None:
    with closing(copy.connect()) as connection:
        if instant.beyond(connection, snapshot):
            raise Inexact("Something was committed at the very instant; ask for another drill.")


def _compare(copy: Recovery, live: Facts, report: Report) -> None:
    there = Facts()
    with closing(copy.connect()) as connection:
        facts.prepare(connection)
        facts.read(connection, into=there)
    report.tables = {name: count for name, (count, _mark) in there.tables.items()}
    report.parts = {kind: len(items) for kind, items in there.catalog.items()}
    report.parts["sequence"] = len(there.sequences)
    report.differences += facts.compare(live, there)


def _manage(copy: Recovery, name: str, *arguments: str) -> str:
    """Run a command of ours on the copy alone; return why it failed, or ""."""
    database, roles = copy.config.login()["PGDATABASE"], settings.DATABASE_ROLES
    ours = {
        "DATABASE_URL": copy.url(roles["app"], database),
        "DATABASE_OWNER_URL": copy.url(roles["owner"], database),
        "DATABASE_BACKUP_URL": "",
        # The live anchors know seals that the copy cannot have; those of the backup it must have.
        "HMS_AUDIT_ANCHOR_DIR": str(copy.files / "anchors"),
    }
    hidden = {*ours, *(f"{key}_FILE" for key in ours)}
    environment = {k: v for k, v in os.environ.items() if k not in hidden} | ours
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), name, *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "took too long"
    if not done.returncode:
        return ""
    said = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return said[-1][:300] if said else f"exit code {done.returncode}"
