"""The keeper: archives the log without a pause, asks for what is due, runs what was asked for."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from core import backups, clock
from hms.backup import desk, programs, wal
from hms.backup.config import BackupError, Config
from hms.backup.store import Store, alone, can_delete

POLL_SECONDS = 0.5
LOOK_SECONDS = 5.0
REST_SECONDS = 5.0
SIZES_SECONDS = 60.0
PAUSE = timedelta(minutes=10)
COMMANDS = {backups.FULL: "backup", backups.DRILL: "restore_drill"}
TROUBLES = (BackupError, psycopg2.Error, OperationalError, InterfaceError, OSError)
Stop = Callable[[], bool]
log = structlog.get_logger("hms.backup")


class Keeper:
    """One per installation: a second one is refused."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config)
        self.child: subprocess.Popen[bytes] | None = None
        self._sizes_at = 0.0

    def run(self, *, should_stop: Stop) -> None:
        """Work until told to stop; whatever fails is noted and tried again."""
        with alone(self.config.work / "keeper.lock", "keeper"):
            while not should_stop():
                try:
                    self._work(should_stop)
                except TROUBLES as error:
                    log.warning("keeper_trouble", kind=type(error).__name__)
                    self._note_trouble(str(error).strip()[:400] or type(error).__name__)
                    time.sleep(REST_SECONDS)
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            self.child.wait()

    def _work(self, should_stop: Stop) -> None:
        found = wal.server(self.config)
        self.store.prepare(found.system_id)
        directory = programs.find(found.major, chosen=self.config.programs)
        archiver = wal.Archiver(self.config, self.store)
        archiver.archive()
        wal.set_aside(self.config, timeline=found.timeline)
        receiver = wal.Receiver(self.config, directory)
        line = wal.connect(self.config.url)
        try:
            receiver.start()
            self._archive(archiver, receiver, line, should_stop)
            if not should_stop():
                raise BackupError(f"pg_receivewal ended: {receiver.why_not()}")
        finally:
            receiver.stop()
            line.close()

    def _archive(
        self, archiver: wal.Archiver, receiver: wal.Receiver, line: Any, should_stop: Stop
    ) -> None:
        next_switch = next_look = 0.0
        while not should_stop() and receiver.is_running():
            now = time.monotonic()
            if now >= next_switch:
                mark = wal.mark(line, at=clock.now())
                archiver.note(mark)
                wal.switch(line)
                next_switch = now + self.config.wal_seconds
            archiver.archive()
            archiver.settle()
            if now >= next_look:
                self._look(archiver, timeline=int(mark.segment[:8], 16))
                next_look = now + LOOK_SECONDS
            time.sleep(POLL_SECONDS)

    # Every few seconds --------------------------------------------------------------------

    def _look(self, archiver: wal.Archiver, *, timeline: int) -> None:
        """The page says what there is; what is due is asked for; what was asked for runs."""
        now = clock.now()
        wanted = reason(self.store, at=now, timeline=timeline, hour=self.config.hour)
        problems = [wanted] if wanted not in {"", NIGHTLY, FIRST} else []
        try:
            self.store.copy_missing()
        except BackupError as error:
            problems.append(str(error))
        seen: dict[str, Any] = {
            "problem": " ".join(problems)[:500],
            "last_segment": archiver.last,
            "has_copy": self.config.copy is not None,
        }
        if archiver.covered_until is not None:
            seen["covered_until"] = archiver.covered_until
        if time.monotonic() >= self._sizes_at:
            seen |= self.store.sizes()
            seen["can_delete"] = can_delete(self.config.store)
            copy = self.config.copy
            seen["can_delete_copy"] = copy is not None and can_delete(copy)
            self._sizes_at = time.monotonic() + SIZES_SECONDS
        backups.watch_note(at=now, **seen)
        if self.child is not None and self.child.poll() is None:
            return
        if self.child is not None:
            self.child, self._sizes_at = None, 0.0
        if desk.settle(self.config):
            if wanted and not _failed_lately(now):
                _ask(now)
            self._start_child()

    def _note_trouble(self, problem: str) -> None:
        connection.close()
        try:
            backups.watch_note(at=clock.now(), problem=problem)
        except (OperationalError, InterfaceError):
            connection.close()

    def _start_child(self) -> None:
        for kind, command in COMMANDS.items():
            if backups.job_waiting(kind) is not None:
                self.child = subprocess.Popen(  # noqa: S603
                    [sys.executable, "manage.py", command],
                    cwd=settings.BASE_DIR,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
                return


FIRST, NIGHTLY = "first", "nightly"


def reason(store: Store, *, at: datetime, timeline: int, hour: int) -> str:
    """Return why a new full backup is needed now, or ""; a sentence when something is wrong."""
    fulls = store.fulls()
    if not fulls:
        return FIRST
    newest = fulls[-1]
    problem = store.problem(newest)
    if problem:
        return f"The newest full backup is not whole: {problem}. A new one is taken."
    gap = store.gap(newest)
    if gap:
        return f"The transaction log has a gap: {gap} is missing. A new full backup is taken."
    if newest.timeline != timeline:
        return "The server was restored since the newest full backup. A new one is taken."
    return NIGHTLY if at >= next_night(newest.started_at, hour=hour) else ""


def next_night(began: datetime, *, hour: int) -> datetime:
    """Return the first such hour, on the hospital's clock, after a backup began."""
    local = timezone.localtime(began)
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return due if due > local else due + timedelta(days=1)


def _failed_lately(now: datetime) -> bool:
    last = backups.job_last_ended(backups.FULL)
    return bool(last and last.error and last.finished_at and now - last.finished_at < PAUSE)


def _ask(now: datetime) -> None:
    try:
        desk.ask(backups.FULL, at=now, by=None)
    except backups.UnderWay:
        return
