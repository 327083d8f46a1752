"""Every way to change a row keeps what it was, what it is, and who asked (SEC-U2)."""

from collections.abc import Callable
from typing import Any

import pghistory.models
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.context import asking
from org.models import Role
from tests.factories.org import Hospital

HERE = {"user_id": 7, "user_name": "Ada O'Neil 100%", "request_id": "request-77", "door": "x:y"}


def _raw(sql: str, values: list[Any] | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _saved(role: Role) -> None:
    role.name = "Changed"
    role.save()


def _bulk_updated(role: Role) -> None:
    role.name = "Changed"
    Role.objects.bulk_update([role], ["name"])


CHANGES: dict[str, Callable[[Role], object]] = {
    "save": _saved,
    "queryset update": lambda role: Role.objects.filter(pk=role.pk).update(name="Changed"),
    "bulk update": _bulk_updated,
    "raw SQL": lambda role: _raw("UPDATE org_role SET name = 'Changed' WHERE id = %s", [role.pk]),
    "raw SQL without values": lambda role: _raw(
        f"UPDATE org_role SET name = 'Changed' WHERE code LIKE '{role.code[:4]}%'", None
    ),
}
DELETES: dict[str, Callable[[Role], object]] = {
    "delete": lambda role: role.delete(),
    "queryset delete": lambda role: Role.objects.filter(pk=role.pk).delete(),
}


@pytest.fixture
def role(hospital: Hospital) -> Role:
    group = Role.objects.get(code="nurse").group
    made = Role(code="probed", name="As it was", group=group)
    made.group = type(group).objects.create(name="role:probed")
    Role.objects.bulk_create([made])
    return made


def _history(role_id: int) -> list[tuple[str, str, Any]]:
    event: Any = apps.get_model("org", "RoleEvent")
    assert issubclass(event, pghistory.models.Event)
    rows = event.objects.filter(pgh_obj_id=role_id).order_by("pgh_id")
    return [(row.pgh_label, row.name, row.pgh_context) for row in rows]


@pytest.mark.parametrize("way", CHANGES)
def test_a_change_keeps_both_versions_and_who(role: Role, way: str) -> None:
    with asking(**HERE):
        CHANGES[way](role)
    before, after = _history(role.pk)[-2:]
    assert (before[1], after[1]) == ("As it was", "Changed")
    assert after[2]["name"] == "Ada O'Neil 100%"
    assert (after[2]["user"], after[2]["request"], after[2]["door"]) == (7, "request-77", "x:y")


@pytest.mark.parametrize("way", DELETES)
def test_a_deletion_keeps_the_last_version_and_who(role: Role, way: str) -> None:
    key = role.pk
    with asking(**HERE):
        DELETES[way](role)
    label, name, context = _history(key)[-1]
    assert ("delete" in label, name, context["user"]) == (True, "As it was", 7)


def test_rows_made_in_bulk_have_their_history(role: Role) -> None:
    ((_label, name, context),) = _history(role.pk)
    assert name == "As it was"
    assert (context["name"], context["source"]) == ("system", "task")


def test_a_change_through_a_page_names_its_person_unit_and_request(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    event: Any = apps.get_model("org", "UnitEvent")
    ward = hospital.ward
    as_role("system_administrator").post(
        reverse("org:unit-edit", args=[ward.public_id]),
        {
            "name": "North",
            "code": ward.code,
            "kind": ward.kind,
            "beds": ward.beds,
            "parent": str(hospital.root.public_id),
            "version": ward.version,
        },
        headers={"X-Request-Id": "change-0001"},
    )
    row = event.objects.filter(pgh_obj_id=ward.pk).order_by("pgh_id").last()
    assert row.name == "North"
    assert row.pgh_context["user"] == hospital.admin.pk
    assert row.pgh_context["name"] == hospital.admin.full_name
    assert row.pgh_context["request"] == "change-0001"
    assert row.pgh_context["door"] == "org:unit-edit"
