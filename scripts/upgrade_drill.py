"""`make upgrade-drill`: the migrations of this version run while people work with the one before.

python -m scripts.upgrade_drill [REF]        the last tag, or the commit that is named

Servers of its own in var/upgrade: the program of REF, from a checkout beside, migrates, loads the
demo, is given a long trail, and serves; a hammer of readers and writers goes on without a pause
while the program here migrates, and goes on with the old program afterwards (SEC-O4). Then it says
how many requests failed, the longest wait for a lock, and the longest request before, during and
after; and the program here finds what was written, on a trail that is whole.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from scripts.clean import remove
from scripts.console import fail, paint, say, step
from scripts.demo_programs import Product
from scripts.devservers import ServerError, Servers, Stack
from scripts.devservers.ports import any_free
from scripts.drill import ADMINISTRATOR, logins
from scripts.drill_facts import Database, Finding, none_of
from scripts.drill_writers import CREATED, DOOR, OK, Client, DrillError
from scripts.readiness import Readiness
from scripts.rollback_check import checkout, read, release_before, serving, written
from scripts.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {"web", "worker", "beat", "relay"}
READERS, WRITERS = 2, 3
PAGES = ("/units/", "/people/", f"{DOOR}?kind=ward", "/operations/", "/preferences/")
PAUSE_SECONDS, STEADY_SECONDS, START_SECONDS = 0.03, 8.0, 120.0
LOCK_AT_MOST = 2.0
LOOK_SECONDS = 0.01
# Enough for an index to take a while; a hospital of 500 beds writes as many in a day or two.
TRAIL_ROWS = 200_000
# A migration that got no lock in time changed nothing, and is run again (docs/upgrade.md).
TRIES = 3
WAITING = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)
    FROM pg_locks WHERE NOT granted"""
COLUMNS = """
    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = 'audit_auditevent'
      AND column_name NOT IN ('id', 'public_id', 'sealed_xid')"""
FILL = """
    INSERT INTO audit_auditevent (public_id, {columns})
    SELECT gen_random_uuid(), {columns} FROM audit_auditevent,
      generate_series(1, {rows} / (SELECT count(*) FROM audit_auditevent) + 1)"""


@dataclass(frozen=True)
class Asked:
    """One request: when it began, how long it took, its status (0: no whole answer)."""

    what: str
    began: float
    seconds: float
    status: int


@dataclass
class Hammer:
    """Readers and writers without a pause, until told to stop."""

    product: Product
    mark: str
    asked: list[Asked] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """People work from now on. Raises DrillError."""
        login = logins(self.product)[ADMINISTRATOR]
        for number in range(READERS + WRITERS):
            client = Client(self.product.port)
            client.sign_in(*login)
            work = self._write if number < WRITERS else self._read
            self._threads.append(
                threading.Thread(target=self._repeat, args=(work, client, number), daemon=True)
            )
        self.parent = client.parent_unit()
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Nobody is at anything any more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, work: Callable[[Client, str], None], client: Client, number: int) -> None:
        serial = 0
        while not self._stop.wait(PAUSE_SECONDS):
            serial += 1
            work(client, f"{self.mark}{number}-{serial}")

    def _read(self, client: Client, code: str) -> None:
        page = PAGES[int(code.rpartition("-")[2]) % len(PAGES)]
        self._ask(client, page, lambda: client.request("GET", page).status)

    def _write(self, client: Client, code: str) -> None:
        body = {"parent": self.parent, "code": code, "name": code, "kind": "ward"}
        headers = {
            "Content-Type": "application/json",
            "X-CSRFToken": client.token(),
            "Idempotency-Key": str(uuid.uuid4()),
        }
        text = json.dumps(body)
        status = self._ask(
            client, "write", lambda: client.request("POST", DOOR, text, headers).status
        )
        if status == CREATED:
            self.acknowledged.append(code)

    def _ask(self, _client: Client, what: str, send: Callable[[], int]) -> int:
        began = time.monotonic()
        try:
            status = send()
        except (OSError, http.client.HTTPException):
            status = 0
        self.asked.append(Asked(what, began, time.monotonic() - began, status))
        return status


class LockWatch:
    """Asks all the time how long somebody has been waiting for a lock."""

    def __init__(self, url: str) -> None:
        self.longest = 0.0
        self._stop = threading.Event()
        self._line = psycopg2.connect(url)
        self._line.autocommit = True
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        with self._line.cursor() as cursor:
            while not self._stop.wait(LOOK_SECONDS):
                cursor.execute(WAITING)
                self.longest = max(self.longest, float(cursor.fetchone()[0]))

    def end(self) -> float:
        """Return the longest wait."""
        self._stop.set()
        self._thread.join()
        self._line.close()
        return self.longest


class UpgradeDrill:
    """One upgrade under load, from empty servers to the findings."""

    def __init__(self, ref: str, place: Path, var: Path, servers: Servers) -> None:
        self.ref = ref
        self.mark = f"U{secrets.token_hex(2).upper()}-"
        self.servers = servers
        self.old = Product(place, var, servers, any_free(), history=0)
        self.new = Product(ROOT, var, servers, any_free(), history=0)
        self.supervisor = Supervisor(var / "run")
        self.hammer = Hammer(self.old, self.mark)
        self.tries = 0

    def run(self, database: Database) -> list[Finding]:
        """Return the promises with what became of them. Raises DrillError, ServerError."""
        for task in self.old.preparations():
            with step(f"{self.ref}: {task.title}"):
                task.run()
        with step(f"{TRAIL_ROWS} rows more on the trail"):
            database.rows(FILL.format(columns=database.rows(COLUMNS)[0][0], rows=TRAIL_ROWS))
        before = database.number("SELECT count(*) FROM django_migrations")
        for program in self.old.programs():
            if program.name in PROGRAMS:
                self.supervisor.start(program)
        self._until_ready()
        began, ended, waited = self._upgrade()
        applied = database.number("SELECT count(*) FROM django_migrations") - before
        say(
            f"{applied} migrations in {ended - began:.1f} s ({self.tries} tries), while "
            f"{len(self.hammer.asked)} requests were made; the longest, in seconds:"
        )
        self._tell("before", 0, began)
        self._tell("during", began, ended)
        self._tell("after", ended, float("inf"))
        return [*self._findings(database, waited), self._served(database)]

    def _upgrade(self) -> tuple[float, float, float]:
        """Return when it began and ended, and the longest wait for a lock."""
        self.hammer.start()
        try:
            time.sleep(STEADY_SECONDS)
            watch = LockWatch(self.servers.owner_url)
            began = time.monotonic()
            try:
                with step("This version migrates while they work"):
                    self._migrate()
                ended = time.monotonic()
            finally:
                waited = watch.end()
            time.sleep(STEADY_SECONDS)
        finally:
            self.hammer.end()
            self.supervisor.stop()
        return began, ended, waited

    def _migrate(self) -> None:
        for self.tries in range(1, TRIES + 1):
            try:
                self.new._manage("migrate", "--no-input")
            except ServerError:
                if self.tries == TRIES:
                    raise
            else:
                return

    def _until_ready(self) -> None:
        readiness, deadline = Readiness(self.old.url), time.monotonic() + START_SECONDS
        with step(f"{self.ref} serves"):
            while not readiness.is_ready():
                if time.monotonic() > deadline:
                    raise DrillError(f"{self.ref} does not start: {readiness.why_not}")
                time.sleep(0.2)

    def _tell(self, when: str, start: float, end: float) -> None:
        some = [each for each in self.hammer.asked if start <= each.began + each.seconds < end]
        for kind in ("reads", "writes"):
            took = sorted(e.seconds for e in some if (e.what == "write") == (kind == "writes"))
            if took:
                middle, most = took[len(took) // 2], took[-1]
                say(f"  {when:7} {kind:7} {len(took):5}  median {middle:.2f}  longest {most:.2f}")

    def _findings(self, database: Database, waited: float) -> list[Finding]:
        asked = self.hammer.asked
        failed = [f"{a.what}: {a.status}" for a in asked if a.status not in {OK, CREATED}]
        kept = database.rows(f"SELECT code FROM org_unit WHERE code LIKE '{self.mark}%'")
        lost = set(self.hammer.acknowledged) - {row[0] for row in kept}
        return [
            none_of("requests failed", failed, asked),
            none_of("acknowledged writes lost", lost, self.hammer.acknowledged),
            Finding(
                "somebody waited too long for a lock",
                f"{waited:.2f} s at most ({LOCK_AT_MOST:g} s)",
                waited <= LOCK_AT_MOST,
            ),
        ]

    def _served(self, database: Database) -> Finding:
        """This version works with what the one before wrote meanwhile."""
        self.new._manage("collectstatic", "--no-input", "--clear")
        with serving(self.new) as client:
            read(client)
            written(client, database, self.hammer.acknowledged[-1])
        said = self.new._manage("audit_verify").strip()
        return Finding("this version finds nothing wrong", said, kept=True)


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    ref = (arguments or [os.environ.get("REF", "")])[0] or release_before()
    if not ref:
        say("No release has been tagged yet: there is none to come from. REF=commit tries one.")
        return 0
    var = Path(os.path.realpath(os.environ.get("HMS_VAR") or ROOT / "var" / "upgrade"))
    os.environ["HMS_API_RATE"] = "100000/min"
    remove(var)
    stack = Stack(var, environ={})
    try:
        stack.start()
        if stack.postgres is None:
            raise DrillError("This needs a PostgreSQL of its own.")
        addresses = stack.addresses()
        database = Database(stack.postgres.programs.client / "psql", addresses.owner_url)
        with checkout(ref, var / "before") as place:
            found = UpgradeDrill(ref, place, var, addresses).run(database)
    except (ServerError, DrillError, psycopg2.Error, subprocess.CalledProcessError) as error:
        fail(str(error))
        return 1
    finally:
        stack.stop()
        remove(var)
    for each in found:
        mark = paint("ok  ", "green") if each.kept else paint("FAIL", "red")
        say(f"  {mark} {each.promise:36} {each.detail}")
    return 0 if all(each.kept for each in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
