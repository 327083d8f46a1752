"""`make rollback-check`: the release before works on the tables of this one (SEC-O5).

python -m scripts.rollback_check [REF]        the last tag, or the commit that is named

Servers of its own in var/rollback: the program here migrates and loads the demo; the program of
REF, from a checkout beside, serves that database: people sign in, read and write. Then the program
here serves it again and finds what was written, once and on the trail.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.clean import remove
from scripts.console import fail, say, step
from scripts.demo_programs import Product
from scripts.devservers import ServerError, Servers, Stack
from scripts.devservers.ports import any_free
from scripts.drill import ADMINISTRATOR, logins
from scripts.drill_facts import Database
from scripts.drill_writers import DOOR, Client, DrillError
from scripts.readiness import Readiness

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("/", "/units/", "/people/", "/operations/", "/preferences/", f"{DOOR}?kind=ward")
START_SECONDS = 60.0
CREATED, OK = 201, 200


def release_before() -> str:
    """Return the last tag, "" while there is none."""
    done = _git("describe", "--tags", "--abbrev=0", check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _git(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=check
    )


@contextmanager
def checkout(ref: str, place: Path) -> Iterator[Path]:
    """The files of `ref`, without touching this checkout."""
    archive = subprocess.run(
        ["git", "archive", ref], cwd=ROOT, capture_output=True, check=True
    ).stdout
    place.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(place)], input=archive, check=True)
    yield place


@contextmanager
def serving(product: Product) -> Iterator[Client]:
    """Its web server answers, and a system administrator is signed in."""
    log = product.var / "log" / f"{product.root.name}.log"
    web = [sys.executable, "-m", "gunicorn", "-c", "hms/gunicorn.py", "hms.wsgi:application"]
    with open(log, "ab") as file:
        process = subprocess.Popen(web, cwd=product.root, env=product.environment(), stderr=file)
    try:
        readiness, deadline = Readiness(product.url), time.monotonic() + START_SECONDS
        while not readiness.is_ready():
            if time.monotonic() > deadline or process.poll() is not None:
                raise DrillError(f"{product.root.name} does not start: {readiness.why_not}")
            time.sleep(0.2)
        client = Client(product.port)
        client.sign_in(*logins(product)[ADMINISTRATOR])
        yield client
    finally:
        process.terminate()
        process.wait(timeout=20)


def read(client: Client, *, lacks: frozenset[int] = frozenset()) -> None:
    """Every page is shown, or has a status of `lacks`. Raises DrillError."""
    found = {page: _status(client, page) for page in PAGES}
    wrong = [f"{page}: {status}" for page, status in found.items() if status not in {OK, *lacks}]
    if wrong:
        raise DrillError("Pages that do not open: " + ", ".join(wrong))


def _status(client: Client, page: str) -> int:
    return client.request("GET", page).status


def write(client: Client, code: str) -> None:
    """A unit is made through the API. Raises DrillError."""
    body = {"parent": client.parent_unit(), "code": code, "name": code, "kind": "ward"}
    headers = {"Content-Type": "application/json", "X-CSRFToken": client.token()}
    answer = client.request("POST", DOOR, json.dumps(body), headers)
    if answer.status != CREATED:
        raise DrillError(f"A unit could not be made: {answer.status} {answer.body[:200]}")


def written(client: Client, database: Database, code: str) -> None:
    """The unit is there, once, and on the trail once. Raises DrillError."""
    if f'"{code}"' not in client.request("GET", f"{DOOR}?search={code}").body:
        raise DrillError(f"{code} is not found by this version.")
    rows = database.number(
        "SELECT count(*) FROM audit_auditevent a JOIN org_unit u ON u.id = a.unit "
        f"WHERE a.act = 'unit_create' AND u.code = '{code}'"
    )
    if rows != 1:
        raise DrillError(f"{code} is on the trail {rows} times.")


def run(ref: str, var: Path, servers: Servers, database: Database) -> None:
    """Forward, back and forward again. Raises DrillError, ServerError."""
    here = Product(ROOT, var, servers, any_free(), history=0)
    for task in here.preparations():
        with step(task.title):
            task.run()
    before, after = (f"R{secrets.token_hex(3).upper()}" for _number in range(2))
    with serving(here) as client, step("This version serves"):
        read(client)
        write(client, before)
    with checkout(ref, var / "before") as place:
        # Its own addresses and files, the same key, database and logins.
        old = Product(place, var, servers, any_free(), history=0)
        with step(f"{ref} migrates (nothing to do) and serves the same database"):
            old._manage("migrate", "--no-input")
            old._manage("collectstatic", "--no-input", "--clear")
            with serving(old) as client:
                # It may be older than a page.
                read(client, lacks=frozenset({404}))
                written(client, database, before)
                write(client, after)
    with step("This version migrates and serves again"):
        # Roles and rights are those of whichever version migrated last.
        here._manage("migrate", "--no-input")
        here._manage("collectstatic", "--no-input", "--clear")
        with serving(here) as client:
            read(client)
            written(client, database, after)
            here._manage("audit_verify")


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    ref = (arguments or [os.environ.get("REF", "")])[0] or release_before()
    if not ref:
        say("No release has been tagged yet: there is none to go back to. REF=commit tries one.")
        return 0
    var = Path(os.path.realpath(os.environ.get("HMS_VAR") or ROOT / "var" / "rollback"))
    remove(var)
    stack = Stack(var, environ={})
    try:
        stack.start()
        if stack.postgres is None:
            raise DrillError("This needs a PostgreSQL of its own.")
        addresses = stack.addresses()
        psql = stack.postgres.programs.client / "psql"
        run(ref, var, addresses, Database(psql, addresses.owner_url))
    except (ServerError, DrillError, subprocess.CalledProcessError) as error:
        fail(str(error))
        return 1
    finally:
        stack.stop()
        remove(var)
    say(f"{ref} works on the tables of this version, and this version on what it wrote.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
