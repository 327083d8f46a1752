"""A Valkey server of our own (Redis protocol): loopback, password, nothing kept on disk.

It holds only what can be rebuilt (queues whose facts are in the database, caches), so it
writes no file: a killed server comes back empty and at once.
"""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from scripts.console import say
from scripts.devservers import processes
from scripts.devservers.credentials import VALKEY, Credentials
from scripts.devservers.errors import ServerError
from scripts.devservers.launch import Launch, last_lines
from scripts.devservers.place import Place, make_private, write_private
from scripts.devservers.ports import Ports

PROGRAM = "valkey-server"
TIMEOUT_SECONDS = 2.0
GENTLE_SECONDS, HARD_SECONDS = 5.0, 3.0

# volatile-lru: under pressure caches go first (they carry an expiry), queued tasks never.
SETTINGS = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir {directory}
save ""
appendonly no
daemonize no
logfile ""
loglevel notice
maxmemory 256mb
maxmemory-policy volatile-lru
"""


class Valkey:
    """One server in the servers' directory of a place."""

    name = "valkey"
    stop_signals = ((signal.SIGTERM, GENTLE_SECONDS), (signal.SIGKILL, HARD_SECONDS))

    def __init__(self, place: Place, program: Path, credentials: Credentials) -> None:
        self.place = place
        self.program = program
        self.credentials = credentials
        self.data = place.servers / "valkey"
        self.log = place.log(self.name)
        self.port = 0
        self.signal_at_parent_death: signal.Signals | None = None

    def prepare(self, ports: Ports) -> None:
        """The server can be started on a free port. Raises ServerError."""
        make_private(self.data, self.place.account)
        self.stop_leftovers()
        self.port = ports.choose(self.name)
        self.recover()

    def recover(self) -> None:
        """What a killed server left is out of the way; the port stays as it was."""
        self.stop_leftovers()
        text = SETTINGS.format(
            port=self.port, password=self.credentials[VALKEY], directory=_quoted(self.data)
        )
        write_private(self.data / "valkey.conf", text, self.place.account)

    def launch(self) -> Launch:
        """Return how to start the server."""
        return Launch(
            argv=[str(self.program), str(self.data / "valkey.conf")],
            cwd=self.data,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            log=self.log,
            account=self.place.account,
            signal_at_parent_death=self.signal_at_parent_death,
        )

    def is_ready(self) -> bool:
        """True when the server lets us in with our password and answers."""
        request = f"AUTH {self.credentials[VALKEY]}\r\nPING\r\n".encode()
        try:
            address = ("127.0.0.1", self.port)
            with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as connection:
                connection.sendall(request)
                answer = b""
                while answer.count(b"\r\n") < request.count(b"\r\n"):
                    part = connection.recv(256)
                    if not part:
                        break
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def after_start(self) -> None:
        """Nothing to prepare: an empty server is a complete one."""

    def url(self) -> str:
        """Return the server's address."""
        return f"redis://:{self.credentials[VALKEY]}@127.0.0.1:{self.port}/0"

    def running(self) -> list[int]:
        """Return the processes of this server."""
        return processes.servers_in(self.data, PROGRAM)

    def stop_leftovers(self, *, quiet: bool = False) -> None:
        """No process works in the data directory any more. Raises ServerError."""
        if not self.running():
            return
        if not quiet:
            say("  A Valkey of an earlier start still runs here; stopping it.")
        for signum, seconds in self.stop_signals:
            for pid in self.running():
                processes.send(pid, signum, self._is_ours)
            if processes.wait_gone(self.running, seconds):
                return
        raise ServerError("The Valkey of an earlier start cannot be stopped.")

    def _is_ours(self, pid: int) -> bool:
        return processes.is_server(pid, self.data, PROGRAM)

    def why_not(self) -> str:
        """Return the last words of the log, for a server that does not come up."""
        return "\n".join(f"    {line}" for line in last_lines(self.log))


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
