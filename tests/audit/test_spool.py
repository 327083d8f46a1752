"""Looks while the trail takes no rows: kept aside, brought in once, in order (SEC-U7)."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from django.test import Client

from audit import services, tasks
from audit.models import AuditEvent, Outcome
from audit.services import Look, looks_bring, looks_keep, looks_waiting, spool
from audit.services.looks import looks_of
from core import clock, mode
from hms import readiness
from org.models import Unit
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
REFUSE = """
CREATE FUNCTION refuse_rows() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER refuse_rows BEFORE INSERT ON audit_auditevent
  FOR EACH ROW EXECUTE FUNCTION refuse_rows();
"""
ALLOW = "DROP TRIGGER refuse_rows ON audit_auditevent; DROP FUNCTION refuse_rows();"


def owner(sql: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def trail_full() -> Iterator[Callable[[], None]]:
    """The trail takes no row until what is returned is called."""
    owner(REFUSE)
    allowed: list[bool] = []

    def allow() -> None:
        if not allowed:
            owner(ALLOW)
            allowed.append(True)

    yield allow
    allow()


def _read_only(on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET default_transaction_read_only = {'on' if on else 'off'}")
    mode.forget()
    mode.reset()


@pytest.fixture
def standby() -> Iterator[None]:
    """The database answers and takes no writes, like a standby."""
    _read_only(True)
    yield
    _read_only(False)


@pytest.fixture
def reader(committed_hospital: Hospital) -> Client:
    client = Client()
    sign_in(client, committed_hospital.person("auditor"))
    return client


def files(settings: Any) -> list[Path]:
    return sorted(Path(settings.AUDIT_SPOOL_DIR).glob("*.ndjson"))


def kept(count: int, *, start: int = 0, kind: str = "view") -> list[str]:
    """So many looks are kept aside; return their ids."""
    ids = []
    for number in range(start, start + count):
        at = STARTED + timedelta(seconds=number)
        [row] = looks_of(Look(kind, at, subject=str(number)))
        looks_keep([row])
        ids.append(str(row.public_id))
    return ids


def on_trail() -> list[str]:
    rows = AuditEvent.objects.filter(act="view").order_by("id")
    return [str(each) for each in rows.values_list("public_id", flat=True)]


# Looking and writing ------------------------------------------------------------------------


def test_a_write_without_its_row_does_not_happen_and_is_not_kept_aside(
    committed_hospital: Hospital, trail_full: Callable[[], None], settings: Any
) -> None:
    admin = Client(raise_request_exception=False)
    sign_in(admin, committed_hospital.admin)
    parent = str(committed_hospital.root.public_id)
    body = {"parent": parent, "code": "LOST", "name": "Lost", "kind": "ward"}
    answer = admin.post("/api/v1/org/units/", body, content_type="application/json")
    assert answer.status_code == 503
    assert not Unit.objects.filter(code="LOST").exists()
    assert files(settings) == []
    trail_full()
    answer = admin.post("/api/v1/org/units/", body, content_type="application/json")
    assert answer.status_code == 201
    made = answer.json()["public_id"]
    assert AuditEvent.objects.filter(act="unit_create", subject=made).count() == 1


def test_a_page_is_shown_while_the_trail_is_full_and_recorded_later(
    reader: Client, trail_full: Callable[[], None], settings: Any
) -> None:
    before = AuditEvent.objects.count()
    answer = reader.get("/people/?q=smith", headers={"X-Request-Id": "late-0001"})
    assert answer.status_code == 200
    assert AuditEvent.objects.count() == before
    [path] = files(settings)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    trail_full()
    assert tasks.looks_bring_due() == 1
    row = AuditEvent.objects.get(request_id="late-0001")
    assert (row.act, row.query["terms"], row.outcome) == ("search", {"q": "smith"}, "0")
    assert row.actor_name
    assert row.recorded_at > row.occurred_at
    act = AuditEvent.objects.get(act="looks_bring")
    assert act.after["count"] == 1
    assert list(Path(settings.AUDIT_SPOOL_DIR).glob("*.*n*")) == []


def test_a_standby_is_read_from_and_the_looks_come_to_the_trail_of_whoever_leads_later(
    reader: Client, standby: None, settings: Any
) -> None:
    assert reader.get("/people/").status_code == 200
    assert reader.get("/api/v1/org/units/").status_code == 200
    page = reader.get("/people/").content.decode()
    assert "READ-ONLY" in page
    assert looks_waiting().files == 1
    with pytest.raises(CommandError, match="Nothing is lost"):
        call_command("looks_bring", stdout=StringIO())
    assert looks_waiting().files == 1
    _read_only(False)
    out = StringIO()
    call_command("looks_bring", stdout=out)
    assert out.getvalue().startswith("3 looks brought")
    assert looks_waiting() == services.Waiting()


def test_refusals_are_kept_aside_too(
    committed_hospital: Hospital, trail_full: Callable[[], None]
) -> None:
    nurse = Client()
    sign_in(nurse, committed_hospital.person("nurse"))
    assert nurse.get("/people/").status_code == 403
    trail_full()
    looks_bring(at=clock.now())
    row = AuditEvent.objects.get(outcome=Outcome.MINOR)
    assert (row.act, row.actor) == ("list", committed_hospital.person("nurse").pk)


def test_the_hospital_s_own_switch_leaves_the_trail_open(reader: Client, settings: Any) -> None:
    from org import services as org

    org.read_only_set(on=True, reason="Move", at=clock.now(), by=None)
    mode.forget()
    before = AuditEvent.objects.filter(act="list").count()
    assert reader.get("/people/").status_code == 200
    assert AuditEvent.objects.filter(act="list").count() == before + 1
    assert files(settings) == []


# Bringing -----------------------------------------------------------------------------------


def test_looks_of_several_files_come_in_order_and_once(settings: Any) -> None:
    late = kept(3, start=5)
    spool._writer._path = None
    early = kept(3)
    assert len(files(settings)) == 2
    assert looks_bring(at=clock.now()).count == 6
    assert on_trail() == early + late
    assert looks_bring(at=clock.now()).count == 0
    assert len(on_trail()) == 6


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_run_that_died_in_the_middle_is_done_again_without_doubles(
    monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    ids = kept(5)
    monkeypatch.setattr(spool, "BATCH", 2)
    store, calls = spool._store, []

    def dies(*args: Any, **given: Any) -> None:
        if len(calls) == after:
            raise OperationalError("server closed the connection")
        calls.append(1)
        store(*args, **given)

    monkeypatch.setattr(spool, "_store", dies)
    with pytest.raises(OperationalError):
        looks_bring(at=clock.now())
    assert len(on_trail()) == 2 * after
    more = kept(1, start=9)
    monkeypatch.setattr(spool, "_store", store)
    done = looks_bring(at=clock.now())
    assert (done.count, done.known) == (6 - 2 * after, 2 * after)
    assert on_trail() == ids + more


KILLED = """
import os, signal, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "hms.settings"
import django
django.setup()
from audit.services import spool
from core import clock
spool.BATCH = 2
store = spool._store
def dies(*args, **given):
    store(*args, **given)
    os.kill(os.getpid(), signal.SIGKILL)
spool._store = dies
spool.looks_bring(at=clock.now())
"""


def test_kill_9_after_the_first_commit_leaves_nothing_out_and_nothing_twice(
    settings: Any, tmp_path: Path
) -> None:
    ids = kept(5)
    database = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": url,
            "HMS_AUDIT_SPOOL_DIR": str(settings.AUDIT_SPOOL_DIR),
            "HMS_AUDIT_KEYS": ",".join(settings.AUDIT_KEYS),
        },
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    assert on_trail() == ids[:2]
    found = looks_bring(at=clock.now())
    assert (found.count, found.known) == (3, 2)
    assert on_trail() == ids


def test_a_line_cut_by_kill_9_is_left_out_and_the_rest_comes(settings: Any) -> None:
    ids = kept(3)
    [path] = files(settings)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    done = looks_bring(at=clock.now())
    assert (done.count, done.torn, done.refused) == (2, 1, 0)
    assert on_trail() == ids[:2]


def test_a_changed_line_and_a_missing_one_are_found_and_kept_for_a_person(settings: Any) -> None:
    ids = kept(5)
    [path] = files(settings)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"subject":"1"', b'"subject":"7"')
    del lines[3]
    path.write_bytes(b"".join(lines))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("looks_bring", stdout=out)
    assert on_trail() == [ids[0], ids[2], ids[4]]
    [beside] = Path(settings.AUDIT_SPOOL_DIR).glob("*.refused")
    assert beside.read_bytes() == lines[1]
    assert "a line before is missing" in out.getvalue()
    [sign] = [each for each in readiness.of_disk() if each.name == "looks"]
    assert (sign.state, sign.code) == ("degraded", "looks_refused")


def test_a_look_that_the_table_refuses_does_not_hold_up_the_others(settings: Any) -> None:
    first = kept(1)
    [row] = looks_of(Look("view", STARTED + timedelta(seconds=1)))
    row.source = "x" * 50
    looks_keep([row])
    last = kept(1, start=2)
    done = looks_bring(at=clock.now())
    assert (done.count, done.refused) == (2, 1)
    assert on_trail() == first + last


def test_writing_goes_on_while_a_file_is_taken(settings: Any) -> None:
    kept(1)
    [path] = files(settings)
    path.rename(path.with_suffix(".taken"))
    kept(1, start=1)
    assert len(files(settings)) == 1
    done = looks_bring(at=clock.now())
    assert (done.count, done.gaps) == (2, 0)


def test_many_writers_and_a_run_at_the_same_time_lose_nothing(settings: Any) -> None:
    script = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'hms.settings'\n"
        "import django; django.setup()\n"
        "from datetime import timedelta\n"
        "from audit.services import Look, looks_keep\n"
        "from audit.services.looks import looks_of\n"
        "from core import clock\n"
        "for number in range(150):\n"
        "    looks_keep(looks_of(Look('view', clock.now(), subject=str(number))))\n"
    )
    given = {
        "HMS_AUDIT_SPOOL_DIR": str(settings.AUDIT_SPOOL_DIR),
        "HMS_AUDIT_KEYS": ",".join(settings.AUDIT_KEYS),
    }
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", script],
            cwd=settings.BASE_DIR,
            env=os.environ | given,
        )
        for _number in range(3)
    ]
    while any(each.poll() is None for each in writers):
        looks_bring(at=clock.now())
        time.sleep(0.02)
    done = looks_bring(at=clock.now())
    assert [each.returncode for each in writers] == [0, 0, 0]
    assert (done.refused, done.gaps) == (0, 0)
    assert len(on_trail()) == 450
    assert len(set(on_trail())) == 450


def test_a_full_spool_shows_nothing_more(
    reader: Client, trail_full: Callable[[], None], settings: Any
) -> None:
    settings.AUDIT_SPOOL_MB = 0.0001
    assert reader.get("/people/").status_code == 200
    assert reader.get("/people/").status_code == 503
    [sign] = [each for each in readiness.of_disk() if each.name == "looks"]
    assert (sign.state, sign.code) == ("degraded", "looks_full")


def test_a_write_that_meets_a_full_disk_leaves_no_half_line(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    first = kept(1)

    def full(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(spool, "_write_all", full)
        with pytest.raises(OSError, match="No space"):
            kept(1, start=1)
    last = kept(1, start=2)
    done = looks_bring(at=clock.now())
    assert (done.count, done.torn, done.refused) == (2, 0, 0)
    assert on_trail() == first + last


def test_readiness_says_that_looks_wait_and_since_when(settings: Any) -> None:
    [sign] = [each for each in readiness.of_disk() if each.name == "looks"]
    assert (sign.state, sign.detail) == ("ok", "")
    kept(2)
    [sign] = [each for each in readiness.of_disk() if each.name == "looks"]
    assert (sign.state, sign.code) == ("degraded", "looks_waiting")
    assert "kept aside since" in sign.detail


def test_a_line_says_who_looked_at_what_and_no_more(settings: Any) -> None:
    kept(1)
    [path] = files(settings)
    told = json.loads(path.read_text())["told"]["look"]
    assert (told["subject"], told["occurred_at"]) == ("0", STARTED.isoformat())
    assert "recorded_at" not in told
