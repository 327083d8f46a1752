"""One screen shows what waits for somebody, and stays as it is now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock, live
from org.models import LoginSession, User
from tests.factories import org as people
from tests.factories import patients, tasks
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in
from worklist import services

AsRole = Callable[[str], Client]
POLL = {"HMS-Poll": "1", "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "tasks"}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _marks_of_its_own() -> None:
    caches["redis"].clear()
    live.forget()


@pytest.fixture
def ward(hospital: Hospital) -> Hospital:
    tasks.switched_on(hospital.ward, hospital.clinic)
    return hospital


@pytest.fixture
def nurse(ward: Hospital) -> Client:
    return sign_in(Client(), ward.person("nurse"))


def text_of(client: Client, query: str = "") -> str:
    return str(client.get(f"/tasks/{query}").content.decode())


def poll(client: Client, tag: str, address: str = "/tasks/") -> Any:
    return client.get(address, headers={**POLL, "HX-PTag": tag})


def test_each_part_holds_what_it_says(ward: Hospital, nurse: Client) -> None:
    me, now = ward.person("nurse"), clock.now()
    own = tasks.task(ward.ward, detail="own work", at=now)
    services.task_claim(own, by=me.pk, at=now)
    given = tasks.task(ward.ward, detail="given work", at=now)
    doctor = ward.person("doctor").pk
    services.task_hand_over(given, to_user=me.pk, reason="x", by=doctor, at=now)
    tasks.task(ward.ward, detail="for nurses", role="nurse", at=now)
    tasks.task(ward.ward, detail="for doctors", role="doctor", at=now)
    shown = {
        box: {
            word
            for word in ("own work", "given work", "for nurses", "for doctors")
            if word in text_of(nurse, f"?box={box}")
        }
        for box in ("mine", "handed", "role", "unit")
    }
    assert shown == {
        "mine": {"own work"},
        "handed": {"given work"},
        "role": {"for nurses"},
        "unit": {"own work", "given work", "for nurses", "for doctors"},
    }


def test_nobody_sees_tasks_of_other_units(ward: Hospital, nurse: Client) -> None:
    row = tasks.task(ward.clinic, detail="of the clinic", at=clock.now())
    assert "of the clinic" not in text_of(nurse, "?box=unit")
    assert nurse.get(f"/tasks/{row.public_id}/").status_code == 404
    answer = nurse.post(f"/tasks/{row.public_id}/claim")
    assert answer.status_code == 404
    row.refresh_from_db()
    assert row.state == "ready"


def test_an_escalated_task_is_in_the_part_of_the_role_it_went_to(ward: Hospital) -> None:
    manager = sign_in(Client(), ward.person("ward_manager"))
    now = clock.now()
    tasks.task(ward.ward, detail="late work", role="nurse", at=now - 2 * DAY)
    assert "late work" not in text_of(manager, "?box=role")
    services.tasks_escalate(at=now)
    assert "late work" in text_of(manager, "?box=role")


def test_what_comes_next_is_seen_before_it_happens(ward: Hospital, nurse: Client) -> None:
    tasks.task(ward.ward, at=clock.now())
    assert "Ward manager is told in" in text_of(nurse, "?box=unit")


def test_what_cannot_wait_stands_first(ward: Hospital, nurse: Client) -> None:
    now = clock.now()
    tasks.task(ward.ward, detail="long overdue", at=now - 9 * DAY)
    tasks.task(ward.ward, detail="at once", priority="stat", at=now)
    page = text_of(nurse, "?box=unit")
    assert page.index("at once") < page.index("long overdue")


def test_what_is_on_hold_is_out_of_the_way_and_can_be_shown(ward: Hospital, nurse: Client) -> None:
    now, me = clock.now(), ward.person("nurse").pk
    row = tasks.task(ward.ward, detail="later work", at=now)
    services.task_hold(row, until=now + DAY, reason="waits for the family", by=me, at=now)
    assert "later work" not in text_of(nurse, "?box=unit")
    assert "1 task is on hold for now" in text_of(nurse, "?box=unit")
    assert "later work" in text_of(nurse, "?box=unit&hidden=on")


def test_filters_narrow_the_list(ward: Hospital, nurse: Client) -> None:
    now = clock.now()
    tasks.task(ward.ward, detail="first thing", kind="call", at=now)
    tasks.task(ward.ward, detail="second thing", priority="urgent", at=now)
    assert "second thing" not in text_of(nurse, "?box=unit&kind=call")
    assert "first thing" not in text_of(nurse, "?box=unit&priority=urgent")


def test_a_patients_name_is_shown_to_whom_the_record_is(ward: Hospital, nurse: Client) -> None:
    patients.switched_on(ward.ward, ward.clinic)
    clerk, now = ward.person("front_desk"), clock.now()
    here = patients.patient(ward.ward, clerk, cared_for=ward.ward, family="Nowak")
    there = patients.patient(
        ward.ward, clerk, cared_for=ward.clinic, family="Qwyx", given="Zed", birth=None
    )
    for one in (here, there):
        tasks.task(ward.ward, kind="call", patient_id=one.pk, at=now)
    page = text_of(nurse, "?box=unit")
    assert "NOWAK" in page
    assert "QWYX" not in page
    assert "Not shown to you" in page


def test_taking_and_doing_from_the_list(ward: Hospital, nurse: Client) -> None:
    row = tasks.task(ward.ward, at=clock.now())
    answer = nurse.post(f"/tasks/{row.public_id}/claim", {"next": "/tasks/?box=unit"})
    assert (answer.status_code, answer["Location"]) == (303, "/tasks/?box=unit")
    nurse.post(f"/tasks/{row.public_id}/done", {"next": "https://example.org/tasks/"})
    row.refresh_from_db()
    assert (row.state, row.completed_by_id) == ("done", ward.person("nurse").pk)


def test_the_second_is_told_by_name(ward: Hospital, nurse: Client) -> None:
    other = people.person("night-nurse", family_name="Night")
    people.assign(other, "nurse", ward.ward)
    row = services.task_claim(tasks.task(ward.ward, at=clock.now()), by=other.pk, at=clock.now())
    answer = nurse.post(f"/tasks/{row.public_id}/claim")
    assert answer.status_code == 409
    assert "NIGHT has this task" in answer.content.decode()


def test_the_timeline_says_everything(ward: Hospital, nurse: Client) -> None:
    row = tasks.task(ward.ward, at=clock.now() - 2 * DAY)
    services.tasks_escalate(at=clock.now() - DAY / 2)
    for verb, body in (("claim", {}), ("seen", {}), ("note", {"text": "Lift broken."})):
        nurse.post(f"/tasks/{row.public_id}/{verb}", body)
    page = text_of(nurse, f"{row.public_id}/")
    for words in ("Opened", "Escalated, level", "Taken", "Seen", "Lift broken.", "NURSE"):
        assert words in page


def test_an_unchanged_poll_asks_for_session_and_person_only(ward: Hospital, nurse: Client) -> None:
    tasks.task(ward.ward, at=clock.now())
    tag = nurse.get("/tasks/")["HX-PTag"]
    with CaptureQueriesContext(connection) as asked:
        answer = poll(nurse, tag)
    assert (answer.status_code, answer.content) == (304, b"")
    tables = [query["sql"].split(" FROM ")[1].split(" ")[0] for query in asked]
    assert tables == ['"org_loginsession"', '"org_user"']


def test_a_new_task_shows_with_the_next_poll(ward: Hospital, nurse: Client) -> None:
    tag = nurse.get("/tasks/")["HX-PTag"]
    with CaptureOnCommit():
        tasks.task(ward.ward, detail="just now", role="nurse", at=clock.now())
    answer = poll(nurse, tag)
    assert answer.status_code == 200
    assert "just now" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert answer["HX-PTag"] not in {"", tag}


def test_what_happens_elsewhere_draws_nothing_anew(ward: Hospital, nurse: Client) -> None:
    tag = nurse.get("/tasks/")["HX-PTag"]
    with CaptureOnCommit():
        tasks.task(ward.elsewhere, at=clock.now())
    assert poll(nurse, tag).status_code == 304


def test_a_tag_counts_for_thirty_seconds_one_person_and_one_address(
    ward: Hospital, nurse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = nurse.get("/tasks/")["HX-PTag"]
    doctor = sign_in(Client(), ward.person("doctor"))
    assert poll(doctor, tag).status_code == 200
    assert poll(nurse, tag, "/tasks/?box=unit").status_code == 200
    assert poll(nurse, "x" + tag).status_code == 200
    monkeypatch.setattr(live, "HONOURED_FOR", -1)
    assert poll(nurse, tag).status_code == 200


def test_a_poll_is_no_sign_of_life_and_a_locked_screen_gets_none(
    ward: Hospital, nurse: Client
) -> None:
    tag = nurse.get("/tasks/")["HX-PTag"]
    before = clock.now() - timedelta(minutes=1)
    LoginSession.objects.update(last_seen_at=before)
    assert poll(nurse, tag).status_code == 304
    assert LoginSession.objects.get(user=ward.person("nurse")).last_seen_at == before
    LoginSession.objects.update(locked_at=clock.now())
    assert poll(nurse, tag).status_code == 401


def test_without_redis_every_poll_draws_the_list(
    ward: Hospital, nurse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(type(caches["redis"]), "get_many", broken)
    answer = nurse.get("/tasks/")
    assert (answer.status_code, answer["HX-PTag"]) == (200, "")
    assert poll(nurse, "").status_code == 200
    live.forget()


def test_the_list_costs_the_same_for_one_and_for_fifty(ward: Hospital, nurse: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert nurse.get("/tasks/?box=unit").status_code == 200
        return len(asked)

    tasks.task(ward.ward, at=clock.now())
    few = cost()
    for _each in range(49):
        tasks.task(ward.ward, at=clock.now())
    assert cost() == few <= 16


class CaptureOnCommit:
    """What waits for the commit of a test that never commits is done at the end of the block."""

    def __enter__(self) -> None:
        self.before = len(connection.run_on_commit)

    def __exit__(self, *_error: object) -> None:
        for _sids, act, _robust in connection.run_on_commit[self.before :]:
            act()


def test_the_person_of_a_tag_must_still_have_an_open_login(ward: Hospital, nurse: Client) -> None:
    tag = nurse.get("/tasks/")["HX-PTag"]
    User.objects.filter(username="nurse").update(state="suspended")
    assert poll(nurse, tag).status_code != 304
