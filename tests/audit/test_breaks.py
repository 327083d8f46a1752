"""The seals' page: what checks found, a check on demand, an alarm by mail, an acknowledgement."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from audit import services
from audit.events import TrailBroken
from audit.models import AuditEvent, VerifyRun
from audit.services import Standing
from audit.services.witness import seal_of
from core import clock, events
from core.health import Sign
from hms import readiness, tasks
from org.models import User
from tests.audit.test_seals import settle
from tests.audit.test_search import event
from tests.factories.org import Hospital

SEALS = "audit:seals"


def run(*problems: str) -> VerifyRun:
    now = clock.now()
    return VerifyRun.objects.create(
        started_at=now,
        finished_at=now + timedelta(seconds=2),
        rows=10,
        unsealed=0,
        seals=2,
        chains=1,
        result="broken" if problems else "clean",
        problem_count=len(problems),
        problems=[{"text": text} for text in problems],
    )


def with_mail(hospital: Hospital, *roles: str) -> list[str]:
    for role in roles:
        User.objects.filter(pk=hospital.person(role).pk).update(email=f"{role}@example.org")
    return [f"{role}@example.org" for role in roles]


def alarm(found: VerifyRun) -> list[str]:
    """The break is announced and everything is delivered; returns who got a mail."""
    mail.outbox.clear()
    fact = TrailBroken(run_id=found.pk, problems=found.problem_count)
    events.publish(fact, at=clock.now())
    tasks.drain()
    return sorted(message.to[0] for message in mail.outbox)


def acknowledge(client: Client, found: VerifyRun, reason: str = "Restored by hand") -> Any:
    data = {"reason": reason, "run": found.pk}
    return client.post(reverse("audit:break-acknowledge"), data)


def trail_sign() -> Sign:
    return readiness._trail(clock.now())[1]


def test_a_break_is_shown_until_somebody_acknowledges_it(
    as_role: Callable[[str], Client],
) -> None:
    found = run("row changed: audit_auditevent, row 7", "row removed: org_unitevent, row 3")
    officer = as_role("privacy_officer")
    page = officer.get(reverse(SEALS)).content.decode()
    assert "2 differences" in page
    assert "row changed: audit_auditevent, row 7" in page
    assert acknowledge(officer, found).status_code == 303
    page = officer.get(reverse(SEALS)).content.decode()
    assert 'role="alert">' not in page.split("<main")[1].split("</main>")[0]
    assert "Restored by hand" in page
    row = AuditEvent.objects.get(act="trail_break_acknowledge")
    assert (row.subject_type, row.subject, row.reason) == (
        "audit.verifyrun", str(found.pk), "Restored by hand",
    )  # fmt: skip


def test_what_was_acknowledged_is_not_told_again_and_what_is_new_is(
    as_role: Callable[[str], Client],
) -> None:
    acknowledge(as_role("privacy_officer"), run("row 7"))
    run("row 7")
    assert services.break_open() is None
    run("row 7", "row 8")
    assert list(services.break_open().problems) == ["row 8"]
    run()
    assert services.break_open() is None


def test_a_break_that_somebody_looked_into_no_longer_colours_readiness(
    as_role: Callable[[str], Client],
) -> None:
    found = run("row 7")
    assert trail_sign().state == "degraded"
    acknowledge(as_role("privacy_officer"), found)
    assert (trail_sign().state, trail_sign().values) == ("ok", {"problems": 1})
    run("row 7", "row 8")
    assert trail_sign().state == "degraded"


@pytest.mark.parametrize(("changes", "status"), [({"reason": ""}, 422), ({"run": 4711}, 422)])
def test_an_acknowledgement_needs_a_reason_and_the_break_of_now(
    as_role: Callable[[str], Client], changes: dict[str, Any], status: int
) -> None:
    found = run("row 7")
    data = {"reason": "seen", "run": found.pk, **changes}
    answer = as_role("privacy_officer").post(reverse("audit:break-acknowledge"), data)
    assert answer.status_code == status
    assert services.break_open() is not None


def test_whoever_runs_the_servers_sees_a_break_and_cannot_wave_it_through(
    as_role: Callable[[str], Client],
) -> None:
    found = run("row 7")
    admin = as_role("system_administrator")
    page = admin.get(reverse(SEALS))
    assert page.status_code == 200
    assert reverse("audit:break-acknowledge") not in page.content.decode()
    assert acknowledge(admin, found).status_code == 403
    assert as_role("nurse").get(reverse(SEALS)).status_code == 403


def test_everybody_who_watches_gets_one_mail_in_their_language(hospital: Hospital) -> None:
    people = with_mail(
        hospital, "privacy_officer", "system_administrator", "auditor", "nurse", "ward_manager"
    )
    User.objects.filter(pk=hospital.person("auditor").pk).update(language="fr")
    assert alarm(run("row 7")) == sorted(people[:3])
    assert all("/audit/seals/" in message.body for message in mail.outbox)
    assert all("row 7" not in message.body for message in mail.outbox)


def test_no_mail_to_who_left_nor_about_what_was_acknowledged(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    with_mail(hospital, "privacy_officer", "auditor")
    User.objects.filter(pk=hospital.person("auditor").pk).update(state="left")
    first = run("row 7")
    assert alarm(first) == ["privacy_officer@example.org"]
    acknowledge(as_role("privacy_officer"), first)
    assert alarm(run("row 7")) == []
    assert alarm(run("row 7", "row 9")) == ["privacy_officer@example.org"]


def test_a_check_on_demand_is_the_workers_and_only_one_at_a_time(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda _app, name, **_rest: started.append(name))
    client = as_role("system_administrator")
    for _each in range(2):
        assert client.post(reverse("audit:verify-ask")).status_code == 303
    assert started == []
    tasks.drain()
    assert started == ["audit.tasks.verify_due"]
    assert AuditEvent.objects.filter(act="trail_verify_ask").count() == 1
    assert "A check is under way" in client.get(reverse(SEALS)).content.decode()
    run()
    assert "A check is under way" not in client.get(reverse(SEALS)).content.decode()
    client.post(reverse("audit:verify-ask"))
    assert AuditEvent.objects.filter(act="trail_verify_ask").count() == 2


def test_the_page_says_what_is_sealed_and_kept_outside(
    hospital: Hospital, as_role: Callable[[str], Client], settings: Any, tmp_path: Any
) -> None:
    settings.AUDIT_ANCHOR_DIR = tmp_path
    client = as_role("auditor")
    assert "Nothing is sealed yet" in client.get(reverse(SEALS)).content.decode()
    services.anchor(at=clock.now())
    run()
    answer = client.get(reverse(SEALS))
    assert (answer.context["anchors"].files, answer.context["last"].problem_count) == (1, 0)
    assert answer.context["anchors"].last_at is not None
    assert "Whole at the last check" in answer.content.decode()


def test_anchors_that_are_kept_elsewhere_are_no_error(
    as_role: Callable[[str], Client], settings: Any, tmp_path: Any
) -> None:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "gone"
    assert (
        "Cannot be read from this server" in as_role("auditor").get(reverse(SEALS)).content.decode()
    )


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_row_says_which_seal_vouches_for_it_and_when_it_was_changed(settings: Any) -> None:
    settings.AUDIT_KEYS = ["k" * 50]
    row = event(reason="as it was")
    row.refresh_from_db()
    assert seal_of(row).standing == Standing.WAITING
    settle()
    found = seal_of(row)
    assert (found.standing, found.number) == (Standing.SEALED, 1)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_auditevent SET reason = 'other' WHERE id = %s", [row.pk])
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
    assert seal_of(row).standing == Standing.CHANGED
