"""A PostgreSQL cluster of our own: made, started, recovered and stopped by us.

Only loopback, only passwords (scram-sha-256), no socket files. Nothing is ever decided by
postmaster.pid alone: a server is ours if it is a postgres that works in our data directory.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from scripts.console import say, step, warn
from scripts.devservers import processes
from scripts.devservers.binaries import PgPrograms
from scripts.devservers.credentials import APP, BACKUP, OWNER, REPORTING, SUPERUSER, Credentials
from scripts.devservers.errors import ServerError
from scripts.devservers.launch import Launch, last_lines
from scripts.devservers.place import Place, make_private, write_private
from scripts.devservers.ports import Ports

PROGRAM = "postgres"
DATABASE = "hms"
MARKER = "hms_ready"
LOWEST_MAJOR, BUILTIN_LOCALE_SINCE = 15, 17
ORPHAN_SECONDS, GENTLE_SECONDS, HARD_SECONDS = 2.0, 20.0, 5.0

SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 100
shared_buffers = '128MB'
max_wal_size = '1GB'
max_slot_wal_keep_size = '4GB'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_lock_waits = on
# A failing statement and its details may hold a patient's name: neither goes to the log.
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
logging_collector = off
"""
# Only for tests: what a power cut would lose is made anew anyway.
UNSAFE_SETTINGS = """\
fsync = off
synchronous_commit = off
full_page_writes = off
"""
ACCESS = f"""\
host all all 127.0.0.1/32 scram-sha-256
host replication {BACKUP} 127.0.0.1/32 scram-sha-256
"""
# The names are those of credentials.py.
ROLES = """\
SELECT format('CREATE ROLE %I', name)
  FROM unnest(ARRAY['hms_owner', 'hms_app', 'hms_reporting', 'hms_backup']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
ALTER ROLE hms_owner LOGIN CREATEDB NOSUPERUSER NOCREATEROLE PASSWORD :'owner';
ALTER ROLE hms_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app';
ALTER ROLE hms_reporting LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'reporting';
ALTER ROLE hms_reporting SET statement_timeout = '120s';
ALTER ROLE hms_reporting SET default_transaction_read_only = on;
ALTER ROLE hms_backup LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'backup';
GRANT pg_read_all_data TO hms_backup;
SELECT 'CREATE DATABASE hms OWNER hms_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'hms') \\gexec
ALTER DATABASE hms OWNER TO hms_owner;
REVOKE ALL ON DATABASE hms FROM PUBLIC;
GRANT CONNECT ON DATABASE hms TO hms_app, hms_reporting, hms_backup;
\\connect hms
GRANT EXECUTE ON FUNCTION pg_switch_wal(), pg_create_restore_point(text) TO hms_backup;
ALTER SCHEMA public OWNER TO hms_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SET ROLE hms_owner;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
"""


class Postgres:
    """One cluster in the servers' directory of a place."""

    name = "postgres"
    stop_signals = (
        (signal.SIGINT, GENTLE_SECONDS),
        (signal.SIGQUIT, HARD_SECONDS),
        (signal.SIGKILL, HARD_SECONDS),
    )

    def __init__(
        self, place: Place, programs: PgPrograms, credentials: Credentials, *, unsafe: bool = False
    ) -> None:
        self.place = place
        self.programs = programs
        self.credentials = credentials
        self.unsafe = unsafe
        self.data = place.servers / "pg"
        self.log = place.log(self.name)
        self.port = 0
        self.signal_at_parent_death: signal.Signals | None = None

    # Making and starting ------------------------------------------------------------------

    def prepare(self, ports: Ports) -> None:
        """The cluster exists and can be started on a free port. Raises ServerError."""
        self.stop_leftovers()
        self._require_same_version()
        if not (self.data / "PG_VERSION").exists():
            with step("Creating the database cluster"):
                self._create_cluster()
        elif not self._is_bootstrapped():
            self._reset_superuser()
        self.port = ports.choose(self.name)
        self.recover()

    def recover(self) -> None:
        """What a killed server left is out of the way; the port stays as it was."""
        self.stop_leftovers()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        account = self.place.account
        unsafe = UNSAFE_SETTINGS if self.unsafe else ""
        write_private(self.data / "hms.conf", SETTINGS.format(port=self.port) + unsafe, account)
        write_private(self.data / "pg_hba.conf", ACCESS, account)

    def launch(self) -> Launch:
        """Return how to start the server."""
        return Launch(
            argv=[str(self.programs.server / "postgres"), "-D", str(self.data)],
            cwd=self.data,
            env=self._environment(),
            log=self.log,
            account=self.place.account,
            signal_at_parent_death=self.signal_at_parent_death,
        )

    def is_ready(self) -> bool:
        """True when the server accepts connections on our port."""
        done = subprocess.run(
            [
                str(self.programs.client / "pg_isready"),
                *("-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "2", "-d", "postgres"),
            ],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def after_start(self) -> None:
        """Roles, database and extensions are as they should be. Raises ServerError."""
        if self._is_bootstrapped():
            return
        self._run_sql(ROLES)
        write_private(self.data / MARKER, self._bootstrap_digest(), self.place.account)

    def url(self, account: str) -> str:
        """Return the address of the database for one role."""
        password = self.credentials[account]
        return f"postgres://{account}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    # Stopping -----------------------------------------------------------------------------

    def running(self) -> list[int]:
        """Return every process of this cluster, the postmaster and orphans alike."""
        return processes.servers_in(self.data, PROGRAM)

    def stop_leftovers(self, *, quiet: bool = False) -> None:
        """No process works in the data directory any more. Raises ServerError."""
        # The children of a killed server notice by themselves within moments.
        if processes.wait_gone(self._orphans, ORPHAN_SECONDS) and not self.running():
            return
        if not quiet:
            say("  A PostgreSQL of an earlier start still runs here; stopping it.")
        for signum, seconds in self.stop_signals:
            for pid in self._heads():
                processes.send(pid, signum, self._is_ours)
            if processes.wait_gone(self.running, seconds):
                return
        raise ServerError("The PostgreSQL of an earlier start cannot be stopped.")

    def _is_ours(self, pid: int) -> bool:
        return processes.is_server(pid, self.data, PROGRAM)

    def _orphans(self) -> list[int]:
        """Return the processes of the cluster when their postmaster is gone."""
        heads = self._heads()
        return [pid for pid in heads if not self._is_postmaster(pid)]

    def _is_postmaster(self, pid: int) -> bool:
        # Its children write over their command line to say what they do.
        return str(self.data) in processes.command_line(pid)

    def _heads(self) -> list[int]:
        """Return the postmaster, or the orphans when it is gone.

        Signalling the postmaster's children beside it would count as a crash.
        """
        running = self.running()
        parents = {pid: processes.parent(pid) for pid in running}
        heads = [pid for pid in running if parents[pid] not in parents]
        return heads or running

    # The cluster's files ------------------------------------------------------------------

    def wipe(self) -> None:
        """The cluster is gone. For tests only."""
        self.stop_leftovers()
        shutil.rmtree(self.data, ignore_errors=True)

    def _create_cluster(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        if self.data.exists():
            self._set_aside()
        unfinished = self.data.with_name("pg.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished, self.place.account)
        password_file = self.data.with_name("pg.password")
        write_private(password_file, self.credentials[SUPERUSER] + "\n", self.place.account)
        try:
            self._initdb(unfinished, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        with open(unfinished / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\ninclude 'hms.conf'\n")
        unfinished.rename(self.data)

    def _set_aside(self) -> None:
        if any(self.data.iterdir()):
            aside = self.data.with_name(f"pg.damaged-{int(time.time())}")
            self.data.rename(aside)
            warn(f"  {self.data} held no whole cluster; it was moved to {aside}.")
        else:
            self.data.rmdir()

    def _initdb(self, directory: Path, password_file: Path) -> None:
        locale = ["--locale=C.UTF-8"]
        if self.programs.major >= BUILTIN_LOCALE_SINCE:
            # The same order and case rules on every system, without its locales.
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [
            str(self.programs.server / "initdb"),
            *("-D", str(directory), "-U", SUPERUSER, "-E", "UTF8", *locale),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions"),
            *(["--no-sync"] if self.unsafe else []),
        ]
        done = self._run_as_account(command)
        if done.returncode:
            raise ServerError(f"The database cluster cannot be made:\n{_text(done)}")

    def _require_same_version(self) -> None:
        major = self.programs.major
        if major < LOWEST_MAJOR:
            raise ServerError(f"PostgreSQL {LOWEST_MAJOR} or later is needed; this is {major}.")
        try:
            found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return
        if found != str(major):
            raise ServerError(
                f"The data in {self.data} were written by PostgreSQL {found}, this one is {major}. "
                "Dump them with the old version first, or run `make clean` to begin anew."
            )

    def _bootstrap_digest(self) -> str:
        return hashlib.sha256((ROLES + self.credentials.digest()).encode()).hexdigest()

    def _is_bootstrapped(self) -> bool:
        try:
            return (self.data / MARKER).read_text(encoding="ascii") == self._bootstrap_digest()
        except OSError:
            return False

    def _reset_superuser(self) -> None:
        """The superuser's password is the kept one, even if the kept ones were lost."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        write_private(self.data / "hms.conf", "", self.place.account)
        command = [str(self.programs.server / "postgres"), "--single", "-D", str(self.data)]
        statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{self.credentials[SUPERUSER]}'\n"
        done = self._run_as_account([*command, "postgres"], statement)
        if done.returncode:
            raise ServerError(f"The database cluster cannot be opened:\n{_text(done)}")

    def _run_sql(self, script: str) -> None:
        variables = {"owner": OWNER, "app": APP, "reporting": REPORTING, "backup": BACKUP}
        # Passwords go in by the script, never by a command line that others can read.
        settings = "".join(f"\\set {n} '{self.credentials[a]}'\n" for n, a in variables.items())
        done = subprocess.run(
            [
                str(self.programs.client / "psql"),
                *("-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port)),
                *("-U", SUPERUSER, "-d", "postgres", "-o", os.devnull, "-f", "-"),
            ],
            input=settings + script,
            env=self._environment() | {"PGPASSWORD": self.credentials[SUPERUSER]},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerError(f"The database cannot be prepared:\n{_text(done)}")

    def _run_as_account(
        self, command: list[str], text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        account = self.place.account
        return subprocess.run(
            command,
            cwd=self.place.servers,
            env=self._environment(),
            input=text if text is not None else "",
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
            capture_output=True,
            text=True,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        # Nothing of the caller's PG* variables may reach the server or its clients.
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.place.servers)}

    def why_not(self) -> str:
        """Return the last words of the log, for a server that does not come up."""
        return "\n".join(f"    {line}" for line in last_lines(self.log))


def _text(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stdout + done.stderr).strip()
