"""One switch makes the whole system read-only: reads work, nothing is written (SEC-V6)."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from audit.models import AuditEvent
from core import clock, events, mode
from core.models import Delivery, Event, SystemMode
from hms import foreign_doors
from hms.roles import declared
from hms.tasks import drain
from org import services
from tests.architecture.routes import every_route
from tests.architecture.subjects import plant
from tests.architecture.test_crawl import address_of
from tests.factories import org as people

AsRole = Callable[[str], Client]


def switch(on: bool = True, **given: Any) -> None:
    services.read_only_set(
        **{"on": on, "reason": "Move to the new server", "at": clock.now(), "by": None} | given
    )
    mode.forget()


def counts() -> dict[str, int]:
    """Rows of every table but the trail and the sessions."""
    left_out = ("audit_", "org_loginsession", "core_cache", "axes_")
    names = [
        name for name in connection.introspection.table_names() if not name.startswith(left_out)
    ]
    with connection.cursor() as cursor:
        found = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            found[name] = cursor.fetchone()[0]
    return found


def test_a_page_is_read_and_says_since_when_who_and_why(
    hospital: people.Hospital, as_role: AsRole
) -> None:
    admin = hospital.person("system_administrator")
    until = clock.now() + timedelta(minutes=40)
    switch(by=admin.pk, expected_until=until)
    page = as_role("ward_manager").get("/units/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "READ-ONLY" in text
    assert "Move to the new server" in text
    assert admin.full_name in text
    assert "Expected until" in text
    assert "paper forms" in text


def test_whoever_is_not_signed_in_reads_neither_who_nor_why(hospital: people.Hospital) -> None:
    switch()
    text = Client().get("/sign-in/").content.decode()
    assert "READ-ONLY" in text
    assert "Move to the new server" not in text


def test_no_bar_while_the_system_is_open(as_role: AsRole) -> None:
    assert "READ-ONLY" not in as_role("nurse").get("/").content.decode()


def test_a_form_answers_503_before_it_is_looked_at_and_writes_nothing(as_role: AsRole) -> None:
    client = as_role("system_administrator")
    switch(expected_until=clock.now() + timedelta(minutes=10))
    before = counts()
    answer = client.post("/units/new/", {"name": ""})
    assert answer.status_code == 503
    assert 500 < int(answer["Retry-After"]) <= 600
    text = answer.content.decode()
    assert "Nothing can be saved at the moment" in text
    assert "one step back" in text
    assert counts() == before


def test_a_script_keeps_the_form_and_is_told_which_sentence_to_show(as_role: AsRole) -> None:
    client = as_role("system_administrator")
    switch()
    answer = client.post("/units/new/", {"name": "x"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HMS-Problem"]) == (503, "read_only")
    page = client.get("/units/").content.decode()
    texts = page.partition('id="hms-texts" type="application/json">')[2].partition("</script>")[0]
    assert "read-only" in json.loads(texts)["read_only"]


def test_the_api_answers_503_with_retry_after(as_role: AsRole) -> None:
    client = as_role("system_administrator")
    switch()
    before = counts()
    answer = client.post("/api/v1/org/units/", {}, content_type="application/json")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "120"
    body = answer.json()
    assert body["code"] == "read_only"
    assert client.get("/api/v1/org/units/").status_code == 200
    assert counts() == before


def _writing() -> list[Any]:
    return [
        (route, method)
        for route in every_route()
        if route.name not in foreign_doors.FOREIGN
        for method in ("POST", "PUT", "PATCH", "DELETE")
        for door in (route.door(method),)
        if door is not None and not door.always
    ]


def _who_may(permission: str) -> str:
    """Return a role that holds the permission: the administrator wherever that is so."""
    holders = [role for role, spec in declared().items() if permission in spec["permissions"]]
    admin = "system_administrator"
    return admin if admin in holders or not holders else holders[0]


def test_every_writing_door_of_the_site_refuses(hospital: people.Hospital) -> None:
    """As somebody who may, so that nothing else refuses first."""
    own = plant(hospital).own
    clients: dict[str, Client] = {}
    switch()
    before = counts()
    wrong = []
    for route, method in _writing():
        address, role = address_of(route, own), _who_may(str(route.door(method).who))
        if role not in clients:
            clients[role] = Client()
            clients[role].force_login(hospital.person(role), backend="org.backends.UsernameBackend")
        send = clients[role].generic
        status = send(method, address, "{}", content_type="application/json").status_code
        if status != 503:
            wrong.append((method, route.name, status))
    assert wrong == []
    assert counts() == before


def test_people_come_in_and_leave(hospital: people.Hospital) -> None:
    nurse = hospital.person("nurse")
    nurse.set_password(people.PASSWORD)
    nurse.save()
    switch()
    client = Client()
    answer = client.post("/sign-in/", {"username": nurse.username, "password": people.PASSWORD})
    assert answer.status_code == 302
    assert client.get("/").status_code == 200
    assert client.post("/sign-out/").status_code in {302, 303}


def test_the_switch_itself_works_and_the_trail_has_both(
    hospital: people.Hospital, as_role: AsRole
) -> None:
    client = as_role("system_administrator")
    first = client.post("/operations/mode", {"reason": "Tests", "minutes": "30"})
    assert first.status_code == 303
    mode.forget()
    assert mode.stored().is_switched
    assert client.post("/operations/mode", {"reason": ""}).status_code == 303
    assert not mode.stored().is_switched
    rows = AuditEvent.objects.filter(act__startswith="read_only_").order_by("id")
    assert [(row.act, row.reason) for row in rows] == [
        ("read_only_on", "Tests"),
        ("read_only_off", ""),
    ]
    history = SystemMode.pgh_event_model.objects.order_by("pgh_id")
    assert [row.is_read_only for row in history][-2:] == [True, False]


def test_without_a_reason_it_is_not_switched(as_role: AsRole) -> None:
    answer = as_role("system_administrator").post("/operations/mode", {"reason": " "})
    assert answer.status_code == 422
    assert not mode.stored().is_switched


@pytest.mark.parametrize("role", ["nurse", "auditor", "rollout_manager"])
def test_others_may_not_switch(as_role: AsRole, role: str) -> None:
    assert as_role(role).post("/operations/mode", {"reason": "x"}).status_code == 403
    assert not mode.stored().is_switched


@pytest.mark.django_db
def test_the_command_switches_and_says_what_is_so() -> None:
    out = StringIO()
    call_command("read_only", "on", reason="Disk is full", minutes=5, stdout=out)
    assert "Disk is full" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("read_only", "on", stdout=out)
    call_command("read_only", "off", stdout=out)
    call_command("read_only", "status", stdout=out)
    assert out.getvalue().splitlines()[-1] == "open"


def test_facts_wait_and_are_delivered_afterwards(hospital: people.Hospital) -> None:
    event = Event.objects.create(name="org.Nothing", payload={}, occurred_at=clock.now())
    row = Delivery.objects.create(event=event, handler="nobody", due_at=clock.now())
    switch()
    assert drain() == 0
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)
    switch(on=False)
    mode.forget()
    assert drain() >= 1
    row.refresh_from_db()
    assert row.attempts == 1


def test_tasks_that_write_rest_and_house_keeping_goes_on(
    hospital: people.Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.models import Heartbeat
    from hms.celery import app
    from org import tasks

    called: list[str] = []
    monkeypatch.setattr(tasks.services, "assignments_settle", lambda **_: called.append("x"))
    switch()
    app.loader.import_default_modules()
    app.tasks["org.tasks.assignments_settle_due"]()
    app.tasks["hms.tasks.heartbeat"]()
    assert called == []
    assert Heartbeat.objects.filter(name="worker").exists()


def test_a_page_asks_for_the_mode_at_most_once_a_second(
    as_role: AsRole, django_assert_num_queries: Any
) -> None:
    as_role("nurse").get("/")
    with django_assert_num_queries(0):
        mode.state()


def test_whatever_writes_asks_the_row_itself(
    as_role: AsRole, django_assert_num_queries: Any
) -> None:
    mode.state()
    SystemMode.objects.update_or_create(
        pk=1, defaults={"is_read_only": True, "reason": "behind our back", "since": clock.now()}
    )
    assert not mode.state().is_read_only
    with django_assert_num_queries(1), pytest.raises(mode.ReadOnly):
        mode.check()
    assert mode.state().is_read_only


def test_a_stuck_fact_is_seen_and_sent_again(as_role: AsRole) -> None:
    event = Event.objects.create(name="org.UnitCreated", payload={}, occurred_at=clock.now())
    row = Delivery.objects.create(
        event=event, handler="org.arrival_note", state="failed", attempts=5, last_error="KeyError"
    )
    client = as_role("system_administrator")
    page = client.get("/operations/").content.decode()
    assert "org.arrival_note" in page
    assert client.post(f"/operations/deliveries/{row.pk}/retry").status_code == 303
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)
    assert AuditEvent.objects.filter(act="delivery_retry").count() == 1
    assert client.post(f"/operations/deliveries/{row.pk}/retry").status_code == 409
    assert events.failed(limit=None) == []


def test_the_auditor_sees_the_page_without_buttons(as_role: AsRole) -> None:
    page = as_role("auditor").get("/operations/")
    assert page.status_code == 200
    assert "/operations/mode" not in page.content.decode()
