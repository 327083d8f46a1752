"""What the verbs of people and places refuse, each with the field at fault, and nothing written."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from audit.models import AuditEvent
from core.errors import Invalid, ServiceError, VersionConflict
from org import selectors, services
from org.models import Assignment, Role, Unit, User
from org.permissions import grants_of
from org.services.people import StaffNumberTaken
from org.services.people_import import people_import
from org.services.units import CodeTaken, UnitInUse
from tests.factories.org import PASSWORD, STARTED, Hospital, assign, person, unit

LATER = STARTED + timedelta(hours=1)
Act = Callable[[Hospital], object]


def closed(house: Hospital) -> Unit:
    made = unit(house.root, "OLD")
    return services.unit_close(made, version=None, by=house.admin.pk, at=LATER, reason="moved")


def new_unit(house: Hospital, **changes: object) -> Unit:
    fields = {"parent": house.root, "code": "N1", "name": "New", "kind": "ward", **changes}
    return services.unit_create(**fields, by=house.admin.pk, at=LATER)  # type: ignore[arg-type]


def changed(house: Hospital, what: Unit, **values: object) -> Unit:
    return services.unit_update(what, values=values, version=None, by=house.admin.pk, at=LATER)


def level(house: Hospital, **changes: str) -> object:
    fields = {"module": "lab", "level": "live", "reason": "wave 1", **changes}
    return services.activation_set(unit=house.ward, **fields, by=house.admin.pk, at=LATER)


def assigned(house: Hospital, user: User, place: Unit, **changes: object) -> object:
    role = Role.objects.get(code="nurse")
    fields = {"user": user, "role": role, "unit": place, "starts_at": LATER, **changes}
    return services.assignment_start(**fields, by=house.admin.pk, at=LATER)  # type: ignore[arg-type]


def left(house: Hospital) -> User:
    gone = person("gone")
    return services.account_leave(gone, by=house.admin.pk, at=LATER, reason="retired")


def person_changed(house: Hospital, **values: object) -> User:
    return services.person_update(
        house.person("nurse"), values=values, version=None, by=house.admin.pk, at=LATER
    )


REFUSED: dict[str, tuple[Act, str]] = {
    "a second root": (lambda h: new_unit(h, kind="hospital"), "kind"),
    "an unknown kind": (lambda h: new_unit(h, kind="garage"), "kind"),
    "below a closed unit": (lambda h: new_unit(h, parent=closed(h)), "parent"),
    "an unknown column": (lambda h: changed(h, h.ward, site_id=2), "site_id"),
    "a ward as hospital": (lambda h: changed(h, h.ward, kind="hospital"), "kind"),
    "a root as ward": (lambda h: changed(h, h.root, kind="ward"), "kind"),
    "moved to another site": (lambda h: changed(h, h.ward, parent_id=h.elsewhere.pk), "parent"),
    "moved below a closed unit": (lambda h: changed(h, h.ward, parent_id=closed(h).pk), "parent"),
    "an unknown module": (lambda h: level(h, module="cafeteria"), "module"),
    "an unknown level": (lambda h: level(h, level="sometimes"), "level"),
    "a level without a reason": (lambda h: level(h, reason="  "), "reason"),
    "an end before the start": (
        lambda h: assigned(h, h.admin, h.ward, ends_at=LATER - timedelta(days=1)),
        "ends_at",
    ),
    "work in a closed unit": (lambda h: assigned(h, h.admin, closed(h)), "unit"),
    "work of somebody who left": (lambda h: assigned(h, left(h), h.ward), "user"),
    "an unknown column of a person": (lambda h: person_changed(h, password="x"), "password"),
    "a user name that looks like another": (lambda _house: person("аda"), "username"),
    "an unknown column of a new person": (lambda _house: person("ada", password="x"), "password"),
    "an end in the past": (
        lambda h: services.assignment_end(
            Assignment.objects.get(user=h.person("nurse")),
            ends_at=STARTED,
            by=h.admin.pk,
            at=LATER,
            reason="x",
        ),
        "ends_at",
    ),
    "an unknown profession": (
        lambda h: services.practitioner_save(
            h.admin, values={"profession": ""}, by=h.admin.pk, at=LATER
        ),
        "profession",
    ),
    "an unknown theme": (
        lambda h: services.preferences_set(h.admin, values={"theme": "plaid"}, at=LATER),
        "theme",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_the_field_at_fault(hospital: Hospital, name: str) -> None:
    act, field = REFUSED[name]
    with pytest.raises(Invalid) as refused:
        act(hospital)
    assert refused.value.field == field


@pytest.mark.parametrize("verb", [services.account_suspend, services.account_leave])
def test_nobody_closes_their_own_login(hospital: Hospital, verb: Callable[..., User]) -> None:
    with pytest.raises(Invalid):
        verb(hospital.admin, by=hospital.admin.pk, at=LATER, reason="tired")
    assert User.objects.get(pk=hospital.admin.pk).state == "active"


def test_a_staff_number_belongs_to_one_person(hospital: Hospital) -> None:
    person("first", staff_number="4711")
    with pytest.raises(StaffNumberTaken):
        person("second", staff_number="4711")
    with pytest.raises(StaffNumberTaken):
        person_changed(hospital, staff_number="4711")
    assert not User.objects.filter(username="second").exists()


def test_a_change_to_a_code_that_is_taken_is_refused(hospital: Hospital) -> None:
    with pytest.raises(CodeTaken):
        changed(hospital, hospital.ward, code="C1")
    assert Unit.objects.get(pk=hospital.ward.pk).code == "W1"


def test_a_site_code_is_used_once(hospital: Hospital) -> None:
    with pytest.raises(CodeTaken):
        services.site_create(code="HS", name="Again", time_zone="UTC", by=None, at=LATER)


def test_a_site_has_a_known_time_zone(hospital: Hospital) -> None:
    with pytest.raises(ServiceError) as refused:
        services.site_create(code="X", name="X", time_zone="Mars/Olympus", by=None, at=LATER)
    assert refused.value.field == "time_zone"


def test_a_hospital_has_a_currency_of_three_capitals(db: None) -> None:
    setup = services.Hospital(
        name="Riverside",
        site_code="M",
        site_name="Main",
        time_zone="UTC",
        currency="Euro",
        language="en",
        admin_username="ada",
        admin_family_name="Okafor",
        admin_given_name="Ada",
        admin_password=PASSWORD,
    )
    with pytest.raises(Invalid) as refused:
        services.hospital_set_up(setup, at=STARTED)
    assert refused.value.field == "currency"
    assert not Unit.objects.exists()


def test_hours_that_somebody_changed_first_are_kept(hospital: Hospital) -> None:
    with pytest.raises(VersionConflict):
        services.unit_hours_set(hospital.ward, hours={}, version=9, by=hospital.admin.pk, at=LATER)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"unit_code": "W1"}, "unit_code"),
    ],
)
def test_a_row_of_a_staff_file_names_its_column(
    hospital: Hospital, changes: dict[str, str], field: str
) -> None:
    """Two sites have a ward W1; whoever assigns in both must not guess."""
    assign(hospital.admin, "system_administrator", hospital.elsewhere_root)
    row = {"username": "rosa", "family_name": "Diaz", "email": "", "role": "nurse"}
    row |= {"unit_code": "C1"} | changes
    report = people_import(
        text=",".join(row) + "\n" + ",".join(row.values()) + "\n",
        grants=grants_of(hospital.admin, at=LATER),
        is_trial=True,
        by=hospital.admin.pk,
        at=LATER,
    )
    assert report.has_errors
    assert [each.column for each in report.rows] == [field]


def test_a_unit_without_an_address_is_none(db: None) -> None:
    assert selectors.unit_id_of(None) is None
    assert selectors.unit_id_of("") is None


def test_the_root_of_a_site_is_the_unit_without_a_parent(hospital: Hospital) -> None:
    assert selectors.site_root(hospital.ward.site_id) == hospital.root


def test_the_history_of_levels_can_be_of_one_unit_or_module(hospital: Hospital) -> None:
    level(hospital)
    level(hospital, module="beds")
    held = grants_of(hospital.admin, at=LATER)
    ward, clinic = hospital.ward.pk, hospital.clinic.pk
    assert selectors.activation_history(grants=held, unit_id=ward).count() == 2
    assert selectors.activation_history(grants=held, unit_id=ward, module="lab").count() == 1
    assert selectors.activation_history(grants=held, unit_id=clinic).count() == 0


def test_a_root_is_not_closed(hospital: Hospital) -> None:
    with pytest.raises(UnitInUse):
        services.unit_close(
            hospital.elsewhere_root, version=None, by=hospital.admin.pk, at=LATER, reason="x"
        )


def test_a_unit_is_not_opened_below_a_closed_one(hospital: Hospital) -> None:
    above = unit(hospital.root, "UP")
    below = unit(above, "LOW")
    for each in (below, above):
        services.unit_close(each, version=None, by=hospital.admin.pk, at=LATER, reason="moved")
    with pytest.raises(Invalid):
        services.unit_reopen(below, version=None, by=hospital.admin.pk, at=LATER, reason="again")
    assert not Unit.objects.get(pk=below.pk).is_active


def test_a_change_that_changes_nothing_leaves_no_trace(hospital: Hospital) -> None:
    before = AuditEvent.objects.count()
    assert changed(hospital, hospital.ward, name="Medical A").version == hospital.ward.version
    assert person_changed(hospital, family_name="Nurse").version == 2
    assert AuditEvent.objects.count() == before


def test_too_many_units_are_not_a_tree(hospital: Hospital) -> None:
    held = grants_of(hospital.admin, at=LATER)
    assert selectors.unit_tree(grants=held, limit=2) is None
    tree = selectors.unit_tree(grants=held, limit=3)
    assert tree is not None
    assert [depth for _unit, depth in tree] == [0, 1, 1]


def test_people_are_found_by_the_unit_they_work_in(hospital: Hospital) -> None:
    newcomer = person("newcomer")
    assign(newcomer, "nurse", hospital.clinic)
    held = grants_of(hospital.admin, at=LATER)
    found = selectors.people_list(grants=held, unit_id=hospital.clinic.pk)
    assert [user.pk for user in found] == [newcomer.pk]


def test_a_role_without_permissions_has_none(hospital: Hospital) -> None:
    empty = Role.objects.get(code="nurse")
    empty.group.permissions.clear()
    assert selectors.role_permissions(empty.pk) == frozenset()
