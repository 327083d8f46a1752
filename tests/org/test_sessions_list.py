"""Where a person is signed in, and how that ends at once (SEC-A8)."""

import uuid

import pytest
from django.test import Client

from audit.models import AuditEvent
from org import services
from org.models import Assignment, LoginSession
from tests.factories import org as people
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in

MINE = "/api/v1/org/me/sessions/"


@pytest.fixture
def nurse(hospital: Hospital) -> Client:
    return sign_in(Client(), hospital.person("nurse"))


def test_each_session_is_listed_and_this_one_marked(nurse: Client, hospital: Hospital) -> None:
    sign_in(Client(), hospital.person("nurse"))
    sign_in(Client(), hospital.admin)
    rows = nurse.get(MINE).json()
    assert sorted(row["is_here"] for row in rows) == [False, True]
    assert b"This one" in nurse.get("/sessions/").content


def test_one_session_ends_at_the_next_request(nurse: Client, hospital: Hospital) -> None:
    other = sign_in(Client(), hospital.person("nurse"))
    (gone,) = [row for row in nurse.get(MINE).json() if not row["is_here"]]
    assert nurse.post(f"/sessions/{gone['public_id']}/end/").status_code == 303
    assert other.get("/")["Location"].startswith("/sign-in/")
    assert nurse.get("/").status_code == 200
    assert AuditEvent.objects.filter(act="session_end").count() == 1


def test_the_api_ends_one_session(nurse: Client, hospital: Hospital) -> None:
    other = sign_in(Client(), hospital.person("nurse"))
    (gone,) = [row for row in nurse.get(MINE).json() if not row["is_here"]]
    assert nurse.post(f"{MINE}{gone['public_id']}/end").status_code == 204
    assert other.get("/api/v1/org/me/").status_code == 401


def test_all_others_end_and_this_one_stays(nurse: Client, hospital: Hospital) -> None:
    other = sign_in(Client(), hospital.person("nurse"))
    assert nurse.post("/sessions/end/").status_code == 303
    assert other.get("/").status_code == 302
    assert nurse.get("/").status_code == 200


@pytest.mark.parametrize("address", ["/sessions/{}/end/", MINE + "{}/end"])
def test_somebody_else_s_session_is_not_there(
    address: str, nurse: Client, hospital: Hospital
) -> None:
    sign_in(Client(), hospital.admin)
    foreign = LoginSession.objects.get(user=hospital.admin).public_id
    assert nurse.post(address.format(foreign)).status_code == 404
    assert nurse.post(address.format(uuid.uuid4())).status_code == 404
    assert LoginSession.objects.filter(user=hospital.admin).count() == 1


def test_an_administrator_sees_and_ends_the_sessions_of_a_person(
    nurse: Client, hospital: Hospital
) -> None:
    admin = sign_in(Client(), hospital.admin)
    address = f"/people/{hospital.person('nurse').public_id}/sessions/"
    assert address.encode() in admin.get(address.replace("sessions/", "")).content
    assert b"Last seen" in admin.get(address).content
    assert admin.post(address, {"reason": "Lost phone"}).status_code == 422
    assert admin.post(address, {"reason": "Lost phone", "what": "all"}).status_code == 303
    assert nurse.get("/").status_code == 302
    event = AuditEvent.objects.get(act="sessions_end")
    assert (event.reason, event.actor) == ("Lost phone", hospital.admin.pk)


def test_a_ward_manager_ends_nobody_s_sessions(hospital: Hospital) -> None:
    manager = sign_in(Client(), hospital.person("ward_manager"))
    address = f"/people/{hospital.person('nurse').public_id}/sessions/"
    assert manager.get(address).status_code == 403


@pytest.mark.parametrize("verb", [services.account_suspend, services.account_leave])
def test_whoever_is_suspended_or_has_left_is_out_at_once(
    verb, nurse: Client, hospital: Hospital
) -> None:
    verb(hospital.person("nurse"), by=hospital.admin.pk, at=STARTED, reason="test")
    assert nurse.get("/").status_code == 302
    assert LoginSession.objects.filter(user=hospital.person("nurse")).count() == 0


def test_a_role_given_and_taken_counts_at_the_next_request(
    nurse: Client, hospital: Hospital
) -> None:
    assert nurse.get("/people/").status_code == 403
    people.assign(hospital.person("nurse"), "ward_manager", hospital.ward)
    assert nurse.get("/people/").status_code == 200
    Assignment.objects.filter(role__code="ward_manager", user=hospital.person("nurse")).update(
        cancelled_at=STARTED
    )
    assert nurse.get("/people/").status_code == 403
