"""The same acts for programs: strict input, versions, stable codes."""

from typing import Any

import pytest
from django.test import Client

from org.models import User
from patients.models import Patient
from tests.factories import org as people
from tests.factories import patients
from tests.factories.sessions import sign_in

HOME = "/api/v1/patients/"
WHO = {"family": "Nowak", "given": "Anna", "birth": "1981-03-07", "sex": "female"}


def send(client: Client, address: str, body: dict[str, Any], **headers: str) -> Any:
    return client.post(address, body, content_type="application/json", headers=headers or None)


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(desk.ward, clerk, cared_for=desk.ward, mobile="0611223344")


def test_a_program_registers_and_reads_the_same_back(browser: Client) -> None:
    answer = send(browser, HOME, {**WHO, "mobile": "0611223344", "needs": ["hearing"]})
    assert answer.status_code == 201
    assert answer["ETag"] == '"1"'
    body = browser.get(answer["Location"]).json()
    assert body == answer.json()
    assert (body["family"], body["state"], body["phones"][0]["text"]) == (
        "Nowak",
        "registered",
        "0611223344",
    )


def test_likely_duplicates_stand_in_the_refusal(browser: Client, anna: Patient) -> None:
    answer = send(browser, HOME, {**WHO, "given": "Ana"})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, "duplicates_found")
    (match,) = body["matches"]
    assert match["patient"]["public_id"] == str(anna.public_id)
    assert {reason["what"] for reason in match["reasons"]} >= {"given", "family", "birth"}
    passed = {**WHO, "given": "Ana", "seen": [str(anna.public_id)], "reason": "Cousin"}
    assert send(browser, HOME, passed).status_code == 201


def test_what_is_unusual_is_refused_until_it_is_confirmed(browser: Client) -> None:
    answer = send(browser, HOME, {**WHO, "family": "O"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unusual")
    assert answer.json()["questions"] == [{"code": "one_letter", "field": "family"}]
    assert send(browser, HOME, {**WHO, "family": "O", "sure": ["one_letter"]}).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth": "2999-01-01"}, "birth"),
        ({"birth": "soon"}, "birth"),
        ({"family": "x" * 300}, "family"),
        ({"sex": "maybe"}, "sex"),
        ({"mrn": "1"}, "mrn"),
        ({"state": "verified"}, "state"),
        ({"needs": ["luck"]}, "needs"),
        ({"mobile": "call me"}, "mobile"),
    ],
)
def test_wrong_input_is_refused_by_name(
    browser: Client, changes: dict[str, Any], field: str
) -> None:
    answer = send(browser, HOME, {**WHO, **changes})
    assert answer.status_code == 422
    assert field in answer.content.decode()
    assert not Patient.objects.exists()


def test_a_match_is_asked_without_storing_anything(browser: Client, anna: Patient) -> None:
    answer = send(browser, f"{HOME}matches", {"family": "Novak", "mobile": "+33 611 22 33 44"})
    (match,) = answer.json()["items"]
    assert match["patient"]["mrn"] == anna.mrn
    assert match["score"] == pytest.approx(
        sum(each["weight"] for each in match["reasons"]), abs=0.1
    )
    assert Patient.objects.count() == 1


def test_a_change_names_the_version_it_saw(browser: Client, anna: Patient) -> None:
    address = f"{HOME}{anna.public_id}/"
    body = {"given": "Anne"}

    def patch(**headers: str) -> Any:
        return browser.patch(address, body, content_type="application/json", headers=headers)

    assert patch().status_code == 428
    assert patch(**{"If-Match": '"99"'}).json()["code"] == "version_conflict"
    answer = patch(**{"If-Match": f'"{anna.version}"'})
    assert (answer.status_code, answer.json()["given"]) == (200, "Anne")
    assert answer.json()["phones"][0]["text"] == "0611223344"


def test_a_patient_registered_elsewhere_is_not_there_for_a_nurse(
    desk: people.Hospital, clerk: User, as_role: Any
) -> None:
    other = patients.patient(desk.clinic, clerk, cared_for=desk.clinic)
    nurse = as_role("nurse")
    assert nurse.get(f"{HOME}{other.public_id}/").status_code == 404
    assert nurse.get(HOME).json()["items"] == []
    assert send(nurse, HOME, WHO).status_code == 403


def test_a_contact_a_number_and_the_notes_of_special_care_change_by_api(
    desk: people.Hospital, browser: Client, anna: Patient
) -> None:
    page = f"/api/v1/patients/{anna.public_id}/"
    added = {"name": "Piotr Nowak", "kinds": ["proxy"]}
    body = browser.post(f"{page}contacts", added, content_type="application/json").json()
    contact = body["people"][0]["public_id"]
    gone = browser.post(
        f"{page}contacts/{contact}/end", {"reason": "moved"}, content_type="application/json"
    )
    assert gone.status_code == 200
    assert gone.json()["people"] == []
    again = browser.post(
        f"{page}contacts/{contact}/end", {"reason": "moved"}, content_type="application/json"
    )
    assert again.status_code == 422
    nobody = browser.post(
        f"{page}numbers/{anna.public_id}/end", {"reason": "x"}, content_type="application/json"
    )
    assert nobody.status_code == 404
    nurse = sign_in(Client(), desk.person("nurse"))
    version = nurse.get(page).json()["version"]
    written = nurse.post(
        f"{page}care-notes",
        {"text": "Quiet room."},
        content_type="application/json",
        headers={"If-Match": f'"{version}"'},
    )
    assert written.json()["care_notes"] == "Quiet room."
    assert browser.get(page).json()["care_notes"] is None
