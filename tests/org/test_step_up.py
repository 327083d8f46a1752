"""Risky doors ask again who it is, and a compulsory second factor comes first (SEC-A3, SEC-A11)."""

import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from core import clock
from org import gate
from org.models import Assignment, User
from tests.architecture.routes import every_route
from tests.factories import org as people
from tests.factories.org import PASSWORD, Hospital
from tests.factories.sessions import sign_in

FRESH = {
    "org:person-activate",
    "org:person-suspend",
    "org:person-leave",
    "org:person-edit",
    "org:person-import",
    "org:person-sessions",
    "org:assignment-new",
    "org:assignment-end",
    "org:quick-pin",
    "api:person",
    "api:person-activate",
    "api:person-suspend",
    "api:person-leave",
    "api:assignments",
    "api:assignment-end",
}


@pytest.fixture
def stale(hospital: Hospital) -> Client:
    return sign_in(Client(), hospital.admin, fresh=False)


def edit(hospital: Hospital) -> str:
    return f"/people/{hospital.person('nurse').public_id}/edit/"


def test_the_risky_doors_are_marked() -> None:
    marked = {
        route.name
        for route in every_route()
        for door in route.doors.values()
        if door is not None and door.fresh
    }
    assert marked >= FRESH


def test_a_sign_in_of_long_ago_asks_first_and_goes_on(stale: Client, hospital: Hospital) -> None:
    asked = stale.get(edit(hospital))
    assert asked.status_code == 302
    assert asked["Location"].startswith("/account/confirm/?next=%2Fpeople%2F")
    sent = {"password": PASSWORD, "next": edit(hospital)}
    assert stale.post("/account/confirm/", sent)["Location"] == edit(hospital)
    assert stale.get(edit(hospital)).status_code == 200


def test_the_wrong_password_confirms_nothing(stale: Client, hospital: Hospital) -> None:
    assert stale.post("/account/confirm/", {"password": "x" * 12}).status_code == 422
    assert stale.get(edit(hospital)).status_code == 302


def test_ten_minutes_later_it_is_asked_again(hospital: Hospital) -> None:
    client = sign_in(Client(), hospital.admin)
    assert client.get(edit(hospital)).status_code == 200
    session = client.session
    session["account_authentication_methods"][0]["at"] = time.time() - 601
    session.save()
    assert client.get(edit(hospital)).status_code == 302


def test_what_was_typed_is_kept_and_nothing_is_written(stale: Client, hospital: Hospital) -> None:
    address = f"/people/{hospital.person('nurse').public_id}/suspend/"
    answer = stale.post(address, {"reason": "Away for a year"})
    assert answer.status_code == 303
    assert User.objects.get(username="nurse").state == "active"
    kept = answer["Location"].split("next=")[1].replace("%2F", "/")
    assert b'value="Away for a year"' in stale.get(kept).content


def test_the_api_says_so_by_code(stale: Client, hospital: Hospital) -> None:
    address = f"/api/v1/org/people/{hospital.person('nurse').public_id}/suspend"
    answer = stale.post(address, {"reason": "x"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_needed")
    assert User.objects.get(username="nurse").state == "active"


def test_whoever_may_not_is_not_asked_to_confirm(hospital: Hospital) -> None:
    nurse = sign_in(Client(), hospital.person("nurse"), fresh=False)
    assert nurse.get(edit(hospital)).status_code == 403


def factor(user: User) -> None:
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})


def test_whoever_has_a_second_factor_confirms_with_it(hospital: Hospital) -> None:
    client = sign_in(Client(), hospital.admin)
    factor(hospital.admin)
    assert client.get(edit(hospital)).status_code == 302
    session = client.session
    session["account_authentication_methods"] += [{"method": "mfa", "at": time.time()}]
    session.save()
    assert client.get(edit(hospital)).status_code == 200


def test_a_token_is_as_fresh_as_the_sign_in_behind_it() -> None:
    class Request:
        class token:
            kind = "person"
            signed_in_at = None

    assert not gate.is_fresh(Request)
    Request.token.signed_in_at = clock.now()
    assert gate.is_fresh(Request)
    Request.token.signed_in_at = clock.now() - timedelta(minutes=11)
    assert not gate.is_fresh(Request)
    Request.token.kind = "system"
    assert gate.is_fresh(Request)


def test_a_compulsory_factor_comes_before_everything_else(hospital: Hospital, settings) -> None:
    client = sign_in(Client(), hospital.person("nurse"))
    settings.SECOND_FACTOR_REQUIRED = True
    answer = client.get("/api/v1/org/me/")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
    assert client.get("/logo").status_code == 404
    factor(hospital.person("nurse"))
    assert client.get("/api/v1/org/me/").status_code == 200


def test_a_role_that_needs_none_is_not_asked_until_one_that_does_comes(
    hospital: Hospital, settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    patient = hospital.person("patient")
    client = sign_in(Client(), patient)
    assert client.get("/api/v1/org/me/").status_code == 200
    people.assign(patient, "nurse", hospital.ward)
    assert client.get("/api/v1/org/me/").json()["code"] == "second_factor_needed"
    Assignment.objects.filter(user=patient, role__code="nurse").delete()
    assert client.get("/api/v1/org/me/").status_code == 200
