"""One installation from the first backup to a restored server, with real servers and real files."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from core import clock
from hms.backup import desk, drill
from hms.backup.recovery import Recovery, Target, hand_over
from hms.backup.store import BASE, alone
from tests.backup.site import Site, made, reachable


@contextmanager
def people_write(site: Site) -> Iterator[list[int]]:
    """Somebody saves something about fifty times a second; gives the count of what was saved."""
    stop, count = threading.Event(), [0]

    def work() -> None:
        connection = psycopg2.connect(site.servers.database_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not stop.wait(0.02):
                cursor.execute(
                    "INSERT INTO core_numberseries (code, period, prefix, width, has_check_digit, "
                    "next_value) VALUES (%s, '', '', 6, false, 1)",
                    [f"series {count[0]}"],
                )
                count[0] += 1
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()


def spoil(copy: Recovery) -> None:
    """Eight things that a bad backup could have done to the copy."""
    connection = psycopg2.connect(copy.url("hms_owner", "hms"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for sql in (
            "UPDATE django_migrations SET name = name || '!' WHERE id = 1",
            "DELETE FROM auth_permission WHERE id = (SELECT max(id) FROM auth_permission)",
            "ALTER TABLE core_backupjob DROP CONSTRAINT backupjob_kind_known",
            "ALTER TABLE core_statechange DISABLE TRIGGER core_statechange_no_truncate",
            "DROP TRIGGER seal_no_truncate ON audit_seal",
            "ALTER SEQUENCE auth_permission_id_seq RESTART",
            "DROP TABLE org_knownplace",
            "DROP INDEX backupjob_one_at_a_time",
        ):
            cursor.execute(sql)
    connection.close()


SPOILT = {
    "constraint public.core_backupjob.backupjob_kind_known: is missing",
    "index public.core_backupjob.backupjob_one_at_a_time: is missing",
    "trigger public.core_statechange.core_statechange_no_truncate: differs",
    "trigger public.audit_seal.seal_no_truncate: is missing",
    "table public.org_knownplace: is missing",
}


def test_a_backup_is_taken_by_itself_drilled_and_restored_while_people_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made(tmp_path) as site, site.keeper(), reachable() as new:
        with people_write(site) as written:
            site.until(lambda: [job for job in site.jobs("full") if job[1]])
            assert site.jobs("full")[0][2] == ""
            _a_drill_finds_no_false_difference(site, written)
            _a_spoilt_copy_is_named(site, monkeypatch)
        _a_moment_of_the_past_comes_back(site, new)
        _nothing_is_left(site)


@pytest.mark.skipif(not os.environ.get("HMS_WHOLE"), reason="two installations: make test-all")
def test_after_a_loss_the_restored_server_is_backed_up_again(tmp_path: Path) -> None:
    """The keeper's own directory outlived the database, with what it had not archived yet."""
    with made(tmp_path) as site, site.keeper():
        site.until(lambda: [job for job in site.jobs("full") if job[1]])
        # What is lost with the last seconds must not be the end of that job.
        then = clock.now()
        site.until(lambda: _covered(site, then))
    spool = site.config.spool
    assert [path for path in spool.iterdir() if path.suffix == ".partial"]
    with reachable() as new:
        # As the page says: the key's umask, and a directory that is not there yet.
        code, said = site.manage("restore", "--into", str(new / "deep"), umask=0o077)
        assert code == 0, said
        _starts_on(tmp_path, new / "deep" / "data")
    with made(tmp_path, key=site.key) as site, site.keeper():
        site.until(lambda: len([job for job in site.jobs("full") if job[1]]) == 2)
        assert [job[2] for job in site.jobs("full")] == ["", ""]
        newest = site.store.fulls()[-1]
        assert (newest.timeline, site.store.gap(newest)) == (2, "")
        site.until(lambda: _covered(site, newest.finished_at))
    kept = list(site.config.work.glob("log-before-*/*.partial"))
    assert [path.name[:8] for path in kept] == ["00000001"]


def _starts_on(var: Path, data: Path) -> None:
    """The lost directory stays beside it."""
    place = Path(json.loads((var / "servers.json").read_text(encoding="utf-8"))["servers"])
    account = (place / "pg").stat()
    (place / "pg").rename(place / "pg.lost")
    shutil.move(data, place / "pg")
    hand_over(place / "pg", account.st_uid, account.st_gid)


def _a_drill_finds_no_false_difference(site: Site, written: list[int]) -> None:
    before = written[0]
    code, said = site.manage("restore_drill")
    assert code == 0, said
    report = site.jobs("drill")[0][3]
    assert report["differences"] == []
    assert report["checks"] == {"migrate": "ok", "audit_verify": "ok"}
    assert before <= report["tables"]["public.core_numberseries"] <= written[0]
    assert report["parts"]["constraint"] > 500
    assert 0 < report["restore_seconds"] < 60


def _a_spoilt_copy_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill, "CHECKS", {})
    with alone(site.config.work / desk.LOCK, "drill"):
        report = drill.Drill(site.config, site.store, tamper=spoil).run()
    found = {str(each) for each in report.differences}
    assert found >= SPOILT
    starts = ("table public.django_migrations: has other", "table public.auth_permission: has")
    assert all(any(each.startswith(start) for each in found) for start in starts)
    assert "sequence public.auth_permission_id_seq: is at 0" in " ".join(found)


def _a_moment_of_the_past_comes_back(site: Site, new: Path) -> None:
    """What was true then is there, what came later is not: somebody emptied a table."""
    time.sleep(0.1)
    then = clock.now()
    time.sleep(0.1)
    count = site.sql("SELECT count(*) FROM core_numberseries")[0][0]
    site.sql("DELETE FROM core_numberseries")
    site.until(lambda: _covered(site, then + timedelta(seconds=1)))
    code, said = site.manage("restore", "--into", str(new), "--at", then.isoformat())
    assert code == 0, said
    assert (new / "data" / "PG_VERSION").exists()
    assert (new / "files" / "config" / "roles.yaml").exists()
    assert _held(site, new / "data") == count
    code, said = site.manage("restore", "--into", str(new))
    assert code == 1
    assert "is not an empty directory; nothing was touched" in said


def _covered(site: Site, moment: Any) -> bool:
    row = site.sql("SELECT covered_until FROM core_backupwatch")
    return bool(row and row[0][0] and row[0][0] > moment)


def _held(site: Site, data: Path) -> int:
    """Start a server on the restored directory and ask it."""
    full = site.store.fulls()[-1]
    copy = Recovery(site.config, site.store, full, into=data.parent)
    copy.data = data
    copy._configure(Target(), "#!/bin/sh\nexit 1\n")
    (data / "recovery.signal").unlink()
    copy._spawn()
    try:
        copy._wait()
        connection = copy.connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM core_numberseries")
            found: int = cursor.fetchone()[0]
        connection.close()
    finally:
        copy.clear()
    return found


def _nothing_is_left(site: Site) -> None:
    assert [path.name for path in (site.var / "work").glob("drill-*")] == []
    second = site.copy_dir / "full" / site.store.fulls()[-1].label / BASE
    assert second.stat().st_size == site.store.fulls()[-1].files[BASE]["bytes"]
