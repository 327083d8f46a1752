"""Who may hand out which role where; levels of modules."""

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from org.models import Assignment, ModuleActivation, Role
from org.permissions import grants_of, may_assign
from org.selectors import role_permissions
from tests.factories import org
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in

BACKEND = "org.backends.UsernameBackend"


@pytest.fixture
def admin(as_role) -> Client:
    return as_role("system_administrator")


def _data(hospital: Hospital, role: str = "nurse", **changes: str) -> dict[str, str]:
    base = {"unit": str(hospital.clinic.public_id), "role": role, "starts_on": "2026-11-01"}
    return base | {"shift_group": "night"} | changes


def _new(hospital: Hospital, who: str = "nurse") -> str:
    return reverse("org:assignment-new", args=[hospital.person(who).public_id])


def test_days_become_midnights_of_the_site(admin: Client, hospital: Hospital) -> None:
    answer = admin.post(_new(hospital), _data(hospital, ends_on="2026-11-30"))
    assert answer.status_code == 303
    row = Assignment.objects.get(unit=hospital.clinic, user=hospital.person("nurse"))
    assert row.period.lower.isoformat() == "2026-10-31T23:00:00+00:00"
    assert row.period.upper.isoformat() == "2026-11-30T23:00:00+00:00"


def test_the_same_twice_is_refused(admin: Client, hospital: Hospital) -> None:
    admin.post(_new(hospital), _data(hospital))
    assert admin.post(_new(hospital), _data(hospital)).status_code == 409
    assert Assignment.objects.filter(unit=hospital.clinic).count() == 1


def test_an_end_before_the_start_is_refused_beside_a_field(
    admin: Client, hospital: Hospital
) -> None:
    answer = admin.post(_new(hospital), _data(hospital, ends_on="2026-10-01"))
    assert (answer.status_code, Assignment.objects.filter(unit=hospital.clinic).count()) == (422, 0)


def test_an_assignment_is_ended_at_once(admin: Client, hospital: Hospital) -> None:
    row = Assignment.objects.get(user=hospital.person("nurse"))
    address = reverse("org:assignment-end", args=[row.public_id])
    answer = admin.post(address, {"reason": "left", "version": str(row.version)})
    assert answer.status_code == 303
    assert Assignment.objects.get(pk=row.pk).period.upper <= clock.now()


def _head(hospital: Hospital, role: str = "system_administrator"):
    person = org.person("head")
    org.assign(person, role, hospital.ward)
    return person


def test_who_may_not_hand_a_role_out_does_not_end_it_either(
    client: Client, hospital: Hospital
) -> None:
    sign_in(client, org.planner(hospital.ward))
    manager = hospital.person("ward_manager")
    address = reverse("org:assignment-end", args=[Assignment.objects.get(user=manager).public_id])
    assert client.post(address, {"reason": "x", "version": "1"}).status_code == 403
    assert Assignment.objects.get(user=manager).version == 1
    page = client.get(reverse("org:person", args=[manager.public_id])).content.decode()
    assert address not in page


def _may(person, role: str, unit) -> bool:
    permissions = role_permissions(Role.objects.get(code=role).pk)
    return may_assign(grants_of(person, at=clock.now()), permissions=permissions, unit=unit)


def test_the_root_hands_out_every_role(hospital: Hospital) -> None:
    codes = Role.objects.values_list("code", flat=True)
    assert all(_may(hospital.admin, code, hospital.ward) for code in codes)


def test_the_root_hands_out_nothing_in_another_site(hospital: Hospital) -> None:
    assert not _may(hospital.admin, "nurse", hospital.elsewhere)


def test_a_ward_hands_out_what_its_head_holds_there(hospital: Hospital) -> None:
    head = _head(hospital)
    assert _may(head, "super_user", hospital.ward)
    assert not _may(head, "storekeeper", hospital.clinic)


def test_nobody_hands_out_a_role_that_holds_more(hospital: Hospital) -> None:
    role = Role.objects.get(code="system_administrator")
    permission = role.group.permissions.get(codename="manage_units")
    role.group.permissions.remove(permission)
    Role.objects.get(code="doctor").group.permissions.add(permission)
    assert not _may(_head(hospital), "doctor", hospital.ward)


def test_whoever_does_not_assign_hands_out_nothing(hospital: Hospital) -> None:
    assert not _may(hospital.person("ward_manager"), "nurse", hospital.ward)


def test_a_role_that_holds_more_is_refused_on_the_screen(
    client: Client, hospital: Hospital
) -> None:
    role = Role.objects.get(code="system_administrator")
    permission = role.group.permissions.get(codename="manage_units")
    role.group.permissions.remove(permission)
    Role.objects.get(code="doctor").group.permissions.add(permission)
    sign_in(client, _head(hospital))
    before = Assignment.objects.count()
    data = _data(hospital, "doctor", unit=str(hospital.ward.public_id))
    answer = client.post(_new(hospital), data)
    assert (answer.status_code, Assignment.objects.count()) == (403, before)
    assert "role" in answer.context["form"].errors


def _level(hospital: Hospital) -> str:
    return reverse("org:activation-set", args=[hospital.ward.public_id, "lab"])


def test_a_level_is_set_with_a_reason(admin: Client, hospital: Hospital) -> None:
    data = {"level": "live", "reason": "go-live", "version": "0"}
    assert admin.post(_level(hospital), data).status_code == 303
    assert ModuleActivation.objects.get(unit=hospital.ward, module="lab").level == "live"


def test_a_level_without_a_reason_is_refused(admin: Client, hospital: Hospital) -> None:
    answer = admin.post(_level(hospital), {"level": "live", "version": "0"})
    assert (answer.status_code, ModuleActivation.objects.count()) == (422, 0)


def test_the_level_of_an_old_version_is_refused(admin: Client, hospital: Hospital) -> None:
    admin.post(_level(hospital), {"level": "live", "reason": "a", "version": "0"})
    answer = admin.post(_level(hospital), {"level": "off", "reason": "b", "version": "0"})
    assert answer.status_code == 412


def test_the_same_level_again_is_refused(admin: Client, hospital: Hospital) -> None:
    answer = admin.post(_level(hospital), {"level": "off", "reason": "b", "version": "0"})
    assert (answer.status_code, ModuleActivation.objects.count()) == (409, 0)


def test_the_history_tells_who_and_why(admin: Client, hospital: Hospital) -> None:
    data = {"level": "read_only", "reason": "fire drill", "version": "0", "drain_hours": "4"}
    admin.post(_level(hospital), data)
    page = admin.get(reverse("org:activation-history"), {"module": "lab"}).content.decode()
    assert "fire drill" in page
    assert "OKAFOR, Ada" in page
