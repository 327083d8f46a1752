"""PostgreSQL and Valkey together: what the product needs to run on one machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.console import step
from scripts.devservers.binaries import find_postgres, find_valkey
from scripts.devservers.credentials import APP, BACKUP, OWNER, REPORTING, load_credentials
from scripts.devservers.errors import ServerError
from scripts.devservers.launch import spawn
from scripts.devservers.place import Place, make_directory, prepare_place
from scripts.devservers.ports import Ports
from scripts.devservers.postgres import Postgres
from scripts.devservers.valkey import Valkey

READY_SECONDS = 120.0
POLL_SECONDS = 0.05
Server = Postgres | Valkey


@dataclass(frozen=True)
class Servers:
    """Addresses of the running servers; empty where the caller brought its own."""

    database_url: str
    owner_url: str
    reporting_url: str
    backup_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """Return the variables that the product's settings read."""
        named = {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "DATABASE_REPORTING_URL": self.reporting_url,
            "DATABASE_BACKUP_URL": self.backup_url,
            "REDIS_URL": self.redis_url,
        }
        return {name: value for name, value in named.items() if value}


class Stack:
    """The servers of one state directory that have to be ours."""

    def __init__(
        self, var: Path, *, unsafe: bool = False, environ: Mapping[str, str] | None = None
    ) -> None:
        environ = os.environ if environ is None else environ
        self.environ = environ
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.ports = Ports(var / "run" / "ports.json")
        for each in (var / "log", var / "run"):
            make_directory(each)
        if not (environ.get("DATABASE_URL") and environ.get("REDIS_URL")):
            self._prepare(prepare_place(var), unsafe=unsafe)

    def _prepare(self, place: Place, *, unsafe: bool) -> None:
        credentials = load_credentials(place.var / "credentials.json")
        if not self.environ.get("DATABASE_URL"):
            programs = find_postgres(place)
            self.postgres = Postgres(place, programs, credentials, unsafe=unsafe)
        if not self.environ.get("REDIS_URL"):
            self.valkey = Valkey(place, find_valkey(place), credentials)

    @property
    def all(self) -> list[Server]:
        """The servers to start, in the order to start them in."""
        return [each for each in (self.postgres, self.valkey) if each is not None]

    def addresses(self) -> Servers:
        """Return the addresses; those the caller brought are passed on as they are."""
        postgres, valkey, given = self.postgres, self.valkey, self.environ
        return Servers(
            database_url=postgres.url(APP) if postgres else given.get("DATABASE_URL", ""),
            owner_url=postgres.url(OWNER) if postgres else given.get("DATABASE_OWNER_URL", ""),
            reporting_url=(
                postgres.url(REPORTING) if postgres else given.get("DATABASE_REPORTING_URL", "")
            ),
            backup_url=postgres.url(BACKUP) if postgres else given.get("DATABASE_BACKUP_URL", ""),
            redis_url=valkey.url() if valkey else given.get("REDIS_URL", ""),
        )

    def is_running(self) -> bool:
        """True when every server answers on its remembered port."""
        known = self.ports.read()
        for server in self.all:
            server.port = known.get(server.name, 0)
        return all(each.port and each.running() and each.is_ready() for each in self.all)

    def start(self) -> dict[str, subprocess.Popen[bytes]]:
        """Start every server and wait until all answer. Raises ServerError."""
        started: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for server in self.all:
                server.prepare(self.ports)
                started[server.name] = spawn(server.launch())
            for server in self.all:
                wait_ready(server, started[server.name])
        except BaseException:
            self.stop(started)
            raise
        return started

    def stop(self, started: Mapping[str, subprocess.Popen[bytes]] | None = None) -> None:
        """Stop every server, the last started first. Raises ServerError."""
        for server in reversed(self.all):
            process = (started or {}).get(server.name)
            if process is None:
                server.stop_leftovers(quiet=True)
            else:
                stop_child(server, process)


def wait_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers and is prepared for us. Raises ServerError."""
    deadline = time.monotonic() + READY_SECONDS
    while not server.is_ready():
        if process.poll() is not None:
            raise ServerError(f"{server.name} did not start:\n{server.why_not()}")
        if time.monotonic() > deadline:
            raise ServerError(f"{server.name} does not answer:\n{server.why_not()}")
        time.sleep(POLL_SECONDS)
    server.after_start()


def stop_child(server: Server, process: subprocess.Popen[bytes]) -> None:
    """The child has ended, gently if it will."""
    for signum, seconds in server.stop_signals:
        if process.poll() is not None:
            return
        process.send_signal(signum)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def running(
    var: Path, *, unsafe: bool = False, environ: Mapping[str, str] | None = None
) -> Iterator[Servers]:
    """Servers run inside the block and are stopped after it. Raises ServerError."""
    stack = Stack(var, unsafe=unsafe, environ=environ)
    for server in stack.all:
        # Should this process be killed, nobody else would stop servers meant for it alone.
        server.signal_at_parent_death = signal.SIGQUIT if unsafe else None
    started = _start_or_remake(stack, unsafe=unsafe)
    try:
        yield stack.addresses()
    finally:
        stack.stop(started)


def _start_or_remake(stack: Stack, *, unsafe: bool) -> dict[str, subprocess.Popen[bytes]]:
    if not stack.all:
        return {}
    names = " and ".join(server.name for server in stack.all)
    try:
        with step(f"Starting {names}"):
            return stack.start()
    except ServerError:
        if not unsafe or stack.postgres is None:
            raise
        # A test cluster without fsync may not survive a power cut; its data are worth nothing.
        stack.postgres.wipe()
        with step(f"Starting {names} with a new cluster"):
            return stack.start()


def start(var: Path) -> Servers:
    """Servers run after this, also when the caller has ended. Raises ServerError."""
    stack = Stack(var)
    if not stack.is_running():
        stack.start()
    return stack.addresses()


def stop(var: Path) -> None:
    """No server of this state directory runs any more. Raises ServerError."""
    Stack(var, environ={}).stop()


def default_var() -> Path:
    """Return the state directory: HMS_VAR, else var/ in the checkout."""
    root = Path(__file__).resolve().parent.parent.parent
    return Path(os.environ.get("HMS_VAR") or root / "var")
