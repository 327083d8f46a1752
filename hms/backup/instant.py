"""A moment at which the live database and a copy recovered to it must hold the same rows.

A snapshot and a place in the log are two things: a transaction is in the log before it can be seen,
for as long as its disk needs. So a named restore point is written between two looks. When nothing
ended between the looks, and nothing that held a number at the restore point ended right after it,
the snapshot sees exactly what a copy recovered to the restore point holds. The copy is asked about
it all the same; a comparison that was not exact is repeated and never called a difference.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import clock
from hms.backup import facts, wal
from hms.backup.config import BackupError, Config

SNAPSHOT = "SELECT pg_current_snapshot()::text"
BEYOND = """
WITH snapshot AS (SELECT %s::pg_snapshot AS s)
SELECT count(*) FROM snapshot, generate_series(
    pg_snapshot_xmin(s)::text::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1) AS x
WHERE NOT pg_visible_in_snapshot(x::text::xid8, s)
  AND pg_xact_status(x::text::xid8) = 'committed'
"""
IN_WORK = (
    "SELECT coalesce(array_agg(transactionid::text), '{}') FROM pg_locks "
    "WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock'"
)
TRY_SECONDS = 60.0
# Whoever still works after this long was not in the middle of its end.
END_SECONDS = 0.5


@dataclass(slots=True)
class Instant:
    """The snapshot stays open until `close`; `mark` says which segment must be archived."""

    name: str
    at: datetime
    snapshot: str
    mark: wal.Mark
    connection: Any
    sequences: dict[str, int]

    def close(self) -> None:
        """The live database is let go of."""
        self.connection.close()


def fix(config: Config, *, name: str) -> Instant:
    """The restore point is in the log and a snapshot of the same moment is open."""
    reader, writer = wal.connect(config.url), wal.connect(config.url)
    try:
        facts.prepare(reader)
        # Sequences know no snapshot: read before the marker, they can only have moved on.
        sequences = facts.sequences(reader)
        deadline = time.monotonic() + TRY_SECONDS
        number = 0
        while time.monotonic() < deadline:
            number += 1
            snapshot = _try(reader, writer, f"{name}-{number}")
            if snapshot:
                at = clock.now()
                mark = wal.mark(writer, at=at)
                wal.switch(writer)
                return Instant(f"{name}-{number}", at, snapshot, mark, reader, sequences)
            time.sleep(0.01)
        raise BackupError(
            f"In {TRY_SECONDS:.0f} s there was no instant at which nothing was committed: the "
            "comparison would not be exact. Ask for the drill at a quieter hour."
        )
    except BaseException:
        reader.close()
        raise
    finally:
        writer.close()


def _try(reader: Any, writer: Any, name: str) -> str:
    with reader.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    snapshot: str = wal.ask(reader, SNAPSHOT)[0]
    wal.ask(writer, "SELECT pg_create_restore_point(%s)", [name])
    working = set(wal.ask(writer, IN_WORK)[0])
    if wal.ask(writer, SNAPSHOT)[0] == snapshot and _all_go_on(writer, working):
        return snapshot
    with reader.cursor() as cursor:
        cursor.execute("ROLLBACK")
    return ""


def _all_go_on(writer: Any, working: set[str]) -> bool:
    """Say whether none of these transactions may have been ending just then."""
    if working:
        time.sleep(END_SECONDS)
    return working <= set(wal.ask(writer, IN_WORK)[0])


def beyond(copy: Any, snapshot: str) -> int:
    """Return how many transactions the copy has that the snapshot did not see."""
    return int(wal.ask(copy, BEYOND, [snapshot])[0])
