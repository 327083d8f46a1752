"""Practice: level `training` opens writes in the training unit, and nowhere else."""

from dataclasses import replace
from itertools import product

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from core.doors import Knock, door_of
from hms import problems
from org import gate, services
from org.models import Unit
from org.permissions import grants_of
from org.rules import write_refusal
from org.states import Level
from org.views import units as unit_doors
from tests.factories import org as people
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in


@pytest.fixture
def practice(hospital: Hospital) -> Unit:
    return people.unit(hospital.root, "TR", name="Practice ward", kind="training")


def set_level(unit: Unit, level: str) -> None:
    services.activation_set(
        unit=unit, module="beds", level=level, reason="test", by=None, at=STARTED
    )


def knock(user: object, unit: Unit) -> Knock:
    request = RequestFactory().post("/")
    request.user, request.unit_id = user, unit.pk
    request._grants = grants_of(user, at=STARTED)
    door = door_of(unit_doors.unit_edit)
    assert door is not None
    return Knock(replace(door, module="beds"), request, "POST", unit.pk)


@pytest.mark.parametrize(("level", "closing"), product(Level.values, [True, False]))
def test_a_training_unit_changes_the_answer_at_level_training_only(
    level: str, closing: bool
) -> None:
    circumstances = {"closing": closing, "observe": False, "draining": True}
    outside = write_refusal(level, **circumstances, is_training_unit=False)
    inside = write_refusal(level, **circumstances, is_training_unit=True)
    assert inside == ("" if level == Level.TRAINING else outside)


def test_practice_in_the_training_unit_may_write(hospital: Hospital, practice: Unit) -> None:
    set_level(practice, "training")
    gate.check_level(knock(hospital.admin, practice))


def test_elsewhere_the_refusal_names_the_training_unit(hospital: Hospital, practice: Unit) -> None:
    set_level(hospital.ward, "training")
    with pytest.raises(gate.ModuleTraining) as refused:
        gate.check_level(knock(hospital.admin, hospital.ward))
    assert refused.value.extra["training_unit"] == {
        "public_id": str(practice.public_id),
        "name": "Practice ward",
        "may_enter": True,
    }


def test_a_training_unit_of_another_site_is_not_named(hospital: Hospital) -> None:
    people.unit(hospital.elsewhere_root, "TR", kind="training")
    set_level(hospital.ward, "training")
    with pytest.raises(gate.ModuleTraining) as refused:
        gate.check_level(knock(hospital.admin, hospital.ward))
    assert refused.value.extra["training_unit"] is None


@pytest.mark.parametrize(
    ("may_enter", "says"), [(True, "Practise in Practice ward"), (False, "Ask your administrator")]
)
def test_the_page_leads_to_the_training_unit(
    may_enter: bool, says: str, hospital: Hospital, practice: Unit
) -> None:
    request = knock(hospital.admin, practice).request
    unit = {"public_id": str(practice.public_id), "name": practice.name, "may_enter": may_enter}
    answer = problems.answer(request, gate.ModuleTraining(training_unit=unit))
    assert answer.status_code == 403
    assert says in answer.content.decode()


def test_programs_are_told_where_to_practise(rf: RequestFactory) -> None:
    unit = {"public_id": "x", "name": "Practice ward", "may_enter": False}
    answer = problems.answer(rf.post("/api/v1/x"), gate.ModuleTraining(training_unit=unit))
    assert b'"training_unit": {"public_id": "x", "name": "Practice ward"' in answer.content


def test_a_bar_says_training_on_every_page_of_the_training_unit(
    hospital: Hospital, practice: Unit
) -> None:
    nurse = hospital.person("nurse")
    people.assign(nurse, "nurse", practice)
    client = Client()
    sign_in(client, nurse)
    assert b"<b>TRAINING</b>" not in client.get("/").content
    client.post(reverse("org:unit-switch"), {"unit": str(practice.public_id)})
    for address in ("/", reverse("org:preferences"), "/no-such-page"):
        assert b"<b>TRAINING</b>" in client.get(address).content
