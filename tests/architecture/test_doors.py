"""Every way in says who may use it, and every writing way in says in which module (SEC-Z1)."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.urls import path
from rest_framework.views import APIView

from audit.permissions import Perm as Trail
from core.doors import Door, door_of, requires
from hms import foreign_doors
from hms.celery import app
from hms.roles import declared
from hms.urls import urlpatterns
from org.permissions import Perm
from org.states import Module
from patients.permissions import Perm as Patients
from tests.architecture.routes import Route, every_route, walk
from worklist.permissions import Perm as Tasks

TABLE = yaml.safe_load(Path(__file__).with_name("door_matrix.yaml").read_text(encoding="utf-8"))
WITHOUT: dict[str, dict[str, str]] = TABLE["without_module"]
# Rooms of decisions 23 that a later issue brings.
TO_COME = {"rollout"}
EVERY = list(every_route())
ROUTES = [route for route in EVERY if route.name not in foreign_doors.FOREIGN]
# Tasks are found when a worker starts: without this the list below would be empty.
app.loader.import_default_modules()
TASKS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def module_faults(route: Route) -> list[str]:
    """Return what a writing door lacks: a module, and the unit whose level of it counts."""
    if route.room in WITHOUT["rooms"] or route.name in WITHOUT["doors"]:
        return []
    faults = []
    for method, door in route.doors.items():
        if door is None or not door.is_writing:
            continue
        if door.module not in Module.values:
            faults.append(f"{method} {route.name} declares no module")
        elif door.unit is None:
            faults.append(f"{method} {route.name} declares a module and not whose unit")
    return faults


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
def test_a_writing_door_names_its_module_and_unit(route: Route) -> None:
    assert module_faults(route) == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_whoever_names_a_module_names_the_unit(route: Route) -> None:
    """Also where none is needed: otherwise the level of the asker counts, not of the record."""
    named = [door for door in route.doors.values() if door is not None and door.module is not None]
    assert all(door.unit is not None for door in named)


def _made_up(name: str = "api:bed-clean", **declared: Any) -> Route:
    """A writing API door of a department that does not exist yet, as the resolver would give it."""

    @requires("beds.clean_bed", methods=("POST",), **declared)
    def post(_self: Any, _request: Any) -> None: ...

    view = type("BedCleanView", (APIView,), {"post": post, "__module__": "beds.api.views"})
    (found,) = walk(SimpleNamespace(url_patterns=[path("beds/", view.as_view(), name=name)]))
    return found


def test_a_made_up_door_without_a_module_is_found() -> None:
    assert module_faults(_made_up(module=None)) == ["POST api:bed-clean declares no module"]


def test_a_made_up_door_of_an_unknown_module_is_found() -> None:
    assert module_faults(_made_up(module="cafeteria", unit=lambda _request: 1)) != []


def test_a_made_up_door_without_a_unit_is_found() -> None:
    faults = module_faults(_made_up(module="beds"))
    assert faults == ["POST api:bed-clean declares a module and not whose unit"]


def test_a_made_up_door_with_both_passes() -> None:
    assert module_faults(_made_up(module="beds", unit=lambda _request: 1)) == []


def test_the_room_of_a_door_is_its_code_s() -> None:
    rooms = {route.name: route.room for route in EVERY}
    assert (rooms["api:units"], rooms["org:units"], rooms["home"]) == ("org", "org", "hms")
    assert _made_up(module=None).room == "beds"


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_of_a_department_names_its_module(name: str) -> None:
    door = door_of(TASKS[name].run)
    assert door is not None
    is_free = name in WITHOUT["tasks"] or name.split(".", maxsplit=1)[0] in WITHOUT["rooms"]
    assert is_free or door.module in Module.values


def test_the_tasks_are_known_here() -> None:
    assert {"hms.tasks.heartbeat", "org.tasks.assignments_settle_due"} <= set(TASKS)


def test_whoever_is_free_of_modules_exists_and_has_its_reason() -> None:
    known = {
        "rooms": {route.room for route in EVERY} | set(apps.app_configs) | TO_COME,
        "doors": {route.name for route in EVERY},
        "tasks": set(TASKS),
    }
    for kind, listed in WITHOUT.items():
        assert set(listed) - known[kind] == set()
        assert all(len(reason.split()) >= 4 for reason in listed.values())


def test_a_permission_at_a_door_is_one_that_a_room_defines() -> None:
    known = {*Perm, *Trail, *Patients, *Tasks}
    asked = {
        str(door.who)
        for route in ROUTES
        for door in route.doors.values()
        if door is not None and isinstance(door.who, str)
    }
    assert asked - known == set()


def test_a_role_holds_only_permissions_that_a_room_defines() -> None:
    named = {name for spec in declared().values() for name in spec["permissions"]}
    assert named - {*Perm, *Trail, *Patients, *Tasks} == set()


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
