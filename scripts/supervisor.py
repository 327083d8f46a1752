"""Keeps programs running, restarts the ones that die, and stops all of them in order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.console import say, warn
from scripts.devservers import ServerError, processes
from scripts.devservers.launch import Launch, limit_log, spawn

POLL_SECONDS = 0.1
STEADY_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
LOG_CHECK_SECONDS = 60.0
MARK = "HMS_SUPERVISED_BY"

Stops = tuple[tuple[signal.Signals, float], ...]
APP_STOPS: Stops = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@dataclass
class Program:
    """One program to keep running."""

    name: str
    launch: Callable[[], Launch]
    # Programs of a lower rank stop first; those of one rank stop together.
    rank: int = 0
    stops: Stops = APP_STOPS
    # Runs before every restart: what the dead one left is put out of the way.
    recover: Callable[[], None] = lambda: None
    # Children of a dead program go with it; PostgreSQL looks after its own.
    ends_with_group: bool = True
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    failures: int = 0
    due: float = 0.0
    # A drill may want a part to stay away for a while.
    not_before: float = 0.0

    def is_up_since(self, moment: float) -> bool:
        """True when it was started after the moment and is not known to have ended."""
        return self.process is not None and self.began > moment


class Supervisor:
    """Starts, watches, restarts and stops a set of programs.

    Programs are started by the thread that made the supervisor: the kernel's signal at the
    parent's death comes when the starting *thread* ends.
    """

    def __init__(self, run_directory: Path) -> None:
        self.run_directory = run_directory
        self.programs: list[Program] = []
        self.in_a_hurry = False
        self._next_log_check = 0.0

    # Starting -----------------------------------------------------------------------------

    def start(self, program: Program) -> None:
        """The program runs and is watched."""
        self.programs.append(program)
        self._launch(program)

    def adopt(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        """A program that was started already is watched."""
        self.programs.append(program)
        self._note(program, process)

    def _launch(self, program: Program) -> None:
        self._note(program, spawn(program.launch()))

    def _note(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        program.process = process
        program.began = time.monotonic()
        identity = processes.identify(process.pid)
        # Servers are found by their data directory; only the others need a record.
        if identity is not None and program.ends_with_group:
            record = self.run_directory / f"{program.name}.pid"
            record.write_text(identity.text(), encoding="ascii")

    # Watching -----------------------------------------------------------------------------

    def watch(self, should_stop: Callable[[], bool]) -> None:
        """Keep every program running until told to stop."""
        while not should_stop():
            self.look_after()
            time.sleep(POLL_SECONDS)

    def look_after(self) -> None:
        """One round: notice who died, start again who is due."""
        for program in self.programs:
            if program.process is not None:
                self._notice_death(program, program.process)
            if program.process is None and time.monotonic() >= program.due:
                self._restart(program)
        if time.monotonic() >= self._next_log_check:
            self._next_log_check = time.monotonic() + LOG_CHECK_SECONDS
            for program in self.programs:
                limit_log(program.launch().log)

    def _notice_death(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        if not has_ended(process):
            return
        self._end_group(program, process)
        code = process.wait()
        program.process = None
        lived = time.monotonic() - program.began
        program.failures = 0 if lived >= STEADY_SECONDS else program.failures + 1
        pause = pause_after(program.failures)
        program.due = max(time.monotonic() + pause, program.not_before)
        when = "starting it again" if not pause else f"starting it again in {pause:g} s"
        warn(f"{program.name} {how_it_ended(code)}; {when} ({program.launch().log})")

    def _restart(self, program: Program) -> None:
        try:
            program.recover()
            self._launch(program)
        except (ServerError, OSError) as error:
            program.failures += 1
            program.due = time.monotonic() + pause_after(program.failures)
            warn(f"{program.name} cannot start: {error}")
            return
        say(f"{program.name} was started again.")

    # Stopping -----------------------------------------------------------------------------

    def stop(self) -> None:
        """Every program has ended, rank by rank."""
        for rank in sorted({program.rank for program in self.programs}):
            self._stop_together([each for each in self.programs if each.rank == rank])

    def _stop_together(self, programs: list[Program]) -> None:
        rounds = max((len(program.stops) for program in programs), default=0)
        for number in range(rounds):
            for program in programs:
                if program.process is not None and number < len(program.stops):
                    _signal(program.process, program.stops[number][0])
            self._wait_for(programs, number)
        for program in programs:
            with suppress(OSError):
                (self.run_directory / f"{program.name}.pid").unlink(missing_ok=True)

    def _wait_for(self, programs: list[Program], number: int) -> None:
        began = time.monotonic()
        while True:
            waiting = False
            for program in programs:
                process = program.process
                if process is None:
                    continue
                if has_ended(process):
                    self._end_group(program, process)
                    process.wait()
                    program.process = None
                    continue
                patience = program.stops[min(number, len(program.stops) - 1)][1]
                gentle = number == 0 and self.in_a_hurry and program.ends_with_group
                waiting = waiting or (time.monotonic() - began < patience and not gentle)
            if not waiting:
                return
            time.sleep(POLL_SECONDS / 2)

    def _end_group(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        """Whatever the ended program started has ended too.

        The ended program has not been waited for yet, so its number still names its group.
        """
        if program.ends_with_group:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """True when the child has ended; where possible it is left to be waited for."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    try:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, process.pid, options) is not None
    except ChildProcessError:
        return True


def pause_after(failures: int) -> float:
    """Return the seconds to wait before a restart: none after a steady life, then doubling."""
    if failures == 0:
        return 0.0
    return min(FIRST_PAUSE * 2.0 ** (failures - 1), LONGEST_PAUSE)


def how_it_ended(code: int) -> str:
    """Return the end of a program in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _signal(process: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    with suppress(OSError):
        process.send_signal(signum)


def sweep(run_directory: Path, mark: str, *, seconds: float = 5.0) -> int:
    """End what an earlier supervisor left behind; return how many processes that were.

    A recorded process counts only if it began at the recorded moment; another process that
    was given the same number is never touched. Where the system shows the environment of a
    process, those that carry our mark are found even without a record.
    """
    records = sorted(run_directory.glob("*.pid"))
    known = [processes.parse_identity(_read(record)) for record in records]

    def left() -> set[int]:
        recorded = {each.pid for each in known if each is not None and each.is_alive()}
        return recorded | set(processes.marked(f"{MARK}={mark}"))

    def is_ours(pid: int) -> bool:
        return pid in left()

    found = left()
    for signum, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, seconds)):
        for pid in left():
            processes.send(pid, signum, is_ours)
        if processes.wait_gone(left, patience):
            break
    for record in records:
        record.unlink(missing_ok=True)
    return len(found)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
