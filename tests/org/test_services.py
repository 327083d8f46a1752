"""Verbs of people and places."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from core.errors import Invalid, TransitionRefused, VersionConflict
from core.models import Event, StateChange
from org import selectors, services
from org.models import ActivationEvent, Assignment, Unit
from org.permissions import grants_of
from org.services.assignments import AssignmentOver, AssignmentOverlaps
from org.services.units import CodeTaken, UnitInUse
from tests.factories.org import STARTED, Hospital, assign, person, unit

LATER = STARTED + timedelta(hours=1)


def test_a_new_unit_is_reached_by_the_administrator_of_its_site(hospital: Hospital) -> None:
    made = unit(hospital.ward, "W1-A", name="Bay A")
    assert made.pk in grants_of(hospital.admin, at=LATER).all_unit_ids()
    assert made.pk in grants_of(hospital.person("nurse"), at=LATER).all_unit_ids()
    assert made.pk not in grants_of(assigned_elsewhere(hospital), at=LATER).all_unit_ids()


def assigned_elsewhere(hospital: Hospital):
    user = person("hill-nurse")
    assign(user, "nurse", hospital.elsewhere)
    return user


def test_a_code_is_used_once_per_site_whatever_its_case(hospital: Hospital) -> None:
    with pytest.raises(CodeTaken):
        unit(hospital.root, "w1")
    assert Unit.objects.filter(code__iexact="w1").count() == 2


def test_a_unit_cannot_be_placed_below_itself(hospital: Hospital) -> None:
    bay = unit(hospital.ward, "W1-A")
    with pytest.raises(Invalid) as refused:
        services.unit_update(
            hospital.ward, values={"parent_id": bay.pk}, version=1, by=hospital.admin.pk, at=LATER
        )
    assert refused.value.field == "parent"


def test_a_stale_version_changes_nothing(hospital: Hospital) -> None:
    with pytest.raises(VersionConflict):
        services.unit_update(
            hospital.ward, values={"name": "X"}, version=7, by=hospital.admin.pk, at=LATER
        )
    assert Unit.objects.get(pk=hospital.ward.pk).name == "Medical A"


def test_a_unit_with_people_stays_open(hospital: Hospital) -> None:
    with pytest.raises(UnitInUse):
        services.unit_close(
            hospital.ward, version=None, by=hospital.admin.pk, at=LATER, reason="empty"
        )


def test_the_same_role_twice_at_once_is_refused_by_the_database(hospital: Hospital) -> None:
    before = Assignment.objects.count()
    with pytest.raises(AssignmentOverlaps):
        assign(hospital.person("nurse"), "nurse", hospital.ward)
    assert Assignment.objects.count() == before


def test_an_ended_assignment_opens_nothing_from_its_end_on(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    row = Assignment.objects.get(user=nurse)
    services.assignment_end(row, ends_at=LATER, by=hospital.admin.pk, at=STARTED, reason="moved")
    assert grants_of(nurse, at=LATER - timedelta(seconds=1)).held
    assert not grants_of(nurse, at=LATER).held


def test_a_level_leaves_its_history_and_a_fact(hospital: Hospital) -> None:
    services.activation_set(
        unit=hospital.ward, module="beds", level="live", reason="go", by=None, at=LATER
    )
    assert selectors.level(unit=hospital.ward.pk, module="beds") == "live"
    assert selectors.level(unit=hospital.clinic.pk, module="beds") == "off"
    assert ActivationEvent.objects.get().to_level == "live"
    assert StateChange.objects.filter(subject_type="org.moduleactivation").count() == 1
    assert Event.objects.filter(name="org.ActivationChanged").count() == 1
    assert AuditEvent.objects.filter(act="activation_set", reason="go").count() == 1


def test_setting_the_level_it_has_is_refused(hospital: Hospital) -> None:
    with pytest.raises(TransitionRefused):
        services.activation_set(
            unit=hospital.ward, module="beds", level="off", reason="x", by=None, at=LATER
        )
    assert not ActivationEvent.objects.exists()


def test_an_assignment_that_has_not_begun_is_cancelled_and_may_be_made_again(
    hospital: Hospital,
) -> None:
    nurse, admin = hospital.person("nurse"), hospital.admin
    role = Assignment.objects.get(user=nurse).role
    later = {"role": role, "unit": hospital.clinic, "starts_at": LATER + timedelta(days=9)}
    planned = services.assignment_start(user=nurse, by=admin.pk, at=STARTED, **later)
    gone = services.assignment_end(planned, ends_at=LATER, by=admin.pk, at=LATER, reason="leave")
    assert gone.cancelled_at == LATER
    assert hospital.clinic.pk not in grants_of(nurse, at=LATER + timedelta(days=10)).all_unit_ids()
    with pytest.raises(AssignmentOver):
        services.assignment_end(planned, ends_at=LATER, by=admin.pk, at=LATER, reason="again")
    again = services.assignment_start(user=nurse, by=admin.pk, at=LATER, **later)
    assert again.pk != planned.pk


def test_the_tree_puts_each_unit_below_its_parent(hospital: Hospital) -> None:
    bay = unit(hospital.ward, "W1-A", name="Bay A")
    grants = grants_of(hospital.admin, at=LATER)
    tree = selectors.unit_tree(grants=grants, limit=50)
    own = [(found.pk, depth) for found, depth in tree or []]
    root, ward = hospital.root.pk, hospital.ward.pk
    assert own == [(root, 0), (ward, 1), (bay.pk, 2), (hospital.clinic.pk, 1)]
    assert selectors.unit_tree(grants=grants, limit=3) is None
