"""The trail tampered with on a copy: each way is found and named; an honest one is whole."""

import threading
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from audit import services, tasks
from audit.models import AuditEvent, Seal, VerifyRun
from audit.services import Action, chains, record, seal, seals, verify
from audit.services.verify import kinds
from core import clock
from core.models import Event, StateChange
from hms import readiness
from tests.factories.org import STARTED

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
TABLES = ("audit_auditevent", "audit_seal")


@pytest.fixture(autouse=True)
def keys(settings, tmp_path) -> None:
    settings.AUDIT_KEYS = ["k" * 50]
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"


OPEN = """
SELECT coalesce(max(sealed_xid::text::bigint), 0)
  >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
FROM audit_auditevent WHERE sealed_xid < pg_snapshot_xmax(pg_current_snapshot())
"""


def settle() -> None:
    """All is sealed at once, when no transaction of another test of this server is older."""
    for _ in range(4_000):
        with connection.cursor() as cursor:
            cursor.execute(OPEN)
            if not cursor.fetchone()[0]:
                seal(at=clock.now())
                return
        time.sleep(0.05)
    raise AssertionError("a transaction has been open for minutes")


def add(count: int) -> list[int]:
    """Each row in a transaction of its own."""
    return [
        record(f"probe {n}", action=Action.READ, at=STARTED, by=None, before={"none": None}).pk
        for n in range(count)
    ]


@pytest.fixture
def rows(db: None) -> list[int]:
    """Thirty rows in three seals of ten."""
    found = []
    for number in range(3):
        found += add(10)
        settle()
        assert Seal.objects.filter(chain=TABLES[0]).count() == number + 1
    return found


@pytest.fixture
def tamper() -> Iterator[object]:
    """Run SQL as somebody who owns the tables and has put the guards out of the way."""

    def run(sql: str, *values: object) -> None:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(sql, list(values))
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    yield run


def named(anchored: dict | None = None) -> list[str]:
    return [str(problem) for problem in verify(anchored=anchored).problems]


def test_an_honest_trail_is_whole(rows) -> None:
    report = verify()
    assert (report.is_clean, report.unsealed) == (True, 0)
    assert report.rows >= 30


def test_a_changed_word_is_named(rows, tamper) -> None:
    tamper("UPDATE audit_auditevent SET reason = 'x' WHERE id = %s", rows[4])
    assert named() == [f"row changed: audit_auditevent, row {rows[4]}"]


def test_a_changed_word_inside_a_document_is_named(rows, tamper) -> None:
    tamper("UPDATE audit_auditevent SET before = '{}' WHERE id = %s", rows[4])
    assert named() == [f"row changed: audit_auditevent, row {rows[4]}"]


def test_a_row_moved_to_another_month_is_named(rows, tamper) -> None:
    tamper("UPDATE audit_auditevent SET recorded_at = '2001-01-01' WHERE id = %s", rows[7])
    assert named() == [f"row changed: audit_auditevent, row {rows[7]}"]


def test_a_removed_row_is_named(rows, tamper) -> None:
    tamper("DELETE FROM audit_auditevent WHERE id = %s", rows[12])
    assert named() == [f"row removed: audit_auditevent, row {rows[12]}, seal 2"]


def test_a_swapped_pair_is_named(rows, tamper) -> None:
    a, b = rows[3], rows[25]
    tamper(
        "UPDATE audit_auditevent SET id = CASE id WHEN %s THEN %s ELSE %s END WHERE id IN (%s, %s)"
        " AND (recorded_at IS NOT NULL)",
        a, b, a, a, b,
    )  # fmt: skip
    assert named() == [f"rows swapped: audit_auditevent, row {a}, and row {b}"]


def test_a_cut_tail_is_named_by_the_anchor(rows, tamper) -> None:
    services.anchor(at=clock.now())
    tamper("DELETE FROM audit_auditevent WHERE id >= %s", rows[20])
    tamper("DELETE FROM audit_seal WHERE chain = 'audit_auditevent' AND number = 3")
    known, wrong = services.anchors_read(services.anchor_files())
    assert (wrong, named()) == ([], [])
    assert named(known) == ["tail cut off: audit_auditevent, seal 3"]


def test_a_cut_tail_whose_seals_remain_is_named(rows, tamper) -> None:
    tamper("DELETE FROM audit_auditevent WHERE id >= %s", rows[20])
    assert named() == ["all rows of a seal removed: audit_auditevent, seal 3"]


def test_an_emptied_table_is_named(rows, tamper) -> None:
    tamper("DELETE FROM audit_auditevent")
    assert named() == ["table emptied: audit_auditevent"]


def test_emptied_seals_are_named_by_the_anchor(rows, tamper) -> None:
    services.anchor(at=clock.now())
    tamper("DELETE FROM audit_seal")
    known, _wrong = services.anchors_read(services.anchor_files())
    assert "tail cut off: audit_auditevent, seal 3" in named(known)


def test_a_row_put_among_the_sealed_is_named(rows, tamper) -> None:
    new = add(1)[0]
    tamper("UPDATE audit_auditevent SET sealed_xid = '5' WHERE id = %s", new)
    settle()
    assert named() == [f"row inserted: audit_auditevent, row {new}"]


def test_a_missing_seal_is_named(rows, tamper) -> None:
    tamper("DELETE FROM audit_seal WHERE chain = 'audit_auditevent' AND number = 2")
    assert "seal missing: audit_auditevent, seal 2" in named()


def test_reordered_seals_are_named(rows, tamper) -> None:
    tamper("UPDATE audit_seal SET number = 9 WHERE number = 1 AND chain = 'audit_auditevent'")
    tamper("UPDATE audit_seal SET number = 1 WHERE number = 2 AND chain = 'audit_auditevent'")
    tamper("UPDATE audit_seal SET number = 2 WHERE number = 9 AND chain = 'audit_auditevent'")
    found = kinds(verify())
    assert (found["seals out of order"], found["seal changed"]) == (3, 2)


def test_a_changed_seal_is_named(rows, tamper) -> None:
    tamper("UPDATE audit_seal SET to_xid = to_xid + 1 WHERE number = 2 AND chain = %s", TABLES[0])
    assert named() == ["seal changed: audit_auditevent, seal 2"]


def test_who_has_the_database_but_not_the_key_cannot_seal(rows, tamper, settings) -> None:
    """A row is changed and everything is sealed anew, as the code does it, with a key invented."""
    tamper("UPDATE audit_auditevent SET reason = 'x' WHERE id = %s", rows[4])
    tamper("DELETE FROM audit_seal")
    settings.AUDIT_KEYS = ["i" * 50]
    settle()
    settings.AUDIT_KEYS = ["k" * 50]
    assert "seal not made with our key: audit_auditevent, seal 1" in named()


def test_an_old_key_still_verifies(rows, settings) -> None:
    settings.AUDIT_KEYS = ["n" * 50, "k" * 50]
    add(1)
    settle()
    assert named() == []


def test_an_anchor_file_that_lost_a_line_is_named(rows) -> None:
    for _ in range(3):
        path = services.anchor(at=clock.now())
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    _known, wrong = services.anchors_read([path])
    assert [problem.kind for problem in wrong] == ["anchor lines missing or out of order"]


def test_rows_of_a_transaction_that_ends_late_are_sealed_later(db) -> None:
    """Numbers are given out in one order and committed in another."""
    first = StringIO()
    started, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            first.write(str(add(1)[0]))
            started.set()
            may_end.wait(10)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    started.wait(10)
    later = add(3)
    seal(at=clock.now())
    sealed = {n for row in Seal.objects.filter(chain=TABLES[0]) for n in row.ids}
    assert not sealed & {int(first.getvalue()), *later}
    may_end.set()
    thread.join()
    assert verify().is_clean
    settle()
    sealed = {n for row in Seal.objects.filter(chain=TABLES[0]) for n in row.ids}
    assert {int(first.getvalue()), *later} <= sealed
    assert (named(), verify().unsealed) == ([], 0)


def test_eight_writers_with_failures_are_sealed_whole(db) -> None:
    def write(seed: int) -> None:
        for n in range(25):
            try:
                with transaction.atomic():
                    add(1 + (n + seed) % 3)
                    if (n + seed) % 5 == 0:
                        raise RuntimeError
            except RuntimeError:
                pass
        connections.close_all()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seal(at=clock.now())
        assert named() == []
    settle()
    ids = [n for row in Seal.objects.filter(chain=TABLES[0]) for n in row.ids]
    assert len(ids) == len(set(ids)) == AuditEvent.objects.count()
    assert (named(), verify().unsealed) == ([], 0)


def test_a_check_in_another_time_zone_reads_the_same(rows) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'Asia/Kathmandu'")
        cursor.execute("SET IntervalStyle = 'sql_standard'")
        cursor.execute("SET extra_float_digits = -3")
        cursor.execute("SET bytea_output = 'escape'")
        try:
            assert named() == []
        finally:
            cursor.execute("RESET ALL")
    connection.close()


def test_on_another_server_with_lower_numbers_sealing_goes_on(rows, tamper, monkeypatch) -> None:
    """As after a dump put back elsewhere: old rows carry numbers of transactions still to come."""
    unsealed = add(2)
    tamper("UPDATE audit_auditevent SET sealed_xid = '900000000' WHERE id = ANY(%s)", unsealed)
    tamper("UPDATE audit_auditevent SET sealed_xid = '800000000' WHERE id = ANY(%s)", rows)
    for module in (seals, chains):
        monkeypatch.setattr(module, "cluster", lambda _cursor: "another")
    monkeypatch.setitem(services.verify.__globals__, "cluster", lambda _cursor: "another")
    assert named() == []
    add(2)
    settle()
    assert (named(), verify().unsealed) == ([], 0)
    new = add(3)
    settle()
    last = Seal.objects.filter(chain=TABLES[0]).order_by("-number")[0]
    assert list(last.ids) == new
    assert (named(), verify().unsealed) == ([], 0)


def test_a_column_added_later_leaves_old_seals_whole(rows, tamper) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent ADD COLUMN later text NOT NULL DEFAULT 'x'")
    try:
        new = add(1)[0]
        settle()
        assert named() == []
        tamper("UPDATE audit_auditevent SET later = 'y' WHERE id = %s", new)
        assert named() == [f"row changed: audit_auditevent, row {new}"]
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE audit_auditevent DROP COLUMN later")


def test_steps_and_row_histories_are_sealed_too(committed_hospital) -> None:
    settle()
    sealed = set(Seal.objects.values_list("chain", flat=True))
    with connection.cursor() as cursor:
        known = {chain.table for chain in chains.chains(cursor)}
    assert {"core_statechange", "org_activationevent", "core_systemmodeevent"} <= known
    assert StateChange.objects.exists() == ("core_statechange" in sealed)
    assert named() == []


def test_the_command_says_it_plainly_and_fails_on_a_break(rows, tamper) -> None:
    out = StringIO()
    call_command("audit_verify", stdout=out)
    assert "The trail is whole." in out.getvalue()
    tamper("DELETE FROM audit_auditevent WHERE id = %s", rows[0])
    with pytest.raises(SystemExit) as caught:
        call_command("audit_verify", chain=TABLES[0], stdout=out)
    assert caught.value.code == 1
    assert "BROKEN: 1 problems" in out.getvalue()


def test_a_break_found_at_night_is_on_record_announced_and_degrades(rows, tamper) -> None:
    assert tasks.verify_due() is True
    assert readiness._trail(clock.now())[1].state == "ok"
    tamper("DELETE FROM audit_auditevent WHERE id = %s", rows[0])
    assert tasks.verify_due() is False
    run = VerifyRun.objects.latest("id")
    assert (run.result, run.problems[0]["row"]) == ("broken", rows[0])
    assert Event.objects.filter(name="audit.TrailBroken", payload__run_id=run.pk).count() == 1
    assert readiness._trail(clock.now())[1].state == "degraded"


def test_late_sealing_is_said(db) -> None:
    seal(at=clock.now())
    now = clock.now()
    assert readiness._trail(now)[0].state == "ok"
    assert readiness._trail(now + readiness.SEALING_LATE * 2)[0].state == "degraded"
