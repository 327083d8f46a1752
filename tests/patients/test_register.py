"""Registering: one record a person, nothing lost from the form, refusals beside their field."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.models import AuditEvent
from core.ids import check_digit_ok
from core.models import Event, StateChange
from org.models import User
from patients import services
from patients.models import (
    CaringUnit,
    Contact,
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientName,
    PatientPhone,
)
from tests.factories import org as people
from tests.factories import patients
from tests.factories.org import STARTED

NEW = "/patients/new/"
WHO = {"family": "Nowak", "given": "Anna", "birth": "7 3 81", "sex": "female"}


def send(browser: Client, **changes: Any) -> Any:
    return browser.post(NEW, {**WHO, **changes})


def test_two_names_a_birth_and_a_sex_are_enough(browser: Client) -> None:
    answer = send(browser)
    found = Patient.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/patients/{found.public_id}/"
    assert (found.family, found.given, str(found.birth_on)) == ("Nowak", "Anna", "1981-03-07")
    assert check_digit_ok(found.mrn)
    assert found.mrn.startswith(f"{found.site_id:02}")


def test_it_leaves_a_state_a_row_on_the_trail_and_a_fact(browser: Client, clerk: User) -> None:
    send(browser)
    found = Patient.objects.get()
    change = StateChange.objects.get(subject_type="patients.patient", subject_id=found.pk)
    assert (change.from_state, change.to_state, change.by_user) == ("", "registered", clerk.pk)
    row = AuditEvent.objects.get(act="patient_register")
    assert (row.patient, row.actor) == (found.public_id, clerk.pk)
    assert Event.objects.get(name="patients.PatientRegistered").payload["patient_id"] == found.pk


def test_everything_on_the_screen_is_stored(browser: Client, desk: people.Hospital) -> None:
    send(
        browser,
        birth_family="Kowalska",
        mobile="06 11 22 33 44",
        phone="+48 22 123 45 67",
        national="2 81 03 75 123 456",
        national_issuer="FR",
        street="Long Lane",
        house_number="12",
        postcode="4011",
        locality="Riverside",
        country="fr",
        language="pl",
        interpreter="pl",
        needs=["wheelchair", "hearing"],
        kin_name="Piotr Nowak",
        kin_relationship="Husband",
        kin_phone="06 99 88 77 66",
        comes_to=str(desk.ward.public_id),
    )
    found = Patient.objects.get()
    assert found.needs == ["wheelchair", "hearing"]
    uses = PatientName.objects.order_by("use").values_list("use", "family")
    assert list(uses) == [("maiden", "Kowalska"), ("official", "Nowak")]
    assert set(PatientPhone.objects.values_list("use", "ending")) == {
        ("mobile", "344"),
        ("home", "567"),
    }
    assert PatientAddress.objects.get().country == "FR"
    assert Contact.objects.get().kinds == ["next_of_kin"]
    assert CaringUnit.objects.get().unit_id == desk.ward.pk


def test_numbers_and_phones_lie_sealed_in_the_database(browser: Client) -> None:
    send(
        browser, mobile="0611223344", national="2810375123456", kin_name="P", kin_phone="0699887766"
    )
    with connection.cursor() as cursor:
        text = ""
        for table in ("patientphone", "patientidentifier", "contact", "patientidentifierevent"):
            cursor.execute(f"SELECT t::text FROM patients_{table} t")
            text += " ".join(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT t::text FROM audit_auditevent t")
        text += " ".join(row[0] for row in cursor.fetchall())
    assert not any(number in text for number in ("611223344", "2810375123456", "699887766"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth": "t+1"}, "birth"),
        ({"birth": "1 1 1890"}, "birth"),
        ({"birth": "31 2 1981"}, "birth"),
        ({"family": "x" * 300}, "family"),
        ({"given": "Anna 🎉"}, "given"),
        ({"family": "", "given": ""}, "family"),
        ({"mobile": "call me"}, "mobile"),
        ({"national": "!!"}, "national"),
        ({"sex": "maybe"}, "sex"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    browser: Client, changes: dict[str, str], field: str
) -> None:
    answer = send(browser, kin_name="Piotr Nowak", **changes)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert b'value="Piotr Nowak"' in answer.content
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"family": "O"}, "one_letter"),
        ({"family": ""}, "one_name"),
        ({"birth": "1 1 1912"}, "very_old"),
        ({"family": "Nowaк"}, "mixed_scripts"),
    ],
)
def test_what_is_unusual_is_asked_once_and_then_stored(
    browser: Client, changes: dict[str, str], code: str
) -> None:
    answer = send(browser, **changes)
    assert answer.status_code == 422
    assert answer.context["asked"] == [code]
    assert not Patient.objects.exists()
    assert send(browser, **changes, asked=code, are_sure="on").status_code == 303


def test_a_yes_to_one_question_does_not_answer_another(browser: Client) -> None:
    answer = send(browser, birth="1 1 1912", asked="one_letter", are_sure="on")
    assert answer.status_code == 422


def test_a_likely_duplicate_is_shown_with_score_and_reasons_before_it_is_saved(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    there = patients.patient(desk.ward, clerk, mobile="0611223344")
    answer = send(browser, given="Ana", mobile="06 11 22 33 44")
    assert answer.status_code == 409
    (match,) = answer.context["matches"]
    assert match.banner.patient == there
    assert any("phone" in reason for reason in match.reasons)
    assert b'value="Ana"' in answer.content
    assert Patient.objects.count() == 1


def test_saving_anyway_needs_a_reason_which_is_on_the_trail(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    there = patients.patient(desk.ward, clerk)
    seen = str(there.public_id)
    refused = send(browser, seen=seen)
    assert refused.status_code == 422
    assert [match.banner.patient for match in refused.context["matches"]] == [there]
    assert f'name="seen" value="{seen}"' in refused.content.decode()
    answer = send(browser, seen=seen, reason="Cousin of the same name, papers seen")
    assert answer.status_code == 303
    row = AuditEvent.objects.filter(act="patient_register").latest("id")
    assert row.reason == "Cousin of the same name, papers seen"


def test_whoever_did_not_see_the_likely_duplicate_cannot_pass_it(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    patients.patient(desk.ward, clerk)
    answer = send(browser, seen=str(uuid4()), reason="Somebody else")
    assert answer.status_code == 409


def test_a_national_number_is_of_one_record_whatever_the_reason(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    patients.patient(desk.ward, clerk, national="281037512345")
    answer = send(browser, family="Diaz", given="Rosa", birth="1990", national="2-8103-7512345")
    assert answer.status_code == 409
    assert answer.context["form"].errors["national"]
    assert Patient.objects.count() == 1


def test_the_database_itself_refuses_a_second_owner_of_a_number(
    desk: people.Hospital, clerk: User
) -> None:
    one = patients.patient(desk.ward, clerk, national="281037512345")
    two = patients.patient(desk.ward, clerk, family="Diaz", given="Rosa", birth=None)
    row = PatientIdentifier.objects.get(patient=one)
    with pytest.raises(IntegrityError, match="patientidentifier_one_person"), transaction.atomic():
        PatientIdentifier.objects.create(
            patient=two,
            system="national",
            mark=row.mark,
            ending="1",
            value_sealed="x",
            period=row.period,
        )


def test_a_second_press_of_the_button_makes_no_second_record(browser: Client) -> None:
    key = str(uuid4())
    first, second = send(browser, key=key), send(browser, key=key)
    assert first["Location"] == second["Location"]
    assert Patient.objects.count() == 1


def test_likely_duplicates_appear_while_typing(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    there = patients.patient(desk.ward, clerk)
    region = {"HX-Request": "true", "HX-Target": "section#matches"}
    answer = browser.post(
        NEW, {"family": "Novak", "given": "Ana", "birth": "7 3 81"}, headers=region
    )
    assert answer.status_code == 200
    assert str(there.public_id).encode() in answer.content
    assert b"<html" not in answer.content
    assert AuditEvent.objects.get(act="match").patient == there.public_id
    assert Patient.objects.count() == 1


def test_two_clerks_with_one_person_at_the_same_second_make_one_record(
    committed_hospital: people.Hospital,
) -> None:
    patients.switched_on(committed_hospital.ward)
    clerk, start, outcomes = committed_hospital.person("front_desk"), Barrier(2), list[str]()

    def register() -> None:
        start.wait()
        try:
            patients.patient(committed_hospital.ward, clerk)
            outcomes.append("made")
        except services.DuplicatesFound:
            outcomes.append("shown")
        finally:
            connection.close()

    clerks = [Thread(target=register) for _ in range(2)]
    for each in clerks:
        each.start()
    for each in clerks:
        each.join()
    assert sorted(outcomes) == ["made", "shown"]
    assert Patient.objects.count() == 1


def test_somebody_unknown_gets_a_name_to_be_called_by_and_is_in_the_unit_s_care(
    browser: Client, desk: people.Hospital
) -> None:
    sent = {"sex": "male", "birth": "40y", "description": "Found at the station, blue coat"}
    assert browser.post("/patients/unknown/", sent).status_code == 303
    found = Patient.objects.get()
    assert (found.state, found.family, found.birth_precision) == (
        "provisional",
        "Unknown",
        "estimated",
    )
    assert len(found.given.split()) == 2
    assert CaringUnit.objects.get(patient=found).unit_id == desk.ward.pk


def test_an_unknown_person_who_is_named_is_registered_and_found_by_both_names(
    browser: Client, desk: people.Hospital
) -> None:
    sent = {"sex": "male", "birth": "40y", "description": "Blue coat"}
    browser.post("/patients/unknown/", sent)
    found = Patient.objects.get()
    called = found.given
    body = {"family": "Diaz", "given": "Luis", "birth": "3 4 86", "sex": "male"}
    body |= {"kind": "new", "version": str(found.version)}
    assert browser.post(f"/patients/{found.public_id}/edit/", body).status_code == 303
    found.refresh_from_db()
    assert (found.state, found.family) == ("registered", "Diaz")
    for text in ("luis diaz", called):
        page = browser.get("/patients/", {"q": text}).content
        assert str(found.public_id).encode() in page


def _mother(desk: people.Hospital, clerk: User, **changes: Any) -> Patient:
    return patients.patient(desk.ward, clerk, cared_for=desk.ward, **changes)


def test_a_newborn_is_linked_to_its_mother_and_where_she_is(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    mother = _mother(desk, clerk)
    body = {"sex": "female", "born_on": "t-1", "born_time": "14:05", "birth_order": "2"}
    assert browser.post(f"/patients/{mother.public_id}/newborn/", body).status_code == 303
    child = Patient.objects.exclude(pk=mother.pk).get()
    assert (child.family, child.given) == ("Nowak", "Baby 2 of Anna")
    link = Contact.objects.get(patient=child)
    assert (link.other_id, "mother" in link.kinds) == (mother.pk, True)
    assert CaringUnit.objects.get(patient=child).unit_id == desk.ward.pk


@pytest.mark.parametrize(
    ("changes", "born_on"), [({"sex": "male"}, "t-1"), ({}, "t+1"), ({"birth": None}, "")]
)
def test_a_newborn_that_cannot_be_is_refused(
    browser: Client, desk: people.Hospital, clerk: User, changes: dict[str, Any], born_on: str
) -> None:
    mother = _mother(desk, clerk, **changes)
    body = {"sex": "female", "born_on": born_on, "born_time": "14:05"}
    assert browser.post(f"/patients/{mother.public_id}/newborn/", body).status_code == 422
    assert Patient.objects.count() == 1


def test_somebody_has_one_mother(desk: people.Hospital, clerk: User) -> None:
    mother = _mother(desk, clerk)
    child = services.newborn_register(
        mother,
        sex="female",
        born_at=STARTED - timedelta(hours=3),
        birth_order=None,
        unit_id=desk.ward.pk,
        by=clerk.pk,
        at=STARTED,
    )
    row = Contact.objects.get(patient=child)
    with pytest.raises(IntegrityError, match="contact_one_mother"), transaction.atomic():
        Contact.objects.create(
            patient=child, kinds=["mother"], full_name="Eva", period=row.period, other=mother
        )


def test_where_registration_is_off_nobody_is_registered(
    hospital: people.Hospital, as_role: Any
) -> None:
    clerk = as_role("front_desk")
    assert clerk.post(NEW, WHO).status_code == 403
    assert not Patient.objects.exists()
    # Nobody types into a form that will not be taken; finding goes on.
    form = clerk.get(NEW)
    assert form.status_code == 403
    assert "not switched on in this unit" in form.content.decode()
    assert clerk.get("/patients/").status_code == 200
