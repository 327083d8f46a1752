"""Every address, as every role and as nobody, with every method (SEC-Z2, Z8, Z9)."""

import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from core.doors import Door, Public, SignedIn
from hms import foreign_doors
from hms.roles import declared
from tests.architecture.routes import METHODS, Route, every_route
from tests.architecture.subjects import CANARY, PATIENT_CANARY, Subjects, plant
from tests.factories import org as people
from tests.factories.sessions import sign_in

TABLE = yaml.safe_load(Path(__file__).with_name("door_matrix.yaml").read_text(encoding="utf-8"))
DOORS: dict[str, dict[str, str]] = TABLE["doors"]
ROUTES = [route for route in every_route() if route.name not in foreign_doors.FOREIGN]
ROLES = declared()
NOBODY = "nobody"
# Whether an address takes a method at all does not depend on the role: two are asked.
PROBED_WITH_ALL = {NOBODY, "system_administrator"}
# One role for each different set of permissions.
DIFFERENT = sorted({tuple(spec["permissions"]): role for role, spec in ROLES.items()}.values())
VARIES = re.compile(rb"data-left=\"[0-9.]+|[0-9a-f-]{32,36}|[A-Za-z0-9]{64}")


def _who(door: Door) -> str:
    if isinstance(door.who, Public):
        return "public"
    return "signed in" if isinstance(door.who, SignedIn) else str(door.who)


def _declared(route: Route) -> dict[str, str]:
    found = {method: route.door(method) for method in METHODS}
    return {method: _who(door) for method, door in found.items() if door is not None}


@pytest.fixture
def subjects(hospital: people.Hospital) -> Subjects:
    return plant(hospital)


def address_of(route: Route, subjects: dict[str, Any]) -> str:
    kinds = TABLE["subjects"].get(route.name, {})
    missing = set(route.parameters) - set(kinds)
    assert not missing, f"door_matrix.yaml, subjects: {route.name} lacks {sorted(missing)}"
    return reverse(route.name, kwargs={name: subjects[kinds[name]] for name in route.parameters})


def _client(hospital: people.Hospital, role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role != NOBODY:
        sign_in(client, hospital.person(role))
    return client


def knock(client: Client, method: str, address: str) -> HttpResponse:
    """Ask once, with an empty body, and leave nothing behind: no row, no lost session."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        send = getattr(client, method.lower())
        if address.startswith("/api/") and method != "GET":
            answer = send(address, data={}, content_type="application/json")
        else:
            answer = send(address)
        transaction.set_rollback(True)
    client.cookies = SimpleCookie(cookies)
    return answer


def verdict(answer: HttpResponse) -> str:
    code = answer.status_code
    if code >= 500:
        return f"broken {code}"
    if code == 401 or (code == 302 and "/sign-in/" in answer["Location"]):
        return "sign in"
    return {403: "denied", 404: "not there", 405: "no such method"}.get(code, "open")


def _expected(who: str | None, role: str) -> str:
    if who is None:
        return "no such method"
    if who == "public":
        return "open"
    if role == NOBODY:
        return "sign in"
    if who == "signed in" or who in ROLES[role]["permissions"]:
        return "open"
    return "denied"


def allowed_otherwise(route: Route, method: str, answer: HttpResponse) -> bool:
    return answer.status_code in TABLE["answers"].get(route.name, {}).get(method, ())


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_the_table_says_the_same_as_the_door(route: Route) -> None:
    line = f"  {route.name}: {_declared(route)}".replace("'", "")
    assert DOORS.get(route.name) == _declared(route), f"door_matrix.yaml, doors:\n{line}"


def test_the_table_names_no_door_that_is_gone() -> None:
    names = {route.name for route in ROUTES}
    assert (set(DOORS) | set(TABLE["subjects"]) | set(TABLE["answers"])) - names == set()


@pytest.mark.parametrize("role", [NOBODY, *sorted(ROLES)])
def test_each_door_opens_for_exactly_whom_it_should(
    role: str, hospital: people.Hospital, subjects: Subjects
) -> None:
    wrong = []
    client = _client(hospital, role)
    for route in ROUTES:
        address = address_of(route, subjects.own)
        takes = DOORS.get(route.name, {})
        for method in METHODS if role in PROBED_WITH_ALL else takes:
            answer = knock(client, method, address)
            expected = _expected(takes.get(method), role)
            is_right = verdict(answer) == expected
            if not is_right and not (
                expected == "open" and allowed_otherwise(route, method, answer)
            ):
                wrong.append(f"{method} {route.name}: {verdict(answer)}, not {expected}")
    assert wrong == []


@pytest.mark.parametrize("role", DIFFERENT)
def test_no_page_names_a_unit_or_person_of_another_site(
    role: str, hospital: people.Hospital, subjects: Subjects
) -> None:
    client = _client(hospital, role)
    found = []
    for route in ROUTES:
        address = address_of(route, subjects.own)
        for query in (
            ("",)
            if route.parameters
            else ("", *(f"?q={name}&search={name}" for name in (CANARY, PATIENT_CANARY)))
        ):
            body = client.get(address + query).getvalue()
            hidden = [f"{CANARY} ward", CANARY.upper()]
            if "patients.find_patients" not in ROLES[role]["permissions"]:
                hidden += [PATIENT_CANARY.upper(), f"Jo {PATIENT_CANARY}"]
            if any(name.encode() in body for name in hidden):
                found.append(address + query)
    assert found == []


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.parameters], ids=lambda route: route.name
)
@pytest.mark.parametrize(
    "role", ["system_administrator", "auditor", "privacy_officer", "ward_manager", "doctor"]
)
def test_what_is_out_of_reach_looks_as_if_it_were_not_there(
    role: str, route: Route, hospital: people.Hospital, subjects: Subjects
) -> None:
    client = _client(hospital, role)
    kinds = set(TABLE["subjects"][route.name].values())
    if not kinds & {"unit", "site", "person", "assignment", "event", "patient"}:
        pytest.skip("nothing behind this address belongs to a unit")
    for method, who in DOORS[route.name].items():
        if who in ROLES[role]["permissions"]:
            foreign = knock(client, method, address_of(route, subjects.foreign))
            missing = knock(client, method, address_of(route, subjects.missing))
            assert foreign.status_code == missing.status_code == 404
            assert VARIES.sub(b"", foreign.content) == VARIES.sub(b"", missing.content)
