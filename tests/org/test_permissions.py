"""Role says what, unit says where, assignment says from when until when."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from guardian.shortcuts import get_objects_for_user

from hms.roles import declared
from org import services
from org.models import Assignment, Role, Unit
from org.permissions import (
    Grants,
    Perm,
    assignments_visible_to,
    grants_of,
    people_visible_to,
    units_visible_to,
)
from tests.factories import org as people
from tests.factories.org import STARTED

NOW = STARTED + timedelta(days=10)


@pytest.fixture
def bay(hospital: people.Hospital) -> Unit:
    """A unit below the ward."""
    return people.unit(hospital.ward, "W1B", name="Bay")


def grants(user: object, *, at: object = NOW) -> Grants:
    return grants_of(user, at=at)


@pytest.mark.parametrize("role", sorted(declared()))
def test_a_person_holds_exactly_the_permissions_of_the_role(
    role: str, hospital: people.Hospital
) -> None:
    held = grants(hospital.person(role)).held
    assert [sorted(item.permissions) for item in held] == [sorted(declared()[role]["permissions"])]


def test_a_right_in_one_unit_is_none_in_its_neighbour(hospital: people.Hospital) -> None:
    held = grants(hospital.person("ward_manager"))
    assert held.has(Perm.VIEW_PEOPLE, hospital.ward.pk)
    assert not held.has(Perm.VIEW_PEOPLE, hospital.clinic.pk)
    assert not held.has(Perm.VIEW_PEOPLE, hospital.elsewhere.pk)


def test_a_right_reaches_the_units_below_and_not_those_above(
    hospital: people.Hospital, bay: Unit
) -> None:
    held = grants(hospital.person("ward_manager"))
    assert held.has(Perm.VIEW_UNITS, bay.pk)
    assert not held.has(Perm.VIEW_UNITS, hospital.root.pk)


def test_a_unit_that_moves_takes_rights_with_it(hospital: people.Hospital, bay: Unit) -> None:
    services.unit_update(
        bay, values={"parent_id": hospital.clinic.pk}, version=None, by=hospital.admin.pk, at=NOW
    )
    assert not grants(hospital.person("ward_manager")).has(Perm.VIEW_UNITS, bay.pk)


def test_two_roles_do_not_lend_each_other_their_units(hospital: people.Hospital) -> None:
    nurse = hospital.person("nurse")
    people.assign(nurse, "ward_manager", hospital.clinic)
    held = grants(nurse)
    assert held.unit_ids(Perm.VIEW_PEOPLE) == {hospital.clinic.pk}
    assert held.all_unit_ids() == {hospital.ward.pk, hospital.clinic.pk}


@pytest.mark.parametrize(
    ("days", "may"), [(-1, False), (0, True), (6, True), (7, False), (8, False)]
)
def test_an_assignment_opens_from_its_first_instant_to_just_before_its_last(
    days: int, may: bool, hospital: people.Hospital
) -> None:
    locum = people.person("locum")
    people.assign(locum, "ward_manager", hospital.ward, days=7)
    held = grants(locum, at=STARTED + timedelta(days=days))
    assert held.has(Perm.VIEW_UNITS, hospital.ward.pk) is may


def test_an_ended_contract_opens_nothing_at_once(hospital: people.Hospital) -> None:
    manager = hospital.person("ward_manager")
    services.assignment_end(
        Assignment.objects.get(user=manager),
        ends_at=NOW,
        by=hospital.admin.pk,
        at=NOW,
        reason="left",
    )
    assert grants(manager).held == ()


@pytest.mark.parametrize("act", [services.account_suspend, services.account_leave])
def test_a_login_that_is_not_active_holds_nothing(act, hospital: people.Hospital) -> None:
    manager = act(hospital.person("ward_manager"), by=hospital.admin.pk, at=NOW, reason="test")
    assert grants(manager).held == ()


@pytest.mark.parametrize("role", ["nurse", "ward_manager", "auditor", "system_administrator"])
def test_guardian_finds_the_same_units(role: str, hospital: people.Hospital, bay: Unit) -> None:
    user = hospital.person(role)
    found = get_objects_for_user(user, "org.act_in_unit", Unit, accept_global_perms=False)
    assert set(found.values_list("pk", flat=True)) == set(grants(user).all_unit_ids())


def test_guardian_follows_when_an_assignment_begins_and_ends(hospital: people.Hospital) -> None:
    locum = people.person("locum")
    people.assign(locum, "nurse", hospital.ward, days=7)
    over = STARTED + timedelta(days=7)
    assert get_objects_for_user(locum, "org.act_in_unit", Unit).count() == 1
    services.assignments_settle(at=over)
    assert get_objects_for_user(locum, "org.act_in_unit", Unit).count() == 0


def test_memberships_are_right_again_after_an_outage_of_a_day(hospital: people.Hospital) -> None:
    """Nobody looked while one contract ended and another began."""
    over, back = STARTED + timedelta(days=1), STARTED + timedelta(days=2, hours=3)
    leaver, starter = people.person("leaver"), people.person("starter")
    people.assign(leaver, "nurse", hospital.ward, days=1)
    services.assignment_start(
        user=starter,
        role=Role.objects.get(code="nurse"),
        unit=hospital.ward,
        starts_at=over,
        by=None,
        at=STARTED,
    )
    assert services.assignments_settle(at=back) == 2
    assert get_objects_for_user(leaver, "org.act_in_unit", Unit).count() == 0
    assert get_objects_for_user(starter, "org.act_in_unit", Unit).get() == hospital.ward
    assert services.assignments_settle(at=back) == 0


def test_groups_that_are_no_role_in_a_place_are_left_alone(hospital: people.Hospital) -> None:
    nurse, other = hospital.person("nurse"), Group.objects.create(name="choir")
    nurse.groups.add(other)
    assert services.assignments_settle(at=NOW) == 0
    assert other in nurse.groups.all()


def test_a_person_sees_the_units_their_role_may_see(hospital: people.Hospital) -> None:
    assert list(units_visible_to(grants(hospital.person("ward_manager")))) == [hospital.ward]
    assert units_visible_to(grants(hospital.person("nurse"))).count() == 0


def test_a_manager_sees_the_people_of_the_ward_only(hospital: people.Hospital) -> None:
    stranger = people.person("stranger")
    people.assign(stranger, "nurse", hospital.elsewhere)
    unassigned = people.person("unassigned")
    seen = set(people_visible_to(grants(hospital.person("ward_manager"))))
    assert hospital.person("nurse") in seen
    assert {stranger, unassigned, hospital.admin} & seen == set()


def test_the_root_of_a_site_sees_people_without_an_assignment(hospital: people.Hospital) -> None:
    unassigned = people.person("unassigned")
    assert unassigned in people_visible_to(grants(hospital.admin))


def test_assignments_are_visible_with_their_unit(hospital: people.Hospital) -> None:
    units = {row.unit_id for row in assignments_visible_to(grants(hospital.person("ward_manager")))}
    assert units == {hospital.ward.pk}


def test_a_role_is_covered_only_by_all_its_permissions(hospital: people.Hospital) -> None:
    held = grants(hospital.person("ward_manager"))
    assert held.covers_role([Perm.VIEW_UNITS, Perm.VIEW_PEOPLE], hospital.ward.pk)
    assert not held.covers_role([Perm.VIEW_UNITS, Perm.MANAGE_PEOPLE], hospital.ward.pk)
    assert not held.covers_role([Perm.VIEW_UNITS], hospital.clinic.pk)
