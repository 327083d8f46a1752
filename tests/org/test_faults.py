"""Each act of this room is one transaction: any write of it may fail and nothing is half done."""

import pytest

from org import services
from org.models import Role
from tests.factories import org as people
from tests.factories.org import STARTED
from tests.fixtures.faults import every_nth_write_fails, fingerprint, nothing_changes

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
SETUP = services.installation.Hospital(
    name="Riverside General",
    site_code="RG",
    site_name="Riverside General",
    time_zone="Europe/Paris",
    currency="EUR",
    language="en",
    admin_username="admin",
    admin_family_name="Okafor",
    admin_given_name="Ada",
    admin_password=people.PASSWORD,
)


@pytest.fixture
def world(committed_hospital: people.Hospital) -> people.Hospital:
    """The hospital with a person who has no work yet."""
    committed_hospital.people["new"] = people.person("new")
    return committed_hospital


def test_the_fingerprint_sees_one_changed_letter(world: people.Hospital) -> None:
    before = fingerprint()
    world.ward.name += "!"
    world.ward.save(update_fields=["name"])
    assert fingerprint() != before


def test_setting_up_a_hospital_is_one_act(transactional_db, _reference_data) -> None:
    writes = every_nth_write_fails(lambda: services.hospital_set_up(SETUP, at=STARTED))
    assert writes >= 15


def test_setting_up_twice_changes_nothing(world: people.Hospital) -> None:
    nothing_changes(lambda: services.hospital_set_up(SETUP, at=STARTED), services.AlreadySetUp)


def test_creating_a_unit_is_one_act(world: people.Hospital) -> None:
    writes = every_nth_write_fails(
        lambda: services.unit_create(
            parent=world.ward, code="B1", name="Bay", kind="ward", by=None, at=STARTED
        )
    )
    assert writes >= 4


def test_moving_a_unit_is_one_act(world: people.Hospital) -> None:
    bay = people.unit(world.ward, "B1")
    writes = every_nth_write_fails(
        lambda: services.unit_update(
            bay,
            values={"parent_id": world.clinic.pk},
            version=None,
            by=world.admin.pk,
            at=STARTED,
        )
    )
    assert writes >= 3


def test_starting_an_assignment_is_one_act(world: people.Hospital) -> None:
    writes = every_nth_write_fails(
        lambda: services.assignment_start(
            user=world.person("new"),
            role=Role.objects.get(code="doctor"),
            unit=world.clinic,
            starts_at=STARTED,
            by=None,
            at=STARTED,
        )
    )
    assert writes >= 7


def test_creating_a_person_is_one_act(world: people.Hospital) -> None:
    writes = every_nth_write_fails(
        lambda: services.person_create(
            username="ola", family_name="Ola", by=world.admin.pk, at=STARTED
        )
    )
    assert writes == 3


def test_setting_a_level_is_one_act(world: people.Hospital) -> None:
    writes = every_nth_write_fails(
        lambda: services.activation_set(
            unit=world.ward, module="beds", level="live", reason="start", by=None, at=STARTED
        )
    )
    assert writes >= 8


def test_a_person_leaving_is_one_act(world: people.Hospital) -> None:
    writes = every_nth_write_fails(
        lambda: services.account_leave(
            world.person("new"), by=world.admin.pk, at=STARTED, reason="moved away"
        )
    )
    assert writes >= 4
