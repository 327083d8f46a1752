"""One record: what is seen of it, how it changes, what is kept of what was."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from audit.models import AuditEvent
from org.models import User
from patients.models import (
    Contact,
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientName,
    PatientPhone,
)
from tests.factories import org as people
from tests.factories import patients
from tests.factories.sessions import sign_in


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(
        desk.ward,
        clerk,
        cared_for=desk.ward,
        mobile="06 11 22 33 44",
        national="2810375123456",
        street="Long Lane",
        house_number="12",
        locality="Riverside",
        kin_name="Piotr Nowak",
        kin_phone="06 99 88 77 66",
    )


def form_of(browser: Client, patient: Patient) -> dict[str, Any]:
    """What the browser would send of the form as it stands."""
    answer = browser.get(f"/patients/{patient.public_id}/edit/")
    form = answer.context["form"]
    sent = {bound.name: bound.value() or "" for bound in form if bound.value() != []}
    sent["birth"] = "07-Mar-1981"
    return sent | {
        "version": answer.context["version"],
        "base": answer.context["base"],
        "are_sure": "",
    }


def edit(browser: Client, patient: Patient, sent: dict[str, Any]) -> Any:
    return browser.post(f"/patients/{patient.public_id}/edit/", sent)


def test_the_page_says_who_it_is_in_the_order_of_every_banner(
    browser: Client, anna: Patient
) -> None:
    page = browser.get(f"/patients/{anna.public_id}/").content.decode()
    banner = page[page.index("hms-banner") :]
    places = [banner.index(text) for text in ("NOWAK", "07-Mar-1981", "Female", anna.mrn[-3:])]
    assert places == sorted(places)
    assert "06 11 22 33 44" in page


def test_a_look_at_a_record_is_on_the_trail(browser: Client, clerk: User, anna: Patient) -> None:
    browser.get(f"/patients/{anna.public_id}/")
    row = AuditEvent.objects.get(act="view", patient=anna.public_id)
    assert (row.actor, row.subject_type) == (clerk.pk, "patients.patient")


def test_no_name_and_no_number_stands_in_an_address_or_a_title(
    browser: Client, anna: Patient
) -> None:
    page = browser.get(f"/patients/{anna.public_id}/").content.decode()
    title = page[page.index("<title>") : page.index("</title>")]
    assert "Nowak" not in title
    assert "NOWAK" not in title


@pytest.mark.parametrize("role", ["lab_technician", "pharmacist"])
def test_whom_numbers_do_not_concern_sees_their_ends_only(
    desk: people.Hospital, anna: Patient, role: str
) -> None:
    client = sign_in(Client(), desk.person(role))
    page = client.get(f"/patients/{anna.public_id}/").content.decode()
    body = client.get(f"/api/v1/patients/{anna.public_id}/").content.decode()
    for text in (page, body):
        assert "…344" in text
        assert "Long Lane" not in text
        assert not any(
            number in text for number in ("06 11 22 33 44", "2810375123456", "06 99 88 77 66")
        )


def test_a_new_name_keeps_the_earlier_one_with_its_days(browser: Client, anna: Patient) -> None:
    answer = edit(browser, anna, form_of(browser, anna) | {"family": "Diaz", "kind": "new"})
    assert answer.status_code == 303
    rows = {row.family: row for row in PatientName.objects.filter(patient=anna)}
    assert rows["Nowak"].period.upper == rows["Diaz"].period.lower
    assert rows["Diaz"].period.upper is None
    assert AuditEvent.objects.get(act="patient_change").before == {"family": "Nowak"}


def test_a_correction_replaces_what_was_wrong_and_the_history_keeps_it(
    browser: Client, anna: Patient
) -> None:
    edit(browser, anna, form_of(browser, anna) | {"family": "Novak"})
    assert PatientName.objects.get(patient=anna).family == "Novak"
    with connection.cursor() as cursor:
        cursor.execute("SELECT family FROM patients_patientnameevent ORDER BY pgh_id")
        assert [row[0] for row in cursor.fetchall()] == ["Nowak", "Novak"]


def test_a_new_home_and_phone_keep_the_earlier_ones(browser: Client, anna: Patient) -> None:
    sent = form_of(browser, anna)
    sent |= {"street": "High Street", "mobile": "0655443322", "kind": "new"}
    assert edit(browser, anna, sent).status_code == 303
    assert PatientAddress.objects.filter(patient=anna).count() == 2
    assert set(PatientPhone.objects.filter(patient=anna).values_list("ending", flat=True)) == {
        "344",
        "322",
    }
    assert form_of(browser, anna)["mobile"] == "0655443322"


def test_the_second_editor_is_told_what_changed_and_keeps_what_was_typed(
    browser: Client, desk: people.Hospital, anna: Patient
) -> None:
    first, second = form_of(browser, anna), form_of(browser, anna)
    edit(browser, anna, first | {"locality": "Hillside"})
    answer = edit(browser, anna, second | {"given": "Anne"})
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "was “Riverside”, is now “Hillside”" in page
    assert 'value="Anne"' in page
    assert Patient.objects.get(pk=anna.pk).given == "Anna"
    again = second | {"given": "Anne", "locality": "Hillside"}
    again |= {"version": answer.context["version"], "base": answer.context["base"]}
    assert edit(browser, anna, again).status_code == 303
    assert Patient.objects.get(pk=anna.pk).given == "Anne"


def test_nothing_changed_stores_nothing(browser: Client, anna: Patient) -> None:
    before = Patient.objects.get(pk=anna.pk).version
    assert edit(browser, anna, form_of(browser, anna)).status_code == 303
    assert Patient.objects.get(pk=anna.pk).version == before


def _version(anna: Patient) -> str:
    return str(Patient.objects.get(pk=anna.pk).version)


def test_papers_confirm_an_identity_and_another_name_asks_for_them_again(
    browser: Client, anna: Patient
) -> None:
    body = {"paper": "Passport", "version": _version(anna)}
    assert browser.post(f"/patients/{anna.public_id}/verify/", body).status_code == 303
    assert Patient.objects.get(pk=anna.pk).state == "verified"
    edit(browser, anna, form_of(browser, anna) | {"family": "Diaz", "kind": "new"})
    assert Patient.objects.get(pk=anna.pk).state == "registered"


def _die(browser: Client, anna: Patient, day: str, **rest: str) -> Any:
    body = {"died_on": day, "reason": "the ward", "version": _version(anna), **rest}
    return browser.post(f"/patients/{anna.public_id}/death/", body)


def test_a_death_is_a_fact_with_its_day_and_can_be_taken_back(
    browser: Client, anna: Patient
) -> None:
    assert _die(browser, anna, "t-1", died_time="14:05").status_code == 303
    found = Patient.objects.get(pk=anna.pk)
    assert found.died_at is not None
    assert b"Died" in browser.get(f"/patients/{anna.public_id}/").content
    assert _die(browser, anna, "").status_code == 303
    assert Patient.objects.get(pk=anna.pk).died_on is None
    acts = AuditEvent.objects.filter(act__startswith="death").values_list("act", flat=True)
    assert set(acts) == {"death_record", "death_revoke"}


@pytest.mark.parametrize("day", ["t+1", "6 3 1981", ""])
def test_an_impossible_death_is_refused(browser: Client, anna: Patient, day: str) -> None:
    answer = _die(browser, anna, day)
    assert answer.status_code == 422
    assert answer.context["form"].errors["died_on"]
    assert Patient.objects.get(pk=anna.pk).died_on is None


def test_nobody_is_born_after_their_death(browser: Client, anna: Patient) -> None:
    _die(browser, anna, "1 5 2020")
    answer = edit(browser, anna, form_of(browser, anna) | {"birth": "2 5 2020"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["birth"]


def test_people_who_matter_come_and_go_and_stay_in_the_history(
    browser: Client, anna: Patient
) -> None:
    body = {"name": "Eva Nowak", "kinds": ["proxy", "guarantor"], "phone": "0644332211"}
    assert browser.post(f"/patients/{anna.public_id}/contacts/new/", body).status_code == 303
    row = Contact.objects.get(full_name="Eva Nowak")
    end = f"/patients/{anna.public_id}/contacts/{row.public_id}/end/"
    assert browser.post(end, {"reason": "moved away"}).status_code == 303
    assert b"Eva Nowak" not in browser.get(f"/patients/{anna.public_id}/").content
    assert Contact.objects.filter(full_name="Eva Nowak").exists()


def test_a_contact_of_somebody_else_is_not_ended_through_this_record(
    browser: Client, desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    other = patients.patient(desk.ward, clerk, family="Diaz", given="Rosa", birth=None)
    row = Contact.objects.get(patient=anna)
    end = f"/patients/{other.public_id}/contacts/{row.public_id}/end/"
    assert browser.post(end, {"reason": "x"}).status_code == 404


def test_a_number_with_an_end_counts_until_then_and_may_be_given_again(
    browser: Client, desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    body = {"system": "passport", "value": "XY 123456", "issuer": "PL"}
    assert browser.post(f"/patients/{anna.public_id}/numbers/new/", body).status_code == 303
    other = patients.patient(desk.ward, clerk, family="Diaz", given="Rosa", birth=None)
    taken = browser.post(f"/patients/{other.public_id}/numbers/new/", body)
    assert taken.status_code == 409
    assert taken.context["form"].errors["value"]
    row = PatientIdentifier.objects.get(system="passport")
    end = f"/patients/{anna.public_id}/numbers/{row.public_id}/end/"
    assert browser.post(end, {"reason": "lost"}).status_code == 303
    assert browser.post(end, {"reason": "lost"}).status_code == 422
    assert end not in browser.get(f"/patients/{anna.public_id}/").content.decode()
    assert browser.post(f"/patients/{other.public_id}/numbers/new/", body).status_code == 303


def test_notes_of_special_care_are_for_those_who_treat_and_lie_sealed(
    browser: Client, desk: people.Hospital, anna: Patient
) -> None:
    nurse = sign_in(Client(), desk.person("nurse"))
    door = f"/patients/{anna.public_id}/care-notes/"
    body = {"text": "HIV, treated since 2019", "version": _version(anna)}
    assert nurse.post(door, body).status_code == 303
    assert b"HIV, treated" in nurse.get(f"/patients/{anna.public_id}/").content
    assert b"HIV, treated" not in browser.get(f"/patients/{anna.public_id}/").content
    assert browser.get(door).status_code == 403
    body = browser.get(f"/api/v1/patients/{anna.public_id}/").json()
    assert body["care_notes"] is None
    assert "HIV" not in Patient.objects.get(pk=anna.pk).special_care_sealed
    assert "HIV" not in str(AuditEvent.objects.get(act="care_notes_set").after)
