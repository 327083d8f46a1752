"""Every way in says who may use it, and every writing way in says in which module (SEC-Z1)."""

import pytest
from celery import current_app

from core.doors import Door, door_of
from hms import foreign_doors
from hms.roles import declared
from hms.urls import urlpatterns
from org.permissions import Perm
from org.states import Module
from tests.architecture.routes import Route, every_route

ROOMS_WITHOUT_MODULE = {"core", "audit", "org", "hms"}
ROUTES = [route for route in every_route() if route.name not in foreign_doors.FOREIGN]
TASKS = {name: task for name, task in current_app.tasks.items() if not name.startswith("celery.")}


def _room_of(route: Route) -> str:
    parts = route.name.split(":")
    if parts[0] == "api":
        return parts[1] if len(parts) > 2 else "org"
    return parts[0] if len(parts) > 1 else "hms"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_address_declares_who_may_open_it(route: Route) -> None:
    assert route.doors, f"{route.name} takes no method at all"
    undeclared = [method for method, door in route.doors.items() if door is None]
    assert undeclared == [], f"{route.name}: no @requires on {undeclared}"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_address_has_a_name(route: Route) -> None:
    assert not route.name.endswith("None")


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_declares_who_may_start_it(name: str) -> None:
    assert isinstance(door_of(TASKS[name].run), Door), f"{name} has no @requires"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_writing_door_names_its_module(route: Route) -> None:
    for method, door in route.doors.items():
        if door is not None and door.is_writing and _room_of(route) not in ROOMS_WITHOUT_MODULE:
            assert door.module in Module.values, f"{method} {route.name} declares no module"


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_of_a_department_names_its_module(name: str) -> None:
    door = door_of(TASKS[name].run)
    assert door is not None
    assert name.split(".", maxsplit=1)[0] in ROOMS_WITHOUT_MODULE or door.module in Module.values


def test_a_permission_at_a_door_is_one_that_a_room_defines() -> None:
    known = set(Perm)
    asked = {
        str(door.who)
        for route in ROUTES
        for door in route.doors.values()
        if door is not None and isinstance(door.who, str)
    }
    assert asked - known == set()


def test_a_role_holds_only_permissions_that_a_room_defines() -> None:
    named = {name for spec in declared().values() for name in spec["permissions"]}
    assert named - set(Perm) == set()


def test_a_door_for_everybody_says_why() -> None:
    reasons = [
        getattr(door.who, "reason", "")
        for route in ROUTES
        for door in route.doors.values()
        if door is not None and not isinstance(door.who, str)
    ]
    assert all(len(reason) >= 4 for reason in reasons)


def test_every_foreign_door_exists_and_has_its_reason() -> None:
    names = {route.name for route in every_route()}
    for name, reason in foreign_doors.FOREIGN.items():
        assert name in names
        assert len(reason.split()) >= 4


def test_an_undeclared_view_is_refused(client, settings, db) -> None:
    from django.http import HttpResponse
    from django.urls import path

    settings.ROOT_URLCONF = type(
        "Urls",
        (),
        {
            "urlpatterns": [*urlpatterns, path("open/", lambda _request: HttpResponse("x"))],
            "handler403": "hms.views.denied",
        },
    )
    assert client.get("/open/").status_code == 403
