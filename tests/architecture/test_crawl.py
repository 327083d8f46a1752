"""Every address, as every role and as nobody, with every method (SEC-Z2, Z8, Z9)."""

import os
import re
from collections.abc import Sequence
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import yaml
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from core.doors import Door, Public, SignedIn
from hms import foreign_doors, problems
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
# `make test-all` asks every role at every door; each run two of them, not the same at each.
WHOLE = bool(os.environ.get("HMS_WHOLE"))
PARTS = 4
# One role for each different set of permissions.
DIFFERENT = sorted({tuple(spec["permissions"]): role for role, spec in ROLES.items()}.values())
SEARCHES = [f"?q={name}&search={name}" for name in (CANARY, PATIENT_CANARY)]
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


def rotated(names: Sequence[str], key: str) -> list[str]:
    """Return the names, turned by the key: over many keys each of them comes first."""
    start = crc32(key.encode()) % len(names) if names else 0
    return [*names[start:], *names[:start]]


def asked(route: Route, method: str, *, roles: Sequence[str] = tuple(sorted(ROLES))) -> list[str]:
    """Return who knocks at a door: in each run one role that may, one that may not; else all."""
    who = DOORS.get(route.name, {}).get(method)
    may = [role for role in roles if _expected(who, role) == "open"]
    others = [role for role in roles if role not in may]
    most = None if WHOLE else 1
    turned = (rotated(each, f"{method} {route.name}") for each in (may, others))
    return [role for each in turned for role in each[:most]]


def _knockers(route: Route, method: str) -> list[str]:
    # Whether an address takes a method at all does not depend on the role.
    if method not in DOORS.get(route.name, {}):
        return [NOBODY, "system_administrator"] if WHOLE else ["system_administrator"]
    return [NOBODY, *asked(route, method)]


@pytest.mark.parametrize("part", range(PARTS))
def test_each_door_opens_for_exactly_whom_it_should(
    part: int, hospital: people.Hospital, subjects: Subjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    clients = {role: _client(hospital, role) for role in [NOBODY, *ROLES]}
    # The page of a refusal looks alike for all: tests of the shell draw it.
    monkeypatch.setattr(problems, "wants_json", lambda _request: True)
    for route in ROUTES[part::PARTS]:
        address = address_of(route, subjects.own)
        for method in METHODS:
            for role in _knockers(route, method):
                expected = _expected(DOORS.get(route.name, {}).get(method), role)
                answer = knock(clients[role], method, address)
                is_right = verdict(answer) == expected
                if not is_right and not (
                    expected == "open" and allowed_otherwise(route, method, answer)
                ):
                    wrong.append(
                        f"{role}: {method} {route.name}: {verdict(answer)}, not {expected}"
                    )
                if method == "GET" and _names_of_others(answer, role):
                    wrong.append(f"{role}: GET {route.name} names somebody of another site")
    assert wrong == []


def test_a_refusal_is_a_page_for_everybody(hospital: people.Hospital, subjects: Subjects) -> None:
    """The same doors as above, drawn: nobody meets a fault in place of a refusal."""
    wrong = []
    for route in ROUTES:
        if "GET" not in DOORS[route.name] or route.name.startswith("api:"):
            continue
        refused = [
            role for role in sorted(ROLES) if _expected(DOORS[route.name]["GET"], role) == "denied"
        ]
        for role in rotated(refused, route.name)[:1]:
            client = _client(hospital, role)
            answer = knock(client, "GET", address_of(route, subjects.own))
            if verdict(answer) != "denied" or _names_of_others(answer, role):
                wrong.append(f"{role}: {route.name}: {answer.status_code}")
    assert wrong == []


def test_no_search_finds_a_unit_or_person_of_another_site(
    hospital: people.Hospital, subjects: Subjects
) -> None:
    told = []
    clients = {role: _client(hospital, role) for role in DIFFERENT}
    for route in ROUTES:
        may = [
            role for role in DIFFERENT if _expected(DOORS[route.name].get("GET"), role) == "open"
        ]
        if route.parameters:
            continue
        for role in rotated(may, route.name)[: None if WHOLE else 2]:
            for query in SEARCHES:
                address = address_of(route, subjects.own) + query
                if _names_of_others(clients[role].get(address), role):
                    told.append(f"{role}: {address}")
    assert told == []


def _names_of_others(answer: HttpResponse, role: str) -> bool:
    """Say whether the page names a unit, a person or a patient of another site."""
    hidden = [f"{CANARY} ward", CANARY.upper()]
    if role == NOBODY or "patients.find_patients" not in ROLES[role]["permissions"]:
        hidden += [PATIENT_CANARY.upper(), f"Jo {PATIENT_CANARY}"]
    body = answer.getvalue()
    return any(name.encode() in body for name in hidden)


@pytest.mark.parametrize(
    "role", ["system_administrator", "auditor", "privacy_officer", "ward_manager", "doctor"]
)
def test_what_is_out_of_reach_looks_as_if_it_were_not_there(
    role: str, hospital: people.Hospital, subjects: Subjects
) -> None:
    client = _client(hospital, role)
    told = []
    for route in ROUTES:
        kinds = set(TABLE["subjects"].get(route.name, {}).values())
        # Behind any other address there is nothing that belongs to a unit.
        if not kinds & {"unit", "site", "person", "assignment", "event", "patient"}:
            continue
        for method, who in DOORS[route.name].items():
            if who in ROLES[role]["permissions"]:
                foreign = knock(client, method, address_of(route, subjects.foreign))
                missing = knock(client, method, address_of(route, subjects.missing))
                codes = (foreign.status_code, missing.status_code)
                bodies = {VARIES.sub(b"", answer.content) for answer in (foreign, missing)}
                if codes != (404, 404) or len(bodies) != 1:
                    told.append(f"{method} {route.name}: {codes}")
    assert told == []
