"""Rows are sealed once every transaction that could still write among them has ended."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.backends.utils import CursorWrapper

from audit import rules
from audit.models import AuditEvent, Seal
from audit.services.chains import LOCKS, MARK, Chain, chains, cluster, keys, steady
from core import health

BATCH = 5000
PROCESS = "sealing"


@dataclass(frozen=True, slots=True)
class Head:
    """Where one chain stands."""

    chain: str
    number: int
    head: str
    mac: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class _Now:
    """What the server said when the run began."""

    cluster: str
    horizon: int
    at: datetime


def seal(*, at: datetime) -> int:
    """Every row written by a transaction that is over is sealed; returns how many were.

    One run at a time: another one that comes meanwhile does nothing.
    """
    with steady() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 2)", [LOCKS])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        horizon = cursor.fetchone()[0]
        now = _Now(cluster(cursor), horizon, at)
        count = sum(_seal_chain(chain, now) for chain in chains(cursor))
    health.beat(PROCESS, at=at)
    return count


def heads() -> list[Head]:
    """Return the newest seal of every chain."""
    newest = Seal.objects.order_by("chain", "-number").distinct("chain").defer("ids", "digests")
    return [
        Head(row.chain, row.number, bytes(row.head).hex(), bytes(row.mac).hex(), row.sealed_at)
        for row in newest
    ]


def unsealed_age(*, at: datetime) -> timedelta:
    """Return how old the oldest row of the trail is that no seal vouches for yet.

    Zero when there is none.
    """
    last = (
        Seal.objects.filter(chain=AuditEvent._meta.db_table)
        .order_by("-number")
        .values_list("to_xid", flat=True)
        .first()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(recorded_at) FROM audit_auditevent WHERE sealed_xid >= %s::text::xid8 "
            "AND sealed_xid < pg_snapshot_xmax(pg_current_snapshot())",
            [last or 0],
        )
        oldest = cursor.fetchone()[0]
    return max(at - oldest, timedelta(0)) if oldest else timedelta(0)


def _seal_chain(chain: Chain, now: _Now) -> int:
    last = (
        Seal.objects.filter(chain=chain.table)
        .order_by("-number")
        .values("number", "cluster", "to_xid", "head")
        .first()
    )
    number, previous = (last["number"], bytes(last["head"])) if last else (0, b"")
    goes_on = last is not None and last["cluster"] == now.cluster
    since = last["to_xid"] if last and goes_on else 0
    count = 0
    with connection.chunked_cursor() as rows:
        _find(rows, chain, now, since if goes_on else None)
        while found := rows.fetchmany(BATCH):
            number += 1
            batch = _batch(chain, number, since, now, found)
            previous = _store(batch, previous)
            count += len(found)
    return count


def _find(rows: CursorWrapper, chain: Chain, now: _Now, since: int | None) -> None:
    """Ask for the rows of the transactions that ended; of another server's, for all unsealed ones.

    Numbers of transactions mean something on one server only. After a restore elsewhere old rows
    may carry numbers that are still to come: they are taken at once, and may be sealed twice.
    """
    if since is not None:
        where = f"t.{MARK} >= %s::xid8 AND t.{MARK} < %s::xid8"
        values = [str(since), str(now.horizon)]
    else:
        where = f"({_FOREIGN}) AND {_UNSEALED}{chain.key})"
        values = [str(now.horizon), chain.table]
    rows.execute(chain.select(chain.columns, where) + f" ORDER BY t.{MARK}, 1", values)


# What this very statement sees although it is yet to begin here, comes from another server.
_FOREIGN = f"t.{MARK} < %s::xid8 OR t.{MARK} >= pg_snapshot_xmax(pg_current_snapshot())"
_UNSEALED = (
    "NOT EXISTS (SELECT FROM (SELECT unnest(ids) AS id FROM public.audit_seal WHERE chain = %s) s "
    "WHERE s.id = t."
)


def _batch(
    chain: Chain, number: int, since: int, now: _Now, found: list[tuple[int, bytes, datetime]]
) -> rules.Batch:
    moments = [moment for _id, _digest, moment in found]
    return rules.Batch(
        chain=chain.table,
        number=number,
        cluster=now.cluster,
        from_xid=since,
        to_xid=now.horizon,
        columns=chain.columns,
        ids=[row[0] for row in found],
        digests=b"".join(bytes(row[1]) for row in found),
        first_at=min(moments),
        last_at=max(moments),
        sealed_at=now.at,
    )


def _store(batch: rules.Batch, previous: bytes) -> bytes:
    head = rules.head_of(batch, previous)
    Seal.objects.create(
        **asdict(batch), previous=previous, head=head, mac=rules.mac_of(keys()[0], head)
    )
    return head
