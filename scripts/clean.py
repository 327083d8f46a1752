"""Stops what runs from the state directory and removes it, with its servers' files elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from scripts.console import fail, say
from scripts.devservers import ServerError, default_var, processes
from scripts.devservers.place import RECORD, prepare_place
from scripts.devservers.postgres import PROGRAM as POSTGRES
from scripts.devservers.valkey import PROGRAM as VALKEY
from scripts.locks import Lock, LockTaken
from scripts.supervisor import sweep

STOP_SECONDS = 60.0
OURS = {"scripts.demo", "scripts.devservers", "scripts.drill"}


def state_directories(var: Path) -> list[Path]:
    """Return every state directory in and below var: the demo's, the tests', the bench's."""
    return sorted({record.parent for record in var.rglob(RECORD)} | {var})


def stop_holder(lock: Lock) -> None:
    """Whoever holds the lock has stopped. Raises ServerError."""
    deadline = time.monotonic() + STOP_SECONDS
    told = False
    while True:
        try:
            lock.take()
            return
        except LockTaken as taken:
            if time.monotonic() > deadline:
                raise ServerError(f"Process {taken.note.get('pid')} does not stop.") from None
            if not told:
                told = True
                _ask_to_stop(taken.note.get("pid", ""))
            time.sleep(0.2)


def _ask_to_stop(pid: str) -> None:
    if not pid.isdigit():
        return
    say(f"Stopping process {pid} …")
    processes.send(int(pid), signal.SIGTERM, _is_ours)


def _is_ours(pid: int) -> bool:
    return bool(OURS.intersection(processes.command_line(pid)))


def remove(directory: Path) -> None:
    """Nothing of this state directory runs, and its servers' files are gone."""
    if not directory.is_dir():
        return
    lock = Lock(directory / "lock")
    stop_holder(lock)
    try:
        sweep(directory / "run", str(directory))
        place = prepare_place(directory)
        _stop_servers(place.servers)
        if place.servers != directory:
            shutil.rmtree(place.servers)
        shutil.rmtree(directory)
    finally:
        lock.release()


def _stop_servers(servers: Path) -> None:
    _stop_server(servers / "pg", POSTGRES, signal.SIGQUIT)
    _stop_server(servers / "valkey", VALKEY, signal.SIGTERM)


def _stop_server(data: Path, program: str, signum: signal.Signals) -> None:
    for pid in processes.servers_in(data, program):
        processes.send(pid, signum, lambda each: processes.is_server(each, data, program))
    if not processes.wait_gone(lambda: processes.servers_in(data, program), STOP_SECONDS):
        raise ServerError(f"The server in {data} does not stop.")


def main() -> int:
    """Command line; returns the exit code."""
    var = Path(os.path.realpath(default_var()))
    if not var.is_dir():
        return 0
    try:
        # The deepest first: the tests' and the drill's directories lie inside the demo's.
        for directory in reversed(state_directories(var)):
            remove(directory)
    except (ServerError, OSError) as error:
        fail(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
