"""The page and the API of backups: who may see, who may start, what is said when it is overdue."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from audit.models import AuditEvent
from core import backups, clock
from core.models import BackupJob, Event
from hms import backups as doors
from hms.backup import desk
from hms.tasks import drain, drill_due
from tests.factories import backups as made
from tests.factories import org as people

AsRole = Callable[[str], Client]
PAGE = "/operations/backups/"
API = "/api/v1/operations/backups/"


def text(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_before_the_first_backup_the_page_says_so_and_what_to_do(as_role: AsRole) -> None:
    page = text(as_role("system_administrator"))
    assert "Somebody must act" in page
    assert "There is no good backup of the last 26 hours" in page
    assert "manage.py backup_keeper" in page
    assert "No drill yet" in page


def test_after_a_good_night_nothing_is_overdue(as_role: AsRole) -> None:
    made.good_night(clock.now() - timedelta(minutes=1))
    page = text(as_role("auditor"))
    assert "Nothing is overdue" in page
    assert [title for title, _text in doors.OVERDUE.values() if str(title) in page] == []
    assert "None: fire or a break-in would take the backups with the server" in page
    assert "Back up now" not in page


@pytest.mark.parametrize(
    ("late", "words"),
    [
        ({"checked_at": timedelta(seconds=100)}, "keeper is not heard of"),
        ({"covered_until": timedelta(minutes=6)}, "The latest changes are not in the archive"),
    ],
)
def test_what_is_overdue_stands_on_top(
    late: dict[str, timedelta], words: str, as_role: AsRole
) -> None:
    now = clock.now()
    made.good_night(now)
    seen = {"checked_at": now, "covered_until": now} | {k: now - v for k, v in late.items()}
    backups.watch_note(at=seen.pop("checked_at"), **seen)
    assert words in text(as_role("system_administrator"))


def test_a_trouble_of_the_keeper_is_told_in_its_words(as_role: AsRole) -> None:
    made.good_night(clock.now())
    backups.watch_note(at=clock.now(), problem="The transaction log has a gap: 00A is missing.")
    assert "The transaction log has a gap: 00A is missing." in text(as_role("auditor"))


def test_a_job_that_runs_while_no_keeper_lives_does_not_look_alive(as_role: AsRole) -> None:
    then = clock.now() - timedelta(minutes=10)
    made.good_night(then)
    backups.job_begin(backups.job_ask(kind=backups.FULL, at=then, by=None), at=then)
    page = text(as_role("system_administrator"))
    assert "Nobody works on it" in page
    assert "Running" not in page


@pytest.mark.parametrize(("kind", "address"), [("full", "now"), ("drill", "drill")])
def test_an_administrator_asks_for_one_and_a_second_has_to_wait(
    kind: str, address: str, as_role: AsRole, hospital: people.Hospital
) -> None:
    client = as_role("system_administrator")
    assert client.post(f"{PAGE}{address}").status_code == 303
    job = BackupJob.objects.get()
    assert (job.kind, job.asked_by) == (kind, hospital.person("system_administrator").pk)
    assert AuditEvent.objects.filter(act=f"backup_{kind}_ask", actor=job.asked_by).count() == 1
    answer = client.post(f"{PAGE}{address}")
    assert answer.status_code == 409
    assert "One is under way already" in answer.content.decode()
    assert BackupJob.objects.count() == 1


@pytest.mark.parametrize("address", ["now", "drill"])
def test_who_only_sees_operations_starts_nothing(address: str, as_role: AsRole) -> None:
    assert as_role("auditor").post(f"{PAGE}{address}").status_code == 403
    assert as_role("nurse").get(PAGE).status_code == 403
    assert BackupJob.objects.count() == 0


def test_a_drill_s_report_names_what_was_compared(as_role: AsRole) -> None:
    job = made.drill_made()
    page = text(as_role("auditor"), f"{PAGE}{job.public_id}/")
    for words in ("Passed", "public.org_unit", "1346", "24 s", "audit_verify", "In order"):
        assert words in page


def test_a_drill_that_found_something_names_it(as_role: AsRole) -> None:
    planted = {"kind": "table", "name": "public.org_user", "what": "has 39 rows instead of 40"}
    job = made.drill_made(error="1 differences", differences=(planted,))
    page = text(as_role("auditor"), f"{PAGE}{job.public_id}/")
    assert "has 39 rows instead of 40" in page
    assert page.count("Differs") == 1
    assert "The last restore drill failed" in text(as_role("auditor"))


def test_a_backup_has_no_report_of_a_drill(as_role: AsRole) -> None:
    job = made.full_made()
    assert as_role("auditor").get(f"{PAGE}{job.public_id}/").status_code == 404


@pytest.mark.django_db
def test_the_time_for_50_gb_follows_from_the_last_good_drill() -> None:
    assert doors.estimate(None) == ""
    assert doors.estimate(made.drill_made()) == "8 min"
    assert [doors.length(each) for each in (None, 0.44, 59.6, 125)] == [
        "",
        "0.4 s",
        "60 s",
        "2 min",
    ]


# API --------------------------------------------------------------------------------------


def test_the_api_says_the_same(as_role: AsRole) -> None:
    made.good_night(clock.now() - timedelta(minutes=1))
    found = as_role("auditor").get(API).json()
    assert (found["overdue"], found["backups"], found["restore_seconds"]) == ([], 1, 24.0)
    assert found["last_full"]["bytes"] == 400_000_000
    drills = as_role("auditor").get(f"{API}drills/").json()["items"]
    report = as_role("auditor").get(f"{API}drills/{drills[0]['public_id']}/").json()["report"]
    assert report["tables"] == {"public.org_unit": 12, "public.org_user": 40}


@pytest.mark.parametrize("kind", ["fulls", "drills"])
def test_the_api_asks_once_per_key(kind: str, as_role: AsRole) -> None:
    client = as_role("system_administrator")

    def post(key: str) -> Any:
        return client.post(
            f"{API}{kind}/", content_type="application/json", headers={"Idempotency-Key": key}
        )

    first = post("one")
    assert first.status_code == 202
    assert post("one").json() == first.json()
    refused = post("two")
    assert (refused.status_code, refused.json()["code"]) == (409, "under_way")
    assert BackupJob.objects.count() == 1


def test_the_api_refuses_whoever_may_not_start(as_role: AsRole) -> None:
    answer = as_role("auditor").post(f"{API}drills/", content_type="application/json")
    assert answer.status_code == 403
    assert BackupJob.objects.count() == 0


# By itself --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_week_a_drill_is_asked_for_where_backups_are_taken() -> None:
    assert drill_due() is False
    backups.watch_note(at=clock.now())
    assert drill_due() is True
    assert drill_due() is False
    assert BackupJob.objects.get().kind == backups.DRILL


def test_readiness_is_degraded_and_says_why(hospital: people.Hospital) -> None:
    made.good_night(clock.now())
    made.drill_made(error="3 differences")
    sign = backups.sign(at=clock.now())
    assert (sign.state, sign.code) == ("degraded", "drill_failed")


def test_a_failure_is_mailed_to_whoever_may_run_a_drill(
    hospital: people.Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = hospital.person("system_administrator")
    type(admin).objects.filter(pk=admin.pk).update(email="admin@example.org")
    job = desk.ask(backups.DRILL, at=clock.now(), by=None)
    desk._end(job, error="2 differences, the first: table public.org_user.")
    assert Event.objects.filter(name="core.BackupFailed").count() == 1
    drain()
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["admin@example.org"], "A restore drill failed")
    assert "2 differences" in sent.body
    assert "/operations/backups/" in sent.body
    assert json.dumps(job.report) == "{}"
