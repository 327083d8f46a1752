"""The transaction log: received through a slot, sealed segment by segment, waited for."""

import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2

from hms.backup import programs, sealing, segments
from hms.backup.config import BackupError, Config, login
from hms.backup.store import KEPT_WAL, PART, Store

SLOT = "hms_backup"
ASIDE = "log-before-"
# What a new segment begins with counts as nothing written.
PAGE_HEADER = 40
WAIT_SECONDS = 600.0
SERVER = (
    "SELECT current_setting('server_version_num')::int / 10000, "
    "(SELECT system_identifier::text FROM pg_control_system()), "
    "pg_size_bytes(current_setting('wal_segment_size')), "
    "(SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')), "
    "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
)
PLACE = (
    "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, "
    "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int, "
    "pg_size_bytes(current_setting('wal_segment_size'))"
)
OF_SLOT = (
    "SELECT wal_status, pg_terminate_backend(active_pid) FROM pg_replication_slots "
    "WHERE slot_name = %s"
)


def connect(url: str, **options: Any) -> Any:
    """Return a connection that asks one statement at a time."""
    given: dict[str, Any] = {
        name.removeprefix("PG").lower(): value for name, value in login(url).items()
    }
    given["dbname"] = given.pop("database", "")
    given.update({"connect_timeout": 5, "application_name": "hms backup"} | options)
    opened = psycopg2.connect(**given)
    opened.autocommit = True
    return opened


def ask(connection: Any, sql: str, values: Iterable[Any] = ()) -> tuple[Any, ...]:
    """Return the first row of the answer, or an empty one."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchone() or ()


@dataclass(frozen=True, slots=True)
class Server:
    """What must be known of the live server."""

    major: int
    system_id: str
    segment_bytes: int
    timeline: int


def server(config: Config) -> Server:
    """Return what the server is. Raises BackupError."""
    try:
        connection = connect(config.url)
    except psycopg2.Error as error:
        said = str(error).strip()
        raise BackupError(f"The database does not let the backup role in: {said}") from error
    try:
        major, system_id, size, tablespaces, timeline = ask(connection, SERVER)
    finally:
        connection.close()
    if tablespaces:
        raise BackupError("The cluster has tablespaces of its own; these backups know none.")
    return Server(major, system_id, size, timeline)


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything before `at` is in the archive once this segment is."""

    at: datetime
    segment: str


def mark(connection: Any, *, at: datetime) -> Mark:
    """Return where the log is now."""
    place, timeline, size = ask(connection, PLACE)
    place, size = int(place), int(size)
    if place % size <= PAGE_HEADER:
        place -= place % size
    return Mark(at, segments.holding(place, timeline=timeline, size=size))


def switch(connection: Any) -> None:
    """The segment in use is closed when anything is in it."""
    ask(connection, "SELECT pg_switch_wal()")


def wait_until_archived(store: Store, segment: str, *, seconds: float = WAIT_SECONDS) -> None:
    """The segment is in the archive. Raises BackupError when that takes too long (SEC-O3)."""
    deadline = time.monotonic() + seconds
    while not store.wal_path(segment).exists():
        if time.monotonic() > deadline:
            raise BackupError(
                f"The transaction log up to {segment} did not reach the archive in "
                f"{seconds:.0f} s: does the keeper run (manage.py backup_keeper)?"
            )
        time.sleep(0.1)


def set_aside(config: Config, *, timeline: int) -> int:
    """Unfinished segments of older timelines are out of the receiver's way; returns how many.

    A restored server cannot go on from where the lost one was: the receiver would ask it to, in
    vain, for ever. They are kept in `work`: they hold the last that the lost server wrote.
    """
    older = [p for p in config.spool.iterdir() if segments.is_older(p.name, timeline=timeline)]
    if older:
        place = Path(tempfile.mkdtemp(prefix=ASIDE, dir=config.work))
        for path in older:
            path.rename(place / path.name)
    return len(older)


class Receiver:
    """pg_receivewal as a child process: what the server writes is in the spool at once."""

    def __init__(self, config: Config, directory: Path) -> None:
        self.config = config
        self.directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._log = config.work / "pg_receivewal.log"

    def _prepare(self) -> None:
        """The slot is there and nobody uses it: not even the receiver of a killed keeper."""
        connection = connect(self.config.url)
        try:
            found = ask(connection, OF_SLOT, [SLOT])
        finally:
            connection.close()
        if found and found[0] == "lost":
            self._call("--drop-slot")
        self._call("--create-slot", "--if-not-exists")

    def _call(self, *arguments: str) -> None:
        argv: list[str | Path] = [self.directory / "pg_receivewal", "--slot", SLOT, *arguments]
        programs.run(argv, self.config.login())

    def start(self) -> None:
        """The log is being received. Raises BackupError, psycopg2.Error."""
        self._prepare()
        argv = [
            str(self.directory / "pg_receivewal"),
            *("-D", str(self.config.spool), "--slot", SLOT),
            *("--synchronous", "--no-loop", "--no-password", "--status-interval=5"),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                argv,
                env=programs.clean(self.config.login()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def why_not(self) -> str:
        """Return its last words."""
        try:
            return self._log.read_text(encoding="utf-8", errors="replace").strip()[-300:]
        except OSError:
            return ""

    def stop(self) -> None:
        """It ended; what it received stays in the spool."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class Archiver:
    """Seals what the receiver finished, and knows until when everything is archived."""

    def __init__(self, config: Config, store: Store) -> None:
        self.config = config
        self.store = store
        config.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.covered_until: datetime | None = None
        self.last = max(filter(segments.is_segment, store.wal()), default="")
        self._marks: list[Mark] = []

    def archive(self) -> int:
        """Every finished segment is sealed and gone from the spool; returns how many."""
        spool = self.config.spool
        names = sorted(each.name for each in spool.iterdir() if KEPT_WAL.fullmatch(each.name))
        for name in names:
            plain, part = spool / name, self.store.wal_dir / f"{PART}{name}"
            with plain.open("rb") as file:
                sealing.seal(file, part, self.config.keys())
            self.store.publish_wal(part, name)
            plain.unlink()
            if segments.is_segment(name):
                self.last = max(self.last, name)
        return len(names)

    def note(self, found: Mark) -> None:
        """Remember the mark until its segment is archived."""
        self._marks.append(found)

    def settle(self) -> None:
        """Marks whose segment is archived are reached."""
        reached = [each for each in self._marks if each.segment <= self.last]
        if reached:
            self.covered_until = max(each.at for each in reached)
            self._marks = [each for each in self._marks if each not in reached]
