"""What the audit trail says after the drill: one row for each act and look, and all are whole."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from scripts.devservers import ServerError
from scripts.drill_facts import Database, Finding, none_of
from scripts.drill_writers import DrillError, Log

ENDINGS = (".ndjson", ".taken")
BRING_SECONDS = 40.0
REFUSING = "REVOKE INSERT ON audit_auditevent FROM hms_app"
TAKING = "GRANT INSERT ON audit_auditevent TO hms_app"
SEAL = "from audit.tasks import anchor_due, seal_due; seal_due(); anchor_due()"
Manage = Callable[..., str]


def kept_aside(spool: Path) -> int:
    """Return how many looks wait on the disk for the trail."""
    files = [path for path in spool.glob("*") if path.suffix in ENDINGS]
    return sum(path.read_bytes().count(b"\n") for path in files)


def bring(manage: Manage, spool: Path) -> None:
    """Nothing is kept aside any more; the worker may be at it too. Raises DrillError."""
    deadline = time.monotonic() + BRING_SECONDS
    while True:
        manage("looks_bring")
        if not kept_aside(spool):
            return
        if time.monotonic() > deadline:
            raise DrillError(f"{kept_aside(spool)} looks are still kept aside.")
        time.sleep(1)


def counts(database: Database, mark: str, condition: str) -> Counter[str]:
    """Return how many rows of the trail there are for each request of the drill."""
    return Counter(
        row[0]
        for row in database.rows(
            "SELECT request_id FROM audit_auditevent "
            f"WHERE request_id LIKE '{mark}%' AND outcome = '0' AND {condition}"
        )
    )


def findings(
    database: Database, log: Log, *, mark: str, looks: list[str], sign_ins: Iterable[str]
) -> list[Finding]:
    """Return whether each thing acknowledged has one row, found by its request. Raises DrillError.

    A write that was repeated has several requests: together they left one row.
    """
    acts = counts(database, mark, "act = 'unit_create'")
    of_writes: Counter[str] = Counter()
    for request, count in acts.items():
        of_writes[request.rpartition(".")[0]] += count
    codes = [each.code for each in log.acknowledged]
    seen = counts(database, mark, "action IN ('R', 'E') AND act <> 'sign_in'")
    ins = counts(database, mark, "act = 'sign_in'")
    came = list(sign_ins)
    brought = database.number(
        "SELECT coalesce(sum((after->>'count')::int), 0) FROM audit_auditevent "
        "WHERE act = 'looks_bring'"
    )
    return [
        _once("acknowledged writes without one act row", codes, of_writes),
        _once("acknowledged sign-ins without one row", came, ins),
        _once("acknowledged looks without one row", looks, seen),
        none_of("rows of looks doubled", [each for each, n in seen.items() if n > 1], seen),
        Finding("no look was ever kept aside", f"{brought} were, and brought", brought > 0),
    ]


def _once(promise: str, wanted: list[str], there: Counter[str]) -> Finding:
    return none_of(promise, [each for each in wanted if there[each] != 1], wanted)


def verified(manage: Manage) -> Finding:
    """Seal what is left and compare everything with its seals and the anchors outside."""
    manage("shell", "--no-imports", "-c", SEAL)
    try:
        report = json.loads(manage("audit_verify", "--json"))
    except ServerError as error:
        return Finding("trail differs from its seals", str(error), kept=False)
    detail = (
        f"{report['count']} problems in {report['rows']} rows, {report['seals']} seals, "
        f"{report['chains']} chains; {report['unsealed']} rows not sealed yet"
    )
    return Finding("trail differs from its seals", detail, bool(report["clean"]))
