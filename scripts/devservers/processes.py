"""Who runs on this machine, told by facts that a reused process id cannot fake.

A process id found in a file proves nothing: the process may be long gone and its number
given to somebody else. So a process is ours only if its program and its working directory
(servers) or its start time (everything else) are what we know of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
HAS_PROC = sys.platform.startswith("linux") and (PROC / "self" / "stat").exists()
POLL_SECONDS = 0.05
# Fields of /proc/<pid>/stat after the name, counted from the state (field 3 of proc(5)).
STATE, PARENT, START_TIME = 0, 1, 19


@dataclass(frozen=True)
class Identity:
    """One process for certain: its number and the moment it began."""

    pid: int
    began: str

    def is_alive(self) -> bool:
        """True while exactly this process runs (a zombie does not)."""
        return began(self.pid) == self.began

    def text(self) -> str:
        return f"{self.pid} {self.began}\n"


def identify(pid: int) -> Identity | None:
    """Return the identity of a living process, or None."""
    moment = began(pid)
    return Identity(pid, moment) if moment else None


def parse_identity(text: str) -> Identity | None:
    """Read what Identity.text() wrote; None for an empty, cut or foreign file."""
    number, _, moment = text.strip().partition(" ")
    if not text.endswith("\n") or not number.isascii() or not number.isdigit() or not moment:
        return None
    return Identity(int(number), moment)


def began(pid: int) -> str:
    """Return the start of a living process in a form unique on this machine, else ''."""
    if HAS_PROC:
        fields = _stat(pid)
        if not fields or fields[STATE] in {"Z", "X"}:
            return ""
        return f"{_boot_id()}:{fields[START_TIME]}"
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    state, _, moment = done.stdout.strip().partition(" ")
    return "" if not moment or state.startswith("Z") else " ".join(moment.split())


def parent(pid: int) -> int:
    """Return the parent's process id, 0 when it cannot be told."""
    if HAS_PROC:
        fields = _stat(pid)
        return int(fields[PARENT]) if fields else 0
    done = subprocess.run(
        ["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return int(done.stdout.strip() or 0)


def _stat(pid: int) -> list[str]:
    try:
        # The name in parentheses may itself hold blanks and parentheses.
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown-boot"


def servers_in(directory: Path, program: str) -> list[int]:
    """Return the processes of one server program that work in exactly this directory."""
    if not HAS_PROC:
        return _servers_by_command_line(directory, program)
    return [pid for pid in _all_pids() if is_server(pid, directory, program)]


def is_server(pid: int, directory: Path, program: str) -> bool:
    """True when the process runs the named program in the directory."""
    if not HAS_PROC:
        return pid in _servers_by_command_line(directory, program)
    executable = _link(pid, "exe").removesuffix(" (deleted)")
    if os.path.basename(executable) != program or not began(pid):
        return False
    return _link(pid, "cwd") == os.path.realpath(directory)


def _servers_by_command_line(directory: Path, program: str) -> list[int]:
    done = subprocess.run(
        ["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=False
    )
    found = []
    for line in done.stdout.splitlines():
        number, _, command = line.strip().partition(" ")
        first = command.split(" ", 1)[0]
        if os.path.basename(first) == program and str(directory) in command:
            found.append(int(number))
    return found


def _all_pids() -> list[int]:
    return [int(each.name) for each in PROC.iterdir() if each.name.isdigit()]


def command_line(pid: int) -> list[str]:
    """Return the words of a process's command line; empty when it cannot be told."""
    if not HAS_PROC:
        done = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return done.stdout.split()
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return []
    return words.rstrip("\0").split("\0")


def _link(pid: int, name: str) -> str:
    try:
        return os.readlink(PROC / str(pid) / name)
    except OSError:
        return ""


def marked(mark: str) -> list[int]:
    """Return living processes that carry NAME=value in the environment they began with."""
    if not HAS_PROC:
        return []
    return [pid for pid in _all_pids() if pid != os.getpid() and has_mark(pid, mark)]


def has_mark(pid: int, mark: str) -> bool:
    """True when the process began with exactly this NAME=value in its environment."""
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return mark.encode() in environment.split(b"\0")


def send(pid: int, signum: int, is_ours: Callable[[int], bool]) -> bool:
    """Signal the process only if the check holds for it; True when the signal was sent.

    The check runs while a handle on the process is open where the system has such handles,
    so the number cannot pass to another process between the check and the signal.
    """
    try:
        handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except OSError:
        return False
    try:
        if not is_ours(pid):
            return False
        if handle is None:
            os.kill(pid, signum)
        else:
            signal.pidfd_send_signal(handle, signum)
    except OSError:
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True


def wait_gone(find: Callable[[], Iterable[int]], seconds: float) -> bool:
    """True as soon as nothing is found any more, False when the time is over."""
    deadline = time.monotonic() + seconds
    while any(True for _ in find()):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
