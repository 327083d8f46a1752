"""Notes reach whoever takes part in a task; the page of a patient shows its tasks (ROW-H9)."""

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from org.models import User
from patients.models import Patient
from tests.factories import org as people
from tests.factories import patients, tasks
from tests.factories.sessions import sign_in
from worklist import services
from worklist.models import Notice


@pytest.fixture
def ward(hospital: people.Hospital) -> people.Hospital:
    tasks.switched_on(hospital.ward)
    patients.switched_on(hospital.ward)
    return hospital


@pytest.fixture
def anna(ward: people.Hospital) -> Patient:
    return patients.patient(ward.ward, ward.person("front_desk"), cared_for=ward.ward)


def told() -> set[tuple[str, str]]:
    rows = Notice.objects.filter(kind="task_note").select_related("user")
    return {(row.user.username, row.kind) for row in rows}


def test_those_who_take_part_are_told_and_not_the_writer(ward: people.Hospital) -> None:
    nurse, doctor, clerk = (ward.person(role) for role in ("nurse", "doctor", "front_desk"))
    row = tasks.task(ward.ward, by=clerk.pk)
    services.task_claim(row, by=nurse.pk, at=clock.now())
    services.task_note(row, text="Which papers?", by=nurse.pk, at=clock.now())
    assert told() == {("front-desk", "task_note")}
    services.task_note(row, text="The old ones", by=doctor.pk, at=clock.now())
    assert told() == {("front-desk", "task_note"), ("nurse", "task_note")}
    services.task_note(row, text="Thank you", by=nurse.pk, at=clock.now())
    assert told() == {(name, "task_note") for name in ("front-desk", "nurse", "doctor")}
    assert Notice.objects.filter(user=nurse, kind="task_note").count() == 1


def test_the_notice_says_which_task_and_not_what_was_written(ward: people.Hospital) -> None:
    clerk = ward.person("front_desk")
    row = tasks.task(ward.ward, by=clerk.pk)
    services.task_note(row, text="zzsecret", by=ward.person("nurse").pk, at=clock.now())
    page = sign_in(Client(), clerk).get(reverse("worklist:notices")).content.decode()
    assert "A note on" in page
    assert "zzsecret" not in page
    assert str(Notice.objects.get(kind="task_note").subject_id) == str(row.public_id)


def test_whoever_sees_the_task_no_more_is_not_told(ward: people.Hospital) -> None:
    gone = people.person("gone", family_name="Gone")
    row = tasks.task(ward.ward, by=gone.pk)
    services.task_note(row, text="Hello", by=ward.person("nurse").pk, at=clock.now())
    assert told() == set()


def test_a_patients_page_has_the_panel_and_the_panel_the_tasks(
    ward: people.Hospital, anna: Patient
) -> None:
    client = sign_in(Client(), ward.person("nurse"))
    address = reverse("worklist:patient-tasks", args=[anna.public_id])
    page = client.get(reverse("patients:patient", args=[anna.public_id])).content.decode()
    assert f'hx-get="{address}"' in page
    assert "Nothing waits for this patient" in client.get(address).content.decode()
    tasks.task(ward.ward, patient_id=anna.pk, detail="Fetch the wheelchair", at=clock.now())
    done = tasks.task(ward.ward, patient_id=anna.pk, detail="Old errand", key="other")
    services.task_done(done, by=ward.person("nurse").pk, at=clock.now())
    tasks.task(ward.elsewhere, patient_id=anna.pk, detail="Of another site", key="third")
    tasks.task(ward.ward, detail="Of nobody", key="fourth")
    panel = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in panel
    assert "Fetch the wheelchair" in panel
    assert "Old errand" in panel
    assert "Of another site" not in panel
    assert "Of nobody" not in panel
    assert f"?patient={anna.mrn}" in panel


def test_no_panel_without_the_right_and_none_of_a_hidden_record(
    ward: people.Hospital, anna: Patient
) -> None:
    address = reverse("worklist:patient-tasks", args=[anna.public_id])
    clerk: User = ward.person("front_desk")
    assert sign_in(Client(), clerk).get(address).status_code == 200
    patients.restriction(anna, ward.person("privacy_officer"))
    assert sign_in(Client(), clerk).get(address).status_code == 404
    records = sign_in(Client(), ward.person("integration_client"))
    assert records.get(address).status_code == 403


def test_the_panel_costs_the_same_for_one_and_for_many(
    ward: people.Hospital, anna: Patient, django_assert_max_num_queries
) -> None:
    client = sign_in(Client(), ward.person("nurse"))
    address = reverse("worklist:patient-tasks", args=[anna.public_id])
    for number in range(20):
        tasks.task(ward.ward, patient_id=anna.pk, key=f"k{number}", at=clock.now())
    client.get(address)
    with django_assert_max_num_queries(25):
        client.get(address)
