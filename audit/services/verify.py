"""The rows are compared with what was sealed, batch by batch; what differs is named."""

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from audit import rules
from audit.events import TrailBroken
from audit.models import Retired, Seal, VerifyRun
from audit.services.chains import Chain, chains, cluster, keys, steady
from core import events

NAMED = 500
PART = 10_000
Digests = dict[int, tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was sealed: what, in which chain, which seal and row."""

    kind: str
    chain: str
    seal: int | None = None
    row: int | None = None
    other: int | None = None

    def __str__(self) -> str:
        parts = [f"{self.kind}: {self.chain}"]
        parts += [f"row {self.row}"] if self.row is not None else []
        parts += [f"and row {self.other}"] if self.other is not None else []
        parts += [f"seal {self.seal}"] if self.seal is not None else []
        return ", ".join(parts)


@dataclass(slots=True)
class Report:
    """What a check saw."""

    rows: int = 0
    unsealed: int = 0
    seals: int = 0
    chains: int = 0
    count: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """The problem is counted, and named while there are not too many."""
        self.count += 1
        if len(self.problems) < NAMED:
            self.problems.append(problem)

    @property
    def is_clean(self) -> bool:
        """Say whether nothing differs."""
        return not self.count


@dataclass(slots=True)
class _Walk:
    """Where the check of one chain is."""

    name: str
    report: Report
    anchored: dict[int, str]
    retired: list[list[int]]
    since: datetime | None
    chain: Chain | None = None
    number: int = 0
    head: bytes = b""
    to_xid: int = 0
    cluster: str = ""
    listed: int = 0
    heads: dict[bytes, int] = field(default_factory=dict)
    seen: rules.Numbers = field(default_factory=rules.Numbers)
    changed: Digests = field(default_factory=dict)

    def found(
        self,
        kind: str,
        *,
        seal: int | None = None,
        row: int | None = None,
        other: int | None = None,
    ) -> None:
        self.report.add(Problem(kind, self.name, seal, row, other))


def verify(
    *,
    only: str = "",
    since: datetime | None = None,
    anchored: dict[tuple[str, int], str] | None = None,
) -> Report:
    """Return what differs between the sealed tables and their seals; nothing is written.

    `since` leaves out the rows of older seals; `anchored` holds heads kept outside the database.
    """
    report = Report()
    outside = anchored or {}
    with steady() as cursor:
        tables = {chain.table: chain for chain in chains(cursor)}
        here = cluster(cursor)
    names = {*tables, *Seal.objects.values_list("chain", flat=True).distinct()}
    names |= {name for name, _number in outside}
    for name in sorted(names if not only else names & {only}):
        walk = _Walk(
            name=name,
            report=report,
            anchored={number: head for (chain, number), head in outside.items() if chain == name},
            retired=_retired(name, report),
            since=since,
            chain=tables.get(name),
        )
        report.chains += 1
        _chain(walk, here)
    return report


def verify_and_note(
    *,
    at: datetime,
    anchored: dict[tuple[str, int], str] | None = None,
    extra: Iterable[Problem] = (),
) -> VerifyRun:
    """A check of everything is on record; a break is announced as a fact."""
    began = time.monotonic()
    report = verify(anchored=anchored)
    for problem in extra:
        report.add(problem)
    run = VerifyRun.objects.create(
        started_at=at,
        finished_at=at + timedelta(seconds=time.monotonic() - began),
        rows=report.rows,
        unsealed=report.unsealed,
        seals=report.seals,
        chains=report.chains,
        result=VerifyRun.Result.CLEAN if report.is_clean else VerifyRun.Result.BROKEN,
        problem_count=report.count,
        problems=[{**asdict(problem), "text": str(problem)} for problem in report.problems],
    )
    if not report.is_clean:
        events.publish(TrailBroken(run_id=run.pk, problems=report.count), at=at)
    return run


def last_run() -> VerifyRun | None:
    """Return the newest check."""
    return VerifyRun.objects.order_by("-id").first()


def _chain(walk: _Walk, here: str) -> None:
    total = _total(walk.chain)
    for row in _seals(walk.name):
        _seal(walk, row, is_empty=total == 0)
    for number in sorted(number for number in walk.anchored if number > walk.number)[-1:]:
        walk.found("tail cut off", seal=number)
    _swaps(walk)
    if walk.chain is None:
        walk.found("table gone")
        return
    if total == 0 and walk.listed and not walk.retired:
        walk.found("table emptied")
    _strangers(walk, walk.chain, here)


def _seals(name: str) -> Iterator[Seal]:
    """Yield the seals in order, read in steady words too: their times are part of their heads."""
    number = 0
    while rows := _some_seals(name, number):
        yield from rows
        number = rows[-1].number


def _some_seals(name: str, after: int) -> list[Seal]:
    with steady():
        return list(Seal.objects.filter(chain=name, number__gt=after).order_by("number")[:20])


def _seal(walk: _Walk, row: Seal, *, is_empty: bool) -> None:
    walk.report.seals += 1
    _links(walk, row)
    walk.number, walk.head = row.number, bytes(row.head)
    walk.to_xid, walk.cluster = row.to_xid, row.cluster
    walk.listed += len(row.ids)
    if walk.since and row.sealed_at < walk.since:
        for number in row.ids:
            walk.seen.add(number)
        return
    digests = bytes(row.digests)
    if walk.chain is None or is_empty or len(digests) != rules.DIGEST * len(row.ids):
        return
    if {*row.columns} - {*walk.chain.columns}:
        walk.found("column gone", seal=row.number)
        return
    _rows(walk, row, digests)


def _links(walk: _Walk, row: Seal) -> None:
    """The seal stands in its place, says what was sealed and was made with our key."""
    if row.number != walk.number + 1:
        walk.found("seal missing", seal=walk.number + 1)
    elif bytes(row.previous) != walk.head:
        walk.found("seals out of order", seal=row.number)
    head = bytes(row.head)
    batch = rules.Batch(
        **{name: getattr(row, name) for name in _TOLD if name != "digests"},
        digests=bytes(row.digests),
    )
    if rules.head_of(batch, bytes(row.previous)) != head:
        walk.found("seal changed", seal=row.number)
    if not rules.is_ours(keys(), head, bytes(row.mac)):
        walk.found("seal not made with our key", seal=row.number)
    if walk.anchored.get(row.number, head.hex()) != head.hex():
        walk.found("seal differs from the anchor", seal=row.number)


_TOLD = rules.Batch.__slots__


def _rows(walk: _Walk, row: Seal, digests: bytes) -> None:
    sealed = {
        number: digests[at * rules.DIGEST : (at + 1) * rules.DIGEST]
        for at, number in enumerate(row.ids)
    }
    found = _fetch(walk.chain, row) if walk.chain else {}
    walk.report.rows += len(found)
    missing = []
    for number, digest in sealed.items():
        now = found.get(number)
        if now is None:
            missing.append(number)
            continue
        walk.seen.add(number)
        if now != digest:
            walk.changed[number] = (digest, now)
    missing = [number for number in missing if not _is_retired(walk.retired, number)]
    if missing and len(missing) == len(sealed) and len(sealed) > 1:
        walk.found("all rows of a seal removed", seal=row.number)
    else:
        for number in missing:
            walk.found("row removed", seal=row.number, row=number)


def _fetch(chain: Chain, row: Seal) -> dict[int, bytes]:
    """Return the rows' digests; one that says another time now is looked for everywhere."""
    key = f't."{chain.key}" = ANY(%s)'
    near = chain.select(row.columns, f'{key} AND t."{chain.moment}" BETWEEN %s AND %s')
    with steady() as cursor:
        cursor.execute(near, [row.ids, row.first_at, row.last_at])
        found = {number: bytes(digest) for number, digest, _at in cursor.fetchall()}
        left = [number for number in row.ids if number not in found]
        if left:
            cursor.execute(chain.select(row.columns, key), [left])
            found |= {number: bytes(digest) for number, digest, _at in cursor.fetchall()}
    return found


def _swaps(walk: _Walk) -> None:
    """Two rows that say what the other said are named as a pair."""
    said = {digest: number for number, (digest, _now) in walk.changed.items()}
    told: set[int] = set()
    for number, (digest, now) in sorted(walk.changed.items()):
        other = said.get(now)
        if number in told:
            continue
        if other is not None and walk.changed[other][1] == digest:
            walk.found("rows swapped", row=number, other=other)
            told.add(other)
        else:
            walk.found("row changed", row=number)


def _total(chain: Chain | None) -> int:
    if chain is None:
        return 0
    with steady() as cursor:
        cursor.execute(chain.any_row)
        return len(cursor.fetchall())


def _strangers(walk: _Walk, chain: Chain, here: str) -> None:
    """Rows that no seal names: not yet sealed, or put among those that were."""
    bits = rules.Numbers.PAGE
    with steady() as cursor:
        cursor.execute(chain.pages, [bits])
        pages = [page for page, count in cursor.fetchall() if count > walk.seen.on_page(page)]
        for page in pages:
            cursor.execute(chain.numbers, [page << bits, ((page + 1) << bits) - 1])
            for number, xid in cursor.fetchall():
                if number in walk.seen:
                    continue
                if xid < walk.to_xid and walk.cluster == here and walk.number:
                    walk.found("row inserted", row=number)
                else:
                    walk.report.unsealed += 1


def _retired(name: str, report: Report) -> list[list[int]]:
    found = []
    for row in Retired.objects.filter(chain=name):
        if rules.is_ours(keys(), retired_words(row), bytes(row.mac)):
            found.append(row.runs)
        else:
            report.add(Problem("mark of a retired month not made with our key", name, row=row.pk))
    return found


def retired_words(row: Retired) -> bytes:
    """Return what the mark of a retired month vouches for."""
    runs = ",".join(map(str, row.runs))
    return f"retired|{row.chain}|{row.part}|{row.count}|{row.export_sha256}|{runs}".encode()


def _is_retired(retired: list[Sequence[int]] | list[list[int]], number: int) -> bool:
    return any(
        runs[at] <= number <= runs[at + 1] for runs in retired for at in range(0, len(runs), 2)
    )


def sealed_with_older_keys() -> int:
    """Return how many seals and marks of retired months the first of our keys did not make."""
    marks = ((retired_words(mark), bytes(mark.mac)) for mark in Retired.objects.order_by("pk"))
    told = itertools.chain(_heads(), marks)
    newest = keys()[:1]
    return sum(not rules.is_ours(newest, words, mac) for words, mac in told)


def _heads() -> Iterator[tuple[bytes, bytes]]:
    """Every seal's head and proof, in parts: years of them are not one statement."""
    rows = Seal.objects.order_by("pk").values_list("pk", "head", "mac")
    last = 0
    while part := list(rows.filter(pk__gt=last)[:PART]):
        yield from ((bytes(head), bytes(mac)) for _pk, head, mac in part)
        last = part[-1][0]


def kinds(report: Report) -> Counter[str]:
    """Return how often each kind of problem was named."""
    return Counter(problem.kind for problem in report.problems)
