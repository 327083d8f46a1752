"""Starts one program so that it outlives nothing it should not outlive."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.devservers.place import Account

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Launch:
    """How to start a program: what, where, as whom, and what happens when we die."""

    argv: list[str]
    cwd: Path
    env: dict[str, str]
    log: Path
    account: Account | None = None
    signal_at_parent_death: signal.Signals | None = None


def spawn(launch: Launch) -> subprocess.Popen[bytes]:
    """Start the program in a session of its own, its output appended to its log.

    The session of its own keeps Ctrl-C at the terminal from reaching it: only whoever
    started it decides in which order things stop.
    """
    limit_log(launch.log)
    account = launch.account
    with open(launch.log, "ab") as log:
        return subprocess.Popen(
            launch.argv,
            cwd=launch.cwd,
            env=launch.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
            # Safe: what runs there makes system calls only and takes no lock.
            preexec_fn=_die_with_parent(launch.signal_at_parent_death),  # noqa: PLW1509
        )


def _die_with_parent(signum: signal.Signals | None) -> Callable[[], None] | None:
    """Return what the child does first so that the kernel signals it when we are killed."""
    if signum is None or not sys.platform.startswith("linux"):
        return None
    # Everything is looked up before the fork: the child only makes two system calls.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    number = int(signum)

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            # The parent died between the fork and the call above.
            os.kill(os.getpid(), number)

    return arrange


def limit_log(path: Path) -> None:
    """A log past its limit becomes its own .1; the program that appends to it goes on."""
    try:
        if path.stat().st_size <= LOG_LIMIT:
            return
        older = path.with_name(path.name + ".1")
        older.write_bytes(path.read_bytes()[-LOG_LIMIT:])
        older.chmod(0o600)
        os.truncate(path, 0)
    except OSError:
        return


def last_lines(path: Path, count: int = 12) -> list[str]:
    """Return the end of a log, for showing why a program did not start."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        return []
