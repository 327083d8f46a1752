"""Likely duplicates: found at night and at the desk, listed, dismissed, remembered."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from core.models import StateChange
from org.models import User
from patients import services
from patients.models import DuplicatePair, Patient, PatientPhone
from patients.tasks import duplicates_scan_due
from tests.factories import org as people
from tests.factories import patients
from tests.factories.org import STARTED
from tests.factories.sessions import sign_in

LIST = "/patients/duplicates/"


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(desk.ward, clerk, mobile="0611223344", locality="Riverside")


def twice(desk: people.Hospital, by: User, first: Patient, **changes: Any) -> Patient:
    """The same person once more, registered although somebody saw the first record."""
    values = {"given": "Ana", "mobile": "0611223344", **changes}
    return patients.patient(desk.ward, by, seen=[first.public_id], **values)


def forgotten() -> None:
    """As if the desk had noted nothing: what the scan finds is its own."""
    DuplicatePair.objects.all().delete()


def test_who_is_registered_in_spite_of_a_likely_match_stands_on_the_list(
    browser: Client, desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    other = twice(desk, clerk, anna)
    pair = DuplicatePair.objects.get()
    assert (pair.one_id, pair.two_id, pair.state) == (anna.pk, other.pk, "open")
    assert (pair.found_by_id, pair.note) == (clerk.pk, "papers seen")
    page = browser.get(LIST).content.decode()
    for shown in (
        "NOWAK",
        "Ana",
        anna.mrn[-3:],
        other.mrn[-3:],
        clerk.full_name,
        "birth: the same",
    ):
        assert shown in page, shown


def test_the_nightly_scan_finds_two_records_of_one_person(
    desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    other = twice(desk, clerk, anna)
    patients.patient(desk.ward, clerk, family="Weber", given="Eva", birth=None)
    forgotten()
    assert duplicates_scan_due() == 1
    pair = DuplicatePair.objects.get()
    assert (pair.one_id, pair.two_id, pair.found_by) == (anna.pk, other.pk, None)
    assert {reason["what"] for reason in pair.reasons} >= {"given", "family", "birth", "phone"}
    assert duplicates_scan_due() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "Kowalska", "given": "Anna", "mobile": "0611223344", "locality": "Riverside"},
        {"given": "Anna", "mobile": ""},
        {"given": "Nowak", "family": "Anna", "mobile": ""},
    ],
    ids=["by phone and birth", "by name and birth", "names swapped"],
)
def test_the_scan_finds_them_by_each_of_its_ways(
    desk: people.Hospital, clerk: User, anna: Patient, changes: dict[str, str]
) -> None:
    twice(desk, clerk, anna, **changes)
    forgotten()
    assert duplicates_scan_due() == 1


def test_a_dismissal_is_remembered_until_what_was_compared_changes(
    desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    other = twice(desk, clerk, anna)
    pair = DuplicatePair.objects.get()
    services.pair_dismiss(pair, reason="twins", by=clerk.pk, at=STARTED)
    assert duplicates_scan_due() == 0
    pair.refresh_from_db()
    assert (pair.state, pair.note, pair.decided_by_id) == ("dismissed", "twins", clerk.pk)
    # A note on the record is nothing that was compared, a phone is.
    services.contact_add(other, name="Jo", kinds=["proxy"], by=clerk.pk, at=STARTED)
    assert duplicates_scan_due() == 0
    PatientPhone.objects.filter(patient=other).update(ending="9999")
    assert duplicates_scan_due() == 1
    pair.refresh_from_db()
    assert pair.state == "open"
    steps = StateChange.objects.filter(subject_type="patients.duplicatepair").order_by("id")
    assert [step.to_state for step in steps] == ["open", "dismissed", "open"]


def test_a_pair_that_is_alike_no_longer_leaves_the_list(
    desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    other = twice(desk, clerk, anna)
    Patient.objects.filter(pk=other.pk).update(birth_on="1950-01-01", sex="male")
    PatientPhone.objects.filter(patient=other).delete()
    assert duplicates_scan_due() == 0
    assert DuplicatePair.objects.get().state == "dismissed"


def test_the_list_holds_the_likeliest_pairs_and_no_more(
    desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    twice(desk, clerk, anna, mobile="")
    rosa = patients.patient(desk.ward, clerk, family="Diaz", given="Rosa", mobile="0699887766")
    likelier = twice(desk, clerk, rosa, family="Diaz", given="Rosa", mobile="0699887766")
    forgotten()
    assert services.duplicates_scan(at=STARTED, most=1) == 1
    assert DuplicatePair.objects.get().two_id == likelier.pk
    # What a person wrote down stays, however many there are.
    DuplicatePair.objects.update(found_by=clerk, score=1)
    services.duplicates_scan(at=STARTED, most=1)
    assert DuplicatePair.objects.filter(two=likelier).exists()


def test_unknown_people_are_no_duplicates_of_each_other(desk: people.Hospital, clerk: User) -> None:
    from patients.rules.identity import NOT_KNOWN

    for _one in range(2):
        services.unknown_register(
            sex="male",
            born=NOT_KNOWN,
            description="blue coat",
            unit_id=desk.ward.pk,
            by=clerk.pk,
            at=STARTED,
        )
    assert duplicates_scan_due() == 0


def test_a_pair_is_looked_at_side_by_side_and_dismissed_with_a_reason(
    browser: Client, desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    other = twice(desk, clerk, anna, locality="Lakeside", language="pl")
    pair = DuplicatePair.objects.get()
    page = browser.get(f"{LIST}{pair.public_id}/").content.decode()
    for shown in ("Side by side", "Lakeside", "Riverside", "Polski", "Name of a patient"):
        assert shown in page, shown
    row = AuditEvent.objects.filter(act="view", subject_type="patients.duplicatepair").first()
    assert row is not None
    dismiss = f"{LIST}{pair.public_id}/dismiss/"
    refused = browser.post(dismiss, {"reason": " "})
    assert refused.status_code == 422
    assert browser.post(dismiss, {"reason": "twins"}).status_code == 303
    rows = AuditEvent.objects.filter(act="duplicate_dismiss")
    assert {row.patient for row in rows} == {anna.public_id, other.public_id}
    assert "NOWAK" not in browser.get(LIST).content.decode()
    assert "NOWAK" in browser.get(f"{LIST}?state=dismissed").content.decode()


def test_the_api_lists_and_dismisses(
    browser: Client, desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    twice(desk, clerk, anna)
    (found,) = browser.get("/api/v1/patients/duplicates").json()["items"]
    assert (found["one"]["mrn"], found["state"]) == (anna.mrn, "open")
    answer = browser.post(
        f"/api/v1/patients/duplicates/{found['public_id']}/dismiss",
        {"reason": "twins"},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "dismissed")
    assert browser.get("/api/v1/patients/duplicates").json()["items"] == []
    assert browser.get("/api/v1/patients/duplicates?state=no").status_code == 422


def test_a_nurse_sees_no_list_of_duplicates(desk: people.Hospital) -> None:
    nurse = sign_in(Client(), desk.person("nurse"))
    assert nurse.get(LIST).status_code == 403
