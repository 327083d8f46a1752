"""Every door of the API with every scope, for people and systems, and with tokens that are none.

Deny by default (SEC-Z1, Z2, Z9, A10): a token opens what both its scope and its person's role open.
"""

from collections.abc import Iterable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from core import clock
from org import services
from org.models import User
from org.rules import INTROSPECT, PROFILE, SCOPES
from org.services.clients import Registered
from tests.architecture.routes import METHODS, Route
from tests.architecture.subjects import Subjects, plant
from tests.architecture.test_crawl import (
    DIFFERENT,
    DOORS,
    ROLES,
    ROUTES,
    WHOLE,
    address_of,
    allowed_otherwise,
    asked,
    knock,
    verdict,
)
from tests.factories import org as people
from tests.factories import tokens
from tests.factories.sessions import sign_in

API = [route for route in ROUTES if route.name.startswith("api:")]
FOR_PROGRAMS = ("api:", "oauth-introspect", "schema", "api-docs")
PAGES = [route for route in ROUTES if not route.name.startswith(FOR_PROGRAMS)]
# What a refusal of a good token may be called: its role, or its scope.
NAMED = {"permission_denied", "denied", "insufficient_scope"}
# The scopes of people are tried one by one each time; those of systems differ in one of them.
OF_SYSTEMS = [*SCOPES, ""] if WHOLE else [INTROSPECT, "people.write"]
FOR_PEOPLE = [name for name, scope in SCOPES.items() if not scope.systems_only]


@pytest.fixture
def subjects(hospital: people.Hospital) -> Subjects:
    return plant(hospital)


@pytest.fixture
def everything(hospital: people.Hospital) -> User:
    """Somebody who may do whatever any role may, at the root."""
    user = people.person("everything", family_name="Everything")
    for role in ROLES:
        people.assign(user, role, hospital.root)
    return user


@pytest.fixture
def machine(hospital: people.Hospital) -> Registered:
    """A system that may do whatever any role may, at the root."""
    made = tokens.system()
    for role in ROLES:
        people.assign(made.client.application.user, role, hospital.root)
    return made


def _may(who: str, scopes: Iterable[str], permissions: Iterable[str]) -> bool:
    if who == "public":
        return True
    if who == "signed in":
        return PROFILE in scopes
    return who in permissions and any(who in SCOPES[name].permissions for name in scopes)


def _fault(answer: HttpResponse, *, may: bool, is_scope: bool) -> str:
    """Return what is wrong with the answer, "" for nothing."""
    said = verdict(answer)
    if may:
        return "" if said in {"open", "not there"} else said
    if said != "denied":
        return said
    if answer["Content-Type"] != "application/problem+json":
        return f"says so as {answer['Content-Type']}"
    body: dict[str, Any] = answer.json()
    if is_scope != (body["code"] == "insufficient_scope"):
        return f"gives {body['code']} as the reason"
    if is_scope and 'error="insufficient_scope"' not in answer.get("WWW-Authenticate", ""):
        return "does not name the scope that would do"
    return ""


EVERY_DOOR = [(route, method) for route in API for method in DOORS[route.name]]


def _crawl(
    program: Client,
    scopes: list[str],
    permissions: set[str],
    subjects: Subjects,
    doors: Iterable[tuple[Route, str]] = EVERY_DOOR,
) -> list[str]:
    wrong = []
    for route, method in doors:
        who = DOORS[route.name][method]
        answer = knock(program, method, address_of(route, subjects.own))
        may = _may(who, scopes, permissions)
        is_scope = not may and (who in permissions or who == "signed in")
        fault = _fault(answer, may=may, is_scope=is_scope)
        if fault and not (may and allowed_otherwise(route, method, answer)):
            wrong.append(f"{method} {route.name} with {scopes}: {fault}")
    return wrong


def _all_permissions() -> set[str]:
    return {name for spec in ROLES.values() for name in spec["permissions"]}


@pytest.mark.parametrize("scope", [*FOR_PEOPLE, ""] if WHOLE else [PROFILE, ""])
def test_a_token_of_a_person_opens_what_its_scope_opens_and_nothing_else(
    scope: str, everything: User, subjects: Subjects
) -> None:
    scopes = [scope] if scope else []
    program = tokens.bearer(tokens.app(), scopes, user=everything)
    assert _crawl(program, scopes, _all_permissions(), subjects) == []


def _by_openers() -> dict[frozenset[str], list[tuple[Route, str]]]:
    """Return the doors of the API by the scopes of which each alone opens them."""
    found: dict[frozenset[str], list[tuple[Route, str]]] = {}
    for route in API:
        for method, who in DOORS[route.name].items():
            if who != "public":
                names = (name for name in FOR_PEOPLE if _may(who, [name], _all_permissions()))
                found.setdefault(frozenset(names), []).append((route, method))
    return found


def test_each_scope_opens_its_doors_and_all_others_together_open_none_of_them(
    everything: User, subjects: Subjects
) -> None:
    """What the test above tries scope by scope in the long run, with two tokens for each door."""
    app, wrong = tokens.app(), []
    for openers, doors in _by_openers().items():
        others = [name for name in FOR_PEOPLE if name not in openers]
        for scopes in [*([name] for name in openers), others]:
            program = tokens.bearer(app, scopes, user=everything)
            wrong += _crawl(program, scopes, _all_permissions(), subjects, doors)
    assert wrong == []


@pytest.mark.parametrize("scope", OF_SYSTEMS)
def test_a_token_of_a_system_opens_what_its_scope_opens_and_nothing_else(
    scope: str, machine: Registered, subjects: Subjects
) -> None:
    scopes = [scope] if scope else []
    program = tokens.bearer(machine, scopes)
    assert _crawl(program, scopes, _all_permissions(), subjects) == []


def test_every_scope_together_gives_nobody_more_than_their_role(
    hospital: people.Hospital, subjects: Subjects
) -> None:
    app, wrong = tokens.app(), []
    programs = {
        role: tokens.bearer(app, FOR_PEOPLE, user=hospital.person(role)) for role in DIFFERENT
    }
    for route, method in EVERY_DOOR:
        for role in asked(route, method, roles=DIFFERENT):
            permissions = set(ROLES[role]["permissions"])
            found = _crawl(programs[role], FOR_PEOPLE, permissions, subjects, [(route, method)])
            wrong += [f"{role}: {fault}" for fault in found]
    assert wrong == []


def test_scopes_that_are_not_on_the_list_open_nothing(everything: User, subjects: Subjects) -> None:
    """A name in other letters, with a blank, of a permission, of a right over everything."""
    made = ["Profile", "PROFILE", "units.*", "*", "all", "org.view_unit", "admin", "units"]
    program = tokens.bearer(tokens.app(), made, user=everything)
    assert _crawl(program, [], _all_permissions(), subjects) == []


def test_a_scope_that_the_client_lost_is_gone_from_its_living_tokens(
    hospital: people.Hospital, everything: User, subjects: Subjects
) -> None:
    made = tokens.app()
    program = tokens.bearer(made, FOR_PEOPLE, user=everything)
    services.client_update(
        made.client,
        name="Ward phone",
        purpose="Rounds",
        scopes=[PROFILE],
        addresses=[tokens.BACK],
        version=None,
        by=hospital.admin.pk,
        at=clock.now(),
    )
    assert _crawl(program, [PROFILE], _all_permissions(), subjects) == []


def _expired(everything: User) -> Client:
    return tokens.bearer(tokens.app(), FOR_PEOPLE, user=everything, seconds=-1)


def _closed(everything: User) -> Client:
    made = tokens.app()
    program = tokens.bearer(made, FOR_PEOPLE, user=everything)
    services.client_close(made.client, by=everything.pk, at=clock.now(), reason="Lost")
    return program


def _ended(everything: User) -> Client:
    program = tokens.bearer(tokens.app(), FOR_PEOPLE, user=everything)
    services.tokens_end(everything, by=None, at=clock.now(), reason="Lost")
    return program


def _suspended(everything: User) -> Client:
    program = tokens.bearer(tokens.app(), FOR_PEOPLE, user=everything)
    User.objects.filter(pk=everything.pk).update(state="suspended")
    return program


NO_TOKENS = {
    "expired": _expired,
    "of a closed client": _closed,
    "ended": _ended,
    "of a suspended person": _suspended,
    "garbage": lambda _user: tokens.holding("garbage"),
    "empty": lambda _user: tokens.holding(""),
}


@pytest.mark.parametrize("name", NO_TOKENS)
def test_what_is_no_token_in_force_opens_no_door_at_all(
    name: str, everything: User, subjects: Subjects
) -> None:
    program, wrong = NO_TOKENS[name](everything), []
    for route in API:
        for method in DOORS[route.name]:
            answer = knock(program, method, address_of(route, subjects.own))
            is_right = answer.status_code == 401 and answer.json()["code"] == "invalid_token"
            if not is_right or 'error="invalid_token"' not in answer["WWW-Authenticate"]:
                wrong.append(f"{method} {route.name}: {answer.status_code}")
    assert wrong == []


def _shows_a_page(answer: HttpResponse) -> bool:
    return answer.status_code < 300 or answer.status_code >= 500


def test_a_good_token_opens_no_page(everything: User, subjects: Subjects) -> None:
    program = tokens.bearer(tokens.app(), FOR_PEOPLE, user=everything)
    opened = [
        f"{method} {route.name}"
        for route in PAGES
        for method in DOORS[route.name]
        if _shows_a_page(knock(program, method, address_of(route, subjects.own)))
    ]
    assert opened == []


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND"])
def test_no_other_method_runs_what_stands_behind_a_door(
    method: str, hospital: people.Hospital, subjects: Subjects
) -> None:
    """OPTIONS is safe for CSRF, read-only mode and the trail: it must reach no view."""
    client = _administrator(hospital)
    wrong = []
    for route in ROUTES:
        answer = client.generic(method, address_of(route, subjects.own))
        if answer.status_code not in {400, 405}:
            wrong.append(f"{route.name}: {answer.status_code}")
    assert wrong == []


def _administrator(hospital: people.Hospital) -> Client:
    """An administrator's browser."""
    return sign_in(Client(raise_request_exception=False), hospital.admin)


OTHER_WAYS: dict[str, dict[str, Any]] = {
    "a header": {"headers": {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"}},
    "the address": {"query_params": {"_method": "DELETE", "method": "DELETE"}},
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_method_cannot_be_disguised(
    way: str, hospital: people.Hospital, subjects: Subjects
) -> None:
    """A GET stays a GET whatever it says of itself: where there is none it is refused."""
    client, wrong = _administrator(hospital), []
    for route in ROUTES:
        if "GET" not in DOORS[route.name]:
            answer = client.get(address_of(route, subjects.own), **OTHER_WAYS[way])
            if answer.status_code != 405:
                wrong.append(f"{route.name}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("method", METHODS)
def test_a_token_in_the_address_or_the_body_is_none(
    method: str, hospital: people.Hospital, everything: User
) -> None:
    program = tokens.bearer(tokens.app(), FOR_PEOPLE, user=everything)
    raw = program.defaults["HTTP_AUTHORIZATION"].split()[1]
    for send in ({"access_token": raw}, {"token": raw}, {"bearer": raw}):
        answer = Client().generic(method, "/api/v1/org/units/", query_params=send)
        assert answer.status_code in {401, 405}
    form = f"access_token={raw}"
    kind = "application/x-www-form-urlencoded"
    assert Client().post("/api/v1/org/units/", form, content_type=kind).status_code in {401, 403}
