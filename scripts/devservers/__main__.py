"""python -m scripts.devservers start | stop | status | env | run [--safe] -- command …"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from scripts.console import fail, say
from scripts.devservers import ServerError, Stack, default_var, running, stop
from scripts.devservers.place import with_bytecode
from scripts.locks import Lock, LockTaken

USAGE = "Usage: python -m scripts.devservers start | stop | status | env | run [--safe] -- command"
SLOTS = 16


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    commands = {"start": _start, "stop": _stop, "status": _status, "env": _env}
    try:
        if arguments and arguments[0] == "run":
            return _run(arguments[1:])
        if len(arguments) != 1 or arguments[0] not in commands:
            fail(USAGE)
            return 2
        return commands[arguments[0]](default_var())
    except (ServerError, LockTaken) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def _start(var: Path) -> int:
    with Lock(var / "lock").held():
        stack = Stack(var)
        if not stack.is_running():
            stack.start()
    return _status(var)


def _stop(var: Path) -> int:
    with Lock(var / "lock").held():
        stop(var)
    say("The servers are stopped; their data stay.")
    return 0


def _status(var: Path) -> int:
    stack = Stack(var)
    up = stack.is_running()
    for server in stack.all:
        state = f"runs on port {server.port}" if server.running() else "does not run"
        say(f"{server.name:10} {state:24} data in {server.data}")
    return 0 if up else 1


def _env(var: Path) -> int:
    stack = Stack(var)
    if not stack.is_running():
        raise ServerError("The servers do not run; start them first.")
    for name, value in stack.addresses().environment().items():
        say(f"export {name}={shlex.quote(value)}")
    return 0


def _run(arguments: list[str]) -> int:
    """Run one command beside its own servers and return its exit code."""
    safe = arguments[:1] == ["--safe"]
    command = arguments[1:] if safe else arguments
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        fail(USAGE)
        return 2
    lock = _free_slot(Path(os.environ.get("HMS_VAR") or default_var() / "test"))
    var = lock.path.parent
    try:
        with running(var, unsafe=not safe) as servers:
            environment = os.environ | servers.environment() | {"HMS_VAR": str(var)}
            return _wait(subprocess.Popen(command, env=with_bytecode(environment, var)))
    finally:
        lock.release()


def _free_slot(var: Path) -> Lock:
    """Return a held lock on the first state directory that nobody uses: two runs at once."""
    for number in range(1, SLOTS + 1):
        lock = Lock((var if number == 1 else var.with_name(f"{var.name}-{number}")) / "lock")
        try:
            lock.take()
        except LockTaken:
            continue
        return lock
    raise ServerError(f"{SLOTS} runs use {var} and its neighbours already.")


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for the command; Ctrl-C reaches it directly, a termination is passed on."""

    def forward(signum: int, _frame: FrameType | None) -> None:
        process.send_signal(signum)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGHUP, forward)
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
