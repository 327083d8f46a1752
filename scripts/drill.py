"""`make drill`: kill -9 every part in turn while people work; nothing acknowledged may be lost.

python -m scripts.drill [--keep] [--lenient]

It starts the whole product on ports of its own with its data in var/drill (or HMS_VAR), lets a
few clients write through the API, sign in and look around, kills the web server, the worker, the
relay, PostgreSQL and Valkey with SIGKILL, lets PostgreSQL and Valkey hang with SIGSTOP, and then
asks the database (SEC-D1 to SEC-D7): every acknowledged write is there once, every fact was
delivered once, whoever got in is still in, each act and look has one row on the trail, the trail
is whole, and how long each part was away. A second beat runs all the time. --keep leaves the data
for looking at; --lenient lets slow returns pass.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts import drill_outages, drill_trail
from scripts.clean import remove
from scripts.console import fail, paint, say, step
from scripts.demo import as_program
from scripts.demo_programs import BACKGROUND_RANK, Product
from scripts.devservers import ServerError, Stack, processes
from scripts.devservers.credentials import VALKEY
from scripts.devservers.ports import any_free
from scripts.drill_facts import Database, Finding, drain, findings
from scripts.drill_visitors import Visitors
from scripts.drill_writers import DrillError, Writers
from scripts.locks import Lock, LockTaken
from scripts.readiness import Readiness
from scripts.supervisor import Program, Supervisor

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 4
STEADY_SECONDS = 5.0
GIVE_UP_SECONDS = 60.0
DOWN_SECONDS = 6.0
# Writes may take this much longer while the broker is away (SEC-D4); the second number keeps
# a difference of a few milliseconds on a busy machine from counting.
SLOWER_AT_MOST, SLOWER_MS = 1.2, 10.0
LOGIN = re.compile(r"^(\w+(?: \w+)*) {2,}(\S+) +(\S+)", re.MULTILINE)
ADMINISTRATOR = "System administrator"
# These have no pages of the staff.
OUTSIDE = {ADMINISTRATOR, "Role", "Patient", "Integration client"}


def logins(product: Product) -> dict[str, tuple[str, str]]:
    """Return name and password by role. Raises DrillError when there is no administrator."""
    found = {role: (name, word) for role, name, word in LOGIN.findall(product.logins())}
    if ADMINISTRATOR not in found:
        raise DrillError("The demo hospital names no system administrator.")
    return found


@dataclass(frozen=True)
class Result:
    """One act of the drill and how long the service was away."""

    act: str
    seconds: float
    limit: float
    slowest: float

    @property
    def is_in_time(self) -> bool:
        return self.seconds <= self.limit


class Drill:
    """One run of the drill."""

    def __init__(self, var: Path) -> None:
        self.var = Path(os.path.realpath(var))
        self.supervisor = Supervisor(self.var / "run")
        self.stack = Stack(self.var, environ={})
        self.results: list[Result] = []
        self.notes: list[Finding] = []
        self.mark = f"D{secrets.token_hex(3).upper()}-"
        self._log_mark = 0
        self._doing = "Start"
        # Set by start().
        self.product: Product
        self.writers: Writers
        self.visitors: Visitors
        self.database: Database
        self.login: tuple[str, str]
        self.livez_port: int

    # Starting and stopping ----------------------------------------------------------------

    def start(self) -> None:
        """The whole product runs and clients write. Raises ServerError, DrillError."""
        with step("Starting the servers"):
            started = self.stack.start()
        for server in self.stack.all:
            self.supervisor.adopt(as_program(server), started[server.name])
        os.environ |= {
            "HMS_API_RATE": "100000/min",
            # Heads leave often, so that they do so while parts die.
            "HMS_AUDIT_ANCHOR_SECONDS": "10",
            # Nobody touches the screens of those who only signed in.
            "HMS_LOCK_MINUTES": "15",
        }
        self.livez_port = int(os.environ.setdefault("LIVEZ_PORT", str(any_free())))
        addresses = self.stack.addresses()
        self.product = Product(ROOT, self.var, addresses, any_free(), history=0)
        for task in self.product.preparations():
            with step(task.title):
                task.run()
        for program in self._programs():
            self.supervisor.start(program)
        readiness = Readiness(self.product.url)
        with step("Waiting for the first answer"):
            self._supervise(readiness.is_ready)
        if self.stack.postgres is None:
            raise DrillError("The drill needs a PostgreSQL of its own.")
        psql = self.stack.postgres.programs.client / "psql"
        self.database = Database(psql, addresses.owner_url)
        people = logins(self.product)
        self.login = people[ADMINISTRATOR]
        crowd = [login for role, login in people.items() if role not in OUTSIDE]
        self.writers = Writers(self.product.port, *self.login, count=CLIENTS, mark=self.mark)
        self.visitors = Visitors(self.product.port, self.login, crowd, mark=self.mark)
        self.writers.start()
        self.visitors.start()

    def _programs(self) -> list[Program]:
        programs = [each for each in self.product.programs() if each.name != "simulate"]
        [beat] = [each for each in programs if each.name == "beat"]
        return [*programs, self._second(beat)]

    def _second(self, beat: Program) -> Program:
        """Return a second beat with a schedule file of its own: nothing may happen twice."""
        first = beat.launch()
        argv = [each.replace("beat-schedule", "beat-2-schedule") for each in first.argv]
        launch = type(first)(
            argv=argv,
            cwd=first.cwd,
            env=first.env,
            log=self.var / "log" / "beat-2.log",
            signal_at_parent_death=first.signal_at_parent_death,
        )
        return Program("beat-2", lambda: launch, rank=BACKGROUND_RANK, stops=beat.stops)

    def stop(self) -> None:
        """Nothing of the drill runs any more."""
        self.supervisor.in_a_hurry = True
        self.supervisor.stop()
        self.stack.stop()

    def _supervise(self, until: Callable[[], bool], seconds: float = GIVE_UP_SECONDS) -> float:
        """Look after the programs until the condition holds; return the seconds it took."""
        began = time.monotonic()
        while not until():
            if time.monotonic() - began > seconds:
                raise DrillError(f"{self._doing}: not done after {seconds:.0f} s.")
            self.supervisor.look_after()
            time.sleep(0.02)
        return time.monotonic() - began

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._supervise(lambda: time.monotonic() >= end, seconds + 1)

    # Acts ---------------------------------------------------------------------------------

    def run(self) -> list[Finding]:
        """Carry out every act; return the promises with what became of them."""
        say(f"{CLIENTS} clients write while every part is killed in turn:")
        self._rest(STEADY_SECONDS)
        self._act("web: master and workers", 3, self._kill_web, self._writes_again)
        self._act("web: one worker", 3, self._kill_web_child, self._writes_again)
        self._act("web, the trail refusing", 3, self._kill_web_unrecorded, self._writes_again)
        self._act("worker: master and pool", 5, self._killer("worker"), self._logged("worker"))
        self._act("relay", 5, self._killer("relay"), self._facts_flow)
        self._act("beat", 5, self._killer("beat"), self._program("beat").is_up_since)
        self._act("PostgreSQL", 15, self._kill_postgres, self._writes_again)
        self._act("PostgreSQL hangs", 15, self._hang_postgres, self._writes_again)
        self._act("Valkey", 5, self._killer("valkey"), self._valkey_answers)
        self._act("everything at once", 15, self._kill_all, self._writes_again)
        self._valkey_away()
        self._valkey_hangs()
        self._flush_valkey()
        self._rest(STEADY_SECONDS)
        self._end_writing()
        took = drain(self.database)
        say(f"  The last facts were delivered {took:.1f} s after the last write.")
        return [
            *findings(self.database, self.writers.log, self.mark),
            *self._trail(),
            *self.notes,
        ]

    def _trail(self) -> list[Finding]:
        """Everybody who got in is still in; the trail holds each thing once, and is whole."""
        self.visitors.check(everybody=True)
        visits = self.visitors.visits
        drill_trail.bring(self.product._manage, self._spool)
        return [
            *self.visitors.findings(),
            *drill_trail.findings(
                self.database,
                self.writers.log,
                mark=self.mark,
                looks=visits.looks,
                sign_ins=visits.sign_ins,
            ),
            drill_trail.verified(self.product._manage),
        ]

    @property
    def _spool(self) -> Path:
        return self.var / "looks"

    def _act(
        self,
        name: str,
        limit: float,
        kill: Callable[[], float | None],
        is_back: Callable[[float], bool],
    ) -> None:
        """Let `kill` do its worst and wait; the time counts from then, or from what it returns."""
        self._doing = name
        moment = time.monotonic()
        moment = kill() or moment
        self._supervise(lambda: is_back(moment))
        seconds = time.monotonic() - moment
        self._rest(STEADY_SECONDS)
        slowest = self.writers.log.slowest_since(moment)
        self.visitors.check()
        result = Result(name, seconds, limit, slowest)
        self.results.append(result)
        mark = paint("ok  ", "green") if result.is_in_time else paint("SLOW", "red")
        say(
            f"  {mark} {name:26} back after {seconds:5.1f} s (at most {limit:g}), "
            f"slowest write {slowest:5.1f} s"
        )

    def _program(self, name: str) -> Program:
        [found] = [each for each in self.supervisor.programs if each.name == name]
        return found

    def _killer(self, name: str) -> Callable[[], None]:
        def kill() -> None:
            program = self._program(name)
            if program.process is None:
                raise DrillError(f"{name} does not run.")
            # The log from here on tells whether the next one came up.
            self._log_mark = _size(program.launch().log)
            if program.ends_with_group:
                os.killpg(program.process.pid, signal.SIGKILL)
            else:
                os.kill(program.process.pid, signal.SIGKILL)

        return kill

    def _kill_web(self) -> None:
        self._killer("web")()

    def _kill_web_unrecorded(self) -> float:
        """The web server dies while looks wait on the disk for the trail (SEC-U7)."""
        self.database.rows(drill_trail.REFUSING)
        try:
            self._rest(2)
            moment = time.monotonic()
            self._kill_web()
        finally:
            self.database.rows(drill_trail.TAKING)
        return moment

    def _kill_web_child(self) -> None:
        web = self._program("web").process
        children = [
            pid
            for pid in processes.marked(f"HMS_SUPERVISED_BY={self.var}")
            if web is not None and processes.parent(pid) == web.pid
        ]
        if not children:
            raise DrillError("The web server has no workers.")
        os.kill(children[0], signal.SIGKILL)

    def _kill_postgres(self) -> None:
        self._killer("postgres")()

    def _hang_postgres(self) -> float:
        """The database hangs for a while; return when it was let go."""
        if self.stack.postgres is None:
            raise DrillError("The drill needs a PostgreSQL of its own.")
        self.notes += drill_outages.database_hangs(
            self.stack.postgres.running(),
            web=self.product.port,
            livez=self.livez_port,
            rest=self._rest,
        )
        return time.monotonic()

    def _kill_all(self) -> None:
        for name in ("postgres", "valkey", "web", "worker", "relay"):
            self._killer(name)()

    def _writes_again(self, moment: float) -> bool:
        return self.writers.log.first_success_after(moment) is not None

    def _logged(self, name: str) -> Callable[[float], bool]:
        def is_back(_moment: float) -> bool:
            log = self._program(name).launch().log
            with open(log, "rb") as file:
                file.seek(self._log_mark)
                return b" ready." in file.read()

        return is_back

    def _facts_flow(self, moment: float) -> bool:
        """True when a fact published after the kill has been delivered."""
        if not self._program("relay").is_up_since(moment):
            return False
        with open(self._program("relay").launch().log, "rb") as file:
            file.seek(self._log_mark)
            started = b"relay_started" in file.read()
        return started and self.database.undelivered(self.database.last_event()) <= CLIENTS

    def _valkey_answers(self, moment: float) -> bool:
        valkey = self.stack.valkey
        is_up = self._program("valkey").is_up_since(moment)
        return valkey is not None and is_up and valkey.is_ready()

    def _valkey_away(self) -> None:
        """Writes take as long as ever while the broker is away (SEC-D4)."""
        self._doing = "Valkey away"
        log = self.writers.log
        end = time.monotonic()
        before = log.between(end - STEADY_SECONDS, end)
        began = time.monotonic()
        self._program("valkey").not_before = began + DOWN_SECONDS
        self._killer("valkey")()
        self._rest(1)
        signing_in = self._sign_in_seconds()
        self._rest(DOWN_SECONDS - 2)
        during = log.between(began, time.monotonic())
        self._supervise(lambda: self._valkey_answers(began))
        self._rest(1)
        back = time.monotonic()
        self._rest(STEADY_SECONDS)
        after = log.between(back, time.monotonic())
        # Every write makes the next a little dearer: the usual time is that around the outage.
        usual = statistics.mean([_median_ms(before), _median_ms(after)])
        away = _median_ms(during)
        kept = away <= max(usual * SLOWER_AT_MOST, usual + SLOWER_MS) and bool(during)
        detail = (
            f"{usual:.0f} ms usually, {away:.0f} ms while Valkey was away ({len(during)} writes)"
        )
        self.notes.append(Finding("writes wait for the broker", detail, kept))
        self.notes.append(
            drill_outages.sign_in_finding("is away", self._sign_in_seconds(), signing_in)
        )

    def _valkey_hangs(self) -> None:
        """People sign in although Valkey takes connections and says nothing (SEC-V1)."""
        self._doing = "Valkey hangs"
        valkey = self.stack.valkey
        if valkey is None:
            return
        usual = self._sign_in_seconds()
        with drill_outages.stopped(valkey.running()):
            self._rest(1)
            hanging = self._sign_in_seconds()
        self.notes.append(drill_outages.sign_in_finding("hangs", usual, hanging))

    def _sign_in_seconds(self) -> float:
        return drill_outages.sign_in_seconds(self.product.port, *self.login)

    def _flush_valkey(self) -> None:
        """All that Valkey holds is thrown away in the middle of work (SEC-D7)."""
        valkey = self.stack.valkey
        if valkey is None:
            return
        request = f"AUTH {valkey.credentials[VALKEY]}\r\nFLUSHALL\r\n".encode()
        with socket.create_connection(("127.0.0.1", valkey.port), timeout=5) as connection:
            connection.sendall(request)
            answer = connection.recv(256)
        self._rest(1)
        self.notes.append(Finding("emptying Valkey refused", "no", answer.startswith(b"+OK")))

    def _end_writing(self) -> None:
        self._doing = "The last writes"
        self.writers.end()
        self.visitors.end()
        self._supervise(
            lambda: self.writers.have_ended() and self.visitors.have_ended(), 2 * GIVE_UP_SECONDS
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _median_ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000 if seconds else 0.0


def _report(drill: Drill, promises: list[Finding]) -> None:
    log = drill.writers.log
    repeated = sum(each.tries > 1 for each in log.acknowledged)
    say()
    visits = drill.visitors.visits
    say(f"{len(log.acknowledged)} writes acknowledged, {repeated} of them after repeats;")
    say(
        f"{len(visits.sign_ins)} sign-ins acknowledged and asked for {visits.checks} times; "
        f"{len(visits.looks)} looks:"
    )
    for each in promises:
        mark = paint("ok  ", "green") if each.kept else paint("FAIL", "red")
        say(f"  {mark} {each.promise:38} {each.detail}")


def main(arguments: list[str]) -> int:
    """Run the drill; 0 when every promise was kept and every part was back in time."""
    var = Path(os.environ.get("HMS_VAR") or ROOT / "var" / "drill")
    lock = Lock(var / "lock")
    try:
        lock.take()
    except LockTaken as taken:
        fail(f"A drill runs already (process {taken.note.get('pid')}).")
        return 1
    lock.release()
    remove(var)
    try:
        return _run(var, lenient="--lenient" in arguments)
    except (ServerError, DrillError) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if "--keep" not in arguments:
            remove(var)


def _run(var: Path, *, lenient: bool) -> int:
    with Lock(var / "lock").held():
        drill = Drill(var)
        try:
            drill.start()
            promises = drill.run()
        finally:
            drill.stop()
    _report(drill, promises)
    late = [each.act for each in drill.results if not each.is_in_time]
    broken = [each.promise for each in promises if not each.kept]
    if broken or (late and not lenient):
        fail(f"Not kept: {', '.join(broken + [f'{act} back in time' for act in late])}.")
        return 1
    say("Nothing acknowledged was lost, nothing was done twice.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
