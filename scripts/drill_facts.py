"""What the database says after the drill: nothing lost, nothing doubled, nothing left over."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scripts.drill_writers import DrillError, Log

DRAIN_SECONDS = 60.0


class Database:
    """Read-only questions to the database through psql."""

    def __init__(self, psql: Path, url: str) -> None:
        self.psql = psql
        self.url = url

    def rows(self, statement: str) -> list[list[str]]:
        """Return the rows of a statement. Raises DrillError."""
        done = subprocess.run(
            [str(self.psql), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url, "-f", "-"],
            input=statement,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DrillError(done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]

    def number(self, statement: str) -> int:
        """Return the single number of a statement. Raises DrillError."""
        return int(self.rows(statement)[0][0])

    def last_event(self) -> int:
        """Return the newest fact's number. Raises DrillError."""
        return self.number("SELECT coalesce(max(id), 0) FROM core_event")

    def undelivered(self, up_to: int) -> int:
        """Return how many deliveries of the facts so far are not done. Raises DrillError."""
        return self.number(
            f"SELECT count(*) FROM core_delivery WHERE state <> 'done' AND event_id <= {up_to:d}"
        )


@dataclass(frozen=True)
class Finding:
    """One promise, and whether it was kept."""

    promise: str
    detail: str
    kept: bool


def drain(database: Database) -> float:
    """Wait until every fact is delivered; return the seconds it took. Raises DrillError."""
    began = time.monotonic()
    last = database.last_event()
    while left := database.undelivered(last):
        if time.monotonic() - began > DRAIN_SECONDS:
            raise DrillError(f"{left} deliveries are not done after {DRAIN_SECONDS:.0f} s.")
        time.sleep(0.2)
    return time.monotonic() - began


def findings(database: Database, log: Log, mark: str) -> list[Finding]:
    """Return every promise of the drill with what the database says. Raises DrillError."""
    units = f"SELECT id, code FROM org_unit WHERE code LIKE '{mark}%'"
    stored = Counter(code for _id, code in database.rows(units))
    facts = Counter(
        row[0]
        for row in database.rows(
            "SELECT u.code FROM core_event e JOIN org_unit u "
            "ON u.id = (e.payload->>'unit_id')::bigint "
            f"WHERE e.name = 'org.UnitCreated' AND u.code LIKE '{mark}%'"
        )
    )
    audited = Counter(
        row[0]
        for row in database.rows(
            "SELECT u.code FROM audit_auditevent a JOIN org_unit u ON u.id = a.unit "
            f"WHERE a.act = 'unit_create' AND u.code LIKE '{mark}%'"
        )
    )
    acknowledged = [each.code for each in log.acknowledged]
    lost = [code for code in acknowledged if not stored[code]]
    maybe = {each.code for each in log.open}
    return [
        none_of("acknowledged writes lost", lost, acknowledged),
        none_of("writes doubled", [c for c, n in stored.items() if n > 1], stored),
        none_of("writes nobody asked for", set(stored) - set(acknowledged) - maybe, stored),
        none_of("writes refused without reason", log.faults, acknowledged),
        none_of("writes still open at the end", maybe, acknowledged),
        none_of("writes without exactly one fact", [c for c in stored if facts[c] != 1], stored),
        none_of(
            "writes without exactly one audit row", [c for c in stored if audited[c] != 1], stored
        ),
        *_delivery_findings(database),
    ]


def _delivery_findings(database: Database) -> list[Finding]:
    total = database.number("SELECT count(*) FROM core_delivery")
    missing = database.number(
        "SELECT count(*) FROM core_delivery d JOIN core_event e ON e.id = d.event_id "
        "LEFT JOIN org_factarrival a ON a.fact = e.public_id "
        "WHERE d.handler = 'org.arrival_note' AND d.state = 'done' AND a.id IS NULL"
    )
    orphans = database.number(
        "SELECT count(*) FROM org_factarrival a "
        "LEFT JOIN core_event e ON e.public_id = a.fact WHERE e.id IS NULL"
    )
    # The effect's unique key refuses a second arrival; a try that met it has failed and says so.
    doubled = database.number(
        "SELECT count(*) FROM core_delivery WHERE last_error LIKE '%IntegrityError%'"
    )
    undone = database.number("SELECT count(*) FROM core_delivery WHERE state <> 'done'")
    return [
        Finding("facts not delivered", f"{undone} of {total}", undone == 0),
        Finding("facts ticked without their effect", f"{missing} of {total}", missing == 0),
        Finding("facts delivered twice", f"{doubled} of {total}", doubled == 0),
        Finding("effects without a fact", f"{orphans} of {total}", orphans == 0),
    ]


def none_of(promise: str, wrong: object, of: object) -> Finding:
    """Return the promise that none of them is wrong, with the first few that are."""
    listed = sorted(wrong)  # type: ignore[call-overload]
    detail = f"{len(listed)} of {len(of)}"  # type: ignore[arg-type]
    if listed:
        detail += ": " + ", ".join(listed[:3])
    return Finding(promise, detail, not listed)
