"""Runs the whole product on this machine: servers, web, worker, beat, relay and a living hospital.

Started by `make demo`. Ctrl-C stops everything; the data stay in the state directory.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType

from scripts.console import fail, say, step, warn
from scripts.demo_programs import Preparation, Product
from scripts.demo_state import DemoState, FreshnessKey
from scripts.devservers import ServerError, Stack, default_var
from scripts.devservers.ports import next_free
from scripts.devservers.servers import Server
from scripts.locks import Lock, LockTaken
from scripts.readiness import Readiness
from scripts.supervisor import Program, Supervisor, sweep

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 90.0
RANK_OF_SERVER = {"valkey": 2, "postgres": 3}
DEFAULT_PORT = 8000


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C or asked the process to end; not an error."""


class Demo:
    """One run of the demo in one state directory."""

    def __init__(self, var: Path) -> None:
        self.var = Path(os.path.realpath(var))
        self.lock = Lock(self.var / "lock")
        self.supervisor = Supervisor(self.var / "run")
        self.stack: Stack | None = None
        self.stop_requested = False
        self.is_watching = False
        self.has_make = "MAKELEVEL" in os.environ
        self.parent = os.getppid()

    def run(self) -> int:
        """Start, watch and stop everything; return the exit code."""
        try:
            self.lock.take()
        except LockTaken as taken:
            return _tell_who_runs(taken.note)
        self._listen_to_signals()
        code = 0
        try:
            self._start()
            self.is_watching = True
            self.supervisor.watch(self._should_stop)
        except StopRequested:
            pass
        except ServerError as error:
            fail(str(error))
            code = 1
        finally:
            self._stop()
        return code

    # Signals ------------------------------------------------------------------------------

    def _listen_to_signals(self) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._on_signal)

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        if self.stop_requested:
            self.supervisor.in_a_hurry = True
            return
        self.stop_requested = True
        if not self.is_watching:
            raise StopRequested

    def _should_stop(self) -> bool:
        # Nobody is left to stop a demo whose `make` was killed.
        return self.stop_requested or (self.has_make and os.getppid() != self.parent)

    # Starting -----------------------------------------------------------------------------

    def _start(self) -> None:
        began = time.monotonic()
        self.stack = stack = Stack(self.var)
        left = sweep(self.var / "run", str(self.var))
        if left:
            say(f"  {left} processes of an earlier demo were still here; they were ended.")
        self._start_servers(stack)
        port = _web_port()
        product = Product(ROOT, self.var, stack.addresses(), port)
        self._prepare(product, stack)
        for program in product.programs():
            self.supervisor.start(program)
        self._wait_until_ready(product)
        self.lock.note(url=product.url)
        _show(product, time.monotonic() - began)

    def _start_servers(self, stack: Stack) -> None:
        if not stack.all:
            say("  Using the database and the Redis that the environment names.")
            return
        names = " and ".join(server.name for server in stack.all)
        with step(f"Starting {names}"):
            started = stack.start()
        for server in stack.all:
            self.supervisor.adopt(as_program(server), started[server.name])

    def _prepare(self, product: Product, stack: Stack) -> None:
        """Do what the code or the data need, and nothing that an earlier start has done."""
        state = DemoState(self.var / "demo.json")
        key = FreshnessKey(ROOT, stack)
        with ThreadPoolExecutor(1) as beside:
            try:
                apart: list[Future[None]] = []
                for task in product.preparations():
                    wanted = key.of(task.depends_on)
                    if state.is_done(task.name, wanted) and task.is_still_there():
                        continue
                    if task.is_apart:
                        apart.append(beside.submit(_carry_out, task, state, wanted))
                    else:
                        _carry_out(task, state, wanted)
                for each in apart:
                    each.result()
            except BaseException:
                product.interrupt()
                raise

    def _wait_until_ready(self, product: Product) -> None:
        readiness = Readiness(product.url)
        with step("Waiting for the first answer"):
            deadline = time.monotonic() + READY_SECONDS
            while not readiness.is_ready():
                if time.monotonic() > deadline:
                    warn(f"  Not everything is ready yet: {readiness.why_not}")
                    return
                self.supervisor.look_after()
                time.sleep(0.1)

    # Stopping -----------------------------------------------------------------------------

    def _stop(self) -> None:
        self.stop_requested = True
        if self.supervisor.programs:
            say()
            say("Stopping …")
        self.supervisor.stop()
        if self.stack is not None:
            # Whatever a signal caught between its start and its record.
            sweep(self.var / "run", str(self.var))
            try:
                self.stack.stop()
            except ServerError as error:
                fail(str(error))
        if self.supervisor.programs:
            say("Everything is stopped; the data stay for the next `make demo`.")
        self.lock.release()


def _carry_out(task: Preparation, state: DemoState, wanted: str) -> None:
    state.forget(task.name)
    with step(task.title):
        task.run()
    state.done(task.name, wanted)


def as_program(server: Server) -> Program:
    """Return the server as a program to keep running, stopped after all that needs it."""
    return Program(
        name=server.name,
        launch=server.launch,
        rank=RANK_OF_SERVER[server.name],
        stops=server.stop_signals,
        recover=server.recover,
        ends_with_group=False,
    )


def _web_port() -> int:
    wanted = int(os.environ.get("PORT") or DEFAULT_PORT)
    port = next_free(wanted)
    if port != wanted:
        warn(f"  Port {wanted} is taken by another program; the demo uses {port}.")
    return port


def _tell_who_runs(note: dict[str, str]) -> int:
    if note.get("url"):
        say(f"The demo runs already: {note['url']} (process {note.get('pid')}).")
        return 0
    fail(
        f"Another command works with the demo's data just now (process {note.get('pid')}); "
        "try again when it is done."
    )
    return 1


def _show(product: Product, seconds: float) -> None:
    say()
    say(f"The demo hospital is open (started in {seconds:.0f} s):   {product.url}")
    say()
    for line in product.logins().splitlines():
        say(f"  {line}")
    say()
    say(f"Logs are in {product.var / 'log'}. Ctrl-C stops everything; the data stay.")


def main() -> int:
    """Run the demo; no expected trouble ends in a traceback."""
    try:
        return Demo(default_var()).run()
    except (StopRequested, KeyboardInterrupt):
        return 130
    except (ServerError, OSError, ValueError) as error:
        fail(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
