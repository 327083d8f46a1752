"""A cluster from a backup, recovered to a point in time, on a socket for its account alone."""

import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from hms.backup import programs, sealing, wal
from hms.backup.config import BackupError, Config
from hms.backup.feeder import Feeder
from hms.backup.store import BASE, FILES, Full, Store

POLL_SECONDS = 0.05
START_SECONDS = 4 * 3600.0
DRILL, RESTORE = "drill-", "restore-"
SOCKETS = "hms-sockets-"
PORT = 5432
WRONG_LOCALE = "locale is incompatible"
LAST = re.compile(r"last completed transaction was at log time (.+)")

SETTINGS = """\
data_directory = '{data}'
hba_file = '{home}/hba.conf'
ident_file = '{home}/ident.conf'
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {port}
max_connections = 20
max_prepared_transactions = 20
shared_buffers = '128MB'
maintenance_work_mem = '64MB'
autovacuum = off
archive_mode = off
wal_level = replica
max_wal_size = '1GB'
fsync = {fsync}
hot_standby = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
logging_collector = off
shared_preload_libraries = ''
restore_command = '{home}/fetch "%f" "%p"'
recovery_target_action = 'promote'
{target}
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Up to where: a named restore point, a time, or the end of the archive."""

    name: str = ""
    time: str = ""

    def setting(self) -> str:
        """Return the line of the configuration."""
        if self.name:
            return f"recovery_target_name = '{self.name}'"
        return f"recovery_target_time = '{self.time}'" if self.time else ""


class Recovery:
    """One restored cluster, from unpacking to its end; `into` keeps data and files there."""

    def __init__(
        self, config: Config, store: Store, full: Full, *, into: Path | None = None
    ) -> None:
        self.config, self.store, self.full = config, store, full
        self.account = programs.unprivileged()
        place = into or programs.workplace(config.work, self.account)
        found = programs.find(full.major, chosen=config.programs)
        software = programs.workplace(config.work, self.account) if into else place
        self.programs = programs.reachable(found, self.account, software)
        self.home = Path(tempfile.mkdtemp(prefix=RESTORE if into else DRILL, dir=place))
        self.sockets = Path(tempfile.mkdtemp(prefix=SOCKETS))
        self.data = (into or self.home) / "data"
        self.files = (into or self.home) / "files"
        self.is_kept = into is not None
        self.log = self.home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._feeder: Feeder | None = None

    # Unpacking ----------------------------------------------------------------------------

    def unpack(self) -> None:
        """Data and files are there; the data agree with their manifest. Raises BackupError."""
        for name, target in ((BASE, self.data), (FILES, self.files)):
            target.mkdir(mode=0o700)
            try:
                self._unpack(name, target)
            except (BackupError, tarfile.TarError, EOFError) as error:
                named = self.store.problem(self.full, reads=True)
                raise BackupError(f"{self.full.label}: {named or error}") from error
        check = self.programs / "pg_verifybackup"
        programs.run([check, "--quiet", self.data])

    def _unpack(self, name: str, target: Path) -> None:
        path, identity = self.store.path(self.full, name), self.config.identity()
        with (
            sealing.piped(lambda sink: sealing.unseal(path, sink, identity)) as source,
            tarfile.open(fileobj=source, mode="r|", bufsize=sealing.CHUNK) as tar,
        ):
            tar.extractall(target, filter="tar")  # nosec B202  # our own, sealed when made

    # Running ------------------------------------------------------------------------------

    def start(self, target: Target) -> None:
        """The cluster is recovered to the target and answers. Raises BackupError."""
        place = self.home / "wal"
        place.mkdir(mode=0o700)
        self._feeder = Feeder(self.store, self.full, place, self.config.identity())
        self._configure(target, self._feeder.prepare())
        self._feeder.start()
        self._spawn()
        self._wait()

    def _configure(self, target: Target, fetch: str) -> None:
        settings = SETTINGS.format(
            data=self.data,
            home=self.home,
            sockets=self.sockets,
            port=PORT,
            fsync="on" if self.is_kept else "off",
            target=target.setting(),
        )
        files = {"fetch": fetch, "hba.conf": "local all all trust\n", "ident.conf": ""}
        for name, text in (files | {"server.conf": settings}).items():
            (self.home / name).write_text(text, encoding="utf-8")
        (self.home / "fetch").chmod(0o700)
        if not self.is_kept:
            (self.data / "postgresql.auto.conf").write_text("", encoding="ascii")
        for name in ("standby.signal", "postmaster.pid"):
            (self.data / name).unlink(missing_ok=True)
        (self.data / "recovery.signal").touch()
        for path in (self.home, self.sockets, self.data):
            path.chmod(0o700)
            if self.account is not None:
                hand_over(path, self.account.uid, self.account.gid)

    def _spawn(self) -> None:
        argv = [str(self.programs / "postgres"), "-c", f"config_file={self.home}/server.conf"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                argv,
                cwd=self.home,
                env=programs.clean(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **(self.account.spawn() if self.account else {}),
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise BackupError(self._why_ended())
            try:
                connection = self.connect("postgres")
            except psycopg2.OperationalError as error:
                if WRONG_LOCALE in str(error):
                    raise BackupError(
                        f"This machine lacks the cluster's locale: {error}"
                    ) from error
                time.sleep(POLL_SECONDS)
                continue
            is_recovering = wal.ask(connection, "SELECT pg_is_in_recovery()")[0]
            connection.close()
            if not is_recovering:
                return
            time.sleep(POLL_SECONDS)
        raise BackupError("The restored server did not come up in time.")

    def _why_ended(self) -> str:
        if self._feeder is not None and self._feeder.error:
            return f"The transaction log {self._feeder.error}."
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        text = " / ".join([line for line in lines if "FATAL" in line or "PANIC" in line][-2:])
        if "recovery ended before configured recovery target" not in text:
            return f"The restored server ended: {text}"
        gap = self.store.gap(self.full)
        if gap:
            return f"The transaction log has a gap: {gap} is missing."
        return f"The archive ends before that time: {self.last_moment() or 'nothing after it'}."

    def last_moment(self) -> str:
        """Return the time of the last change that was replayed, as the server says it, or ""."""
        found = LAST.findall(self.log.read_text(encoding="utf-8", errors="replace"))
        return str(found[-1]) if found else ""

    def url(self, role: str, database: str) -> str:
        """Return the copy's address for one role: a socket, no password."""
        return f"postgres://{role}@{str(self.sockets).replace('/', '%2F')}:{PORT}/{database}"

    def connect(self, database: str = "") -> Any:
        """Return a connection of the backup role to the copy."""
        login = self.config.login()
        role = login.get("PGUSER", "hms_backup")
        return wal.connect(self.url(role, database or login["PGDATABASE"]))

    def stop(self) -> None:
        """No process of the copy runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(120)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(30)
        if self._feeder is not None:
            self._feeder.stop()

    def clear(self) -> None:
        """Nothing of the copy is left, except what was asked to be kept."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)


def hand_over(path: Path, uid: int, gid: int) -> None:
    """Everything in the directory belongs to the account."""
    os.chown(path, uid, gid)
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            os.chown(Path(folder) / name, uid, gid, follow_symlinks=False)


def sweep(config: Config) -> int:
    """Copies that a killed drill left are stopped and gone; returns how many.

    Only for whoever holds the lock of the runs: then no drill is under way.
    """
    place = programs.workplace(config.work, programs.unprivileged())
    homes = list(place.glob(f"{DRILL}*"))
    for home in homes:
        for sockets in _sockets_of(home):
            shutil.rmtree(sockets, ignore_errors=True)
        _end_server(home)
        shutil.rmtree(home, ignore_errors=True)
    return len(homes)


def _sockets_of(home: Path) -> list[Path]:
    try:
        text = (home / "server.conf").read_text(encoding="utf-8")
    except OSError:
        return []
    found = re.findall(r"^unix_socket_directories = '(.+)'$", text, re.MULTILINE)
    return [path for path in map(Path, found) if path.name.startswith(SOCKETS)]


def _end_server(home: Path) -> None:
    """A server is ours only if it works in the directory; the pid file alone proves nothing."""
    try:
        number = int((home / "data" / "postmaster.pid").read_text().splitlines()[0])
        words = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, ValueError, IndexError):
        return
    if str(home) not in words:
        return
    os.kill(number, signal.SIGQUIT)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{number}").exists() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
