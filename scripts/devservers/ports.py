"""Loopback ports: chosen free, remembered, and given up when somebody else took them."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

from scripts.console import warn
from scripts.devservers.errors import ServerError

# Below the range from which systems give ports to outgoing connections, so that a port chosen
# today is not by chance the source port of a browser tomorrow.
LOWEST, HIGHEST = 20000, 31999
TRIES = 200
HIGHEST_PORT = 65535


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True when a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def any_free() -> int:
    """Return a free port. Raises ServerError when there is none."""
    chooser = random.SystemRandom()
    for _ in range(TRIES):
        port = chooser.randint(LOWEST, HIGHEST)
        if is_free(port):
            return port
    raise ServerError("No free port was found on this machine.")


def next_free(wanted: int, *, host: str = "127.0.0.1") -> int:
    """Return the wanted port or the next free one above it. Raises ServerError."""
    for port in range(wanted, min(wanted + TRIES, HIGHEST_PORT + 1)):
        if is_free(port, host):
            return port
    raise ServerError(f"No port from {wanted} on is free.")


class Ports:
    """The ports of one state directory, remembered in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, int]:
        """Return the remembered ports; a damaged file counts as none."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            return {str(name): int(port) for name, port in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def choose(self, name: str) -> int:
        """Return the remembered port if it is free, else another one, and say so."""
        known = self.read()
        port = known.get(name)
        if port is not None and is_free(port):
            return port
        chosen = any_free()
        if port is not None:
            warn(f"  Port {port} of {name} is taken by another program; using {chosen}.")
        self.remember(name, chosen)
        return chosen

    def remember(self, name: str, port: int) -> None:
        """The file names this port for the next start."""
        text = json.dumps(self.read() | {name: port})
        unfinished = self.path.with_name(self.path.name + ".new")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(self.path)
