"""Merging over HTTP: the way of two people from a suspicion to one record, and back."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from org.models import User
from patients import services
from patients.models import MergeCase, Patient
from patients.rules.identity import NOT_KNOWN
from tests.factories import org as people
from tests.factories import patients
from tests.factories.merging import merged
from tests.factories.org import STARTED
from tests.factories.sessions import sign_in

API = "/api/v1/patients/"


@pytest.fixture
def officer(desk: people.Hospital) -> User:
    return desk.person("records_officer")


@pytest.fixture
def second(officer: User) -> Iterator[Client]:
    yield sign_in(Client(), officer)


@pytest.fixture
def winner(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(desk.ward, clerk, cared_for=desk.ward, mobile="0611223344")


@pytest.fixture
def loser(desk: people.Hospital, clerk: User) -> Patient:
    """Somebody whom nobody knew, in the care of the ward."""
    return services.unknown_register(
        sex="female",
        born=NOT_KNOWN,
        description="blue coat",
        unit_id=desk.ward.pk,
        by=clerk.pk,
        at=STARTED,
    )


def proposed(browser: Client, winner: Patient, loser: Patient) -> MergeCase:
    answer = browser.post(
        f"/patients/{loser.public_id}/merge/", {"into": winner.mrn, "reason": "same papers"}
    )
    assert answer.status_code == 303, answer.content.decode()
    return MergeCase.objects.get()


def form_of(client: Client, address: str) -> dict[str, Any]:
    """What the browser would send of the form as it stands."""
    answer = client.get(address)
    form = answer.context["form"]
    sent = {bound.name: bound.value() for bound in form if bound.value() is not None}
    blockers = answer.context.get("blockers", ())
    return sent | {"asked": [each.code for each in blockers]}


def step(client: Client, case: MergeCase, name: str, **changes: Any) -> Any:
    address = f"/patients/merges/{case.public_id}/{name}/"
    return client.post(address, form_of(client, address) | changes)


def test_an_unknown_person_is_found_merged_and_parted_by_two_people(
    browser: Client, second: Client, winner: Patient, loser: Patient
) -> None:
    page = browser.get(f"/patients/{loser.public_id}/").content.decode()
    assert "Has a record already" in page
    assert "Say who this is" in page
    case = proposed(browser, winner, loser)
    assert (
        "You proposed this merge"
        in browser.get(f"/patients/merges/{case.public_id}/").content.decode()
    )
    assert (
        "It is proposed to merge" in browser.get(f"/patients/{winner.public_id}/").content.decode()
    )
    assert step(second, case, "review").status_code == 303
    assert step(second, case, "execute").status_code == 303
    gone = browser.get(f"/patients/{loser.public_id}/")
    assert gone.status_code == 200
    assert f"/patients/{winner.public_id}/" in gone.content.decode()
    page = browser.get(f"/patients/{winner.public_id}/").content.decode()
    assert "Earlier record number" in page
    assert step(second, case, "reverse", reason="two persons").status_code == 303
    loser.refresh_from_db()
    assert (loser.state, loser.merged_into_id) == ("provisional", None)
    assert "Both records" in second.get(f"/patients/merges/{case.public_id}/").content.decode()


def test_what_cannot_be_proposed_is_refused_beside_its_field(
    browser: Client, winner: Patient, loser: Patient
) -> None:
    address = f"/patients/{loser.public_id}/merge/"
    for into, says in (("999", "No record has this number"), (loser.mrn, "same record")):
        answer = browser.post(address, {"into": into, "reason": "same papers"})
        assert answer.status_code == 422
        assert says in str(answer.context["form"].errors["into"])
        assert answer.context["form"]["reason"].value() == "same papers"
    turned = browser.post(
        f"/patients/{winner.public_id}/merge/", {"into": loser.mrn, "reason": "same"}
    )
    assert "merge the unknown person into it" in str(turned.context["form"].errors["into"])
    assert MergeCase.objects.count() == 0


def test_whoever_proposed_it_cannot_carry_it_out(
    second: Client, officer: User, winner: Patient, loser: Patient
) -> None:
    case = services.merge_propose(winner, loser, reason="same", by=officer.pk, at=STARTED)
    answer = step(second, case, "review")
    assert answer.status_code == 403
    case.refresh_from_db()
    assert case.state == "proposed"


def test_a_record_changed_since_it_was_looked_at_is_looked_at_again(
    browser: Client, second: Client, clerk: User, winner: Patient, loser: Patient
) -> None:
    case = proposed(browser, winner, loser)
    step(second, case, "review")
    address = f"/patients/merges/{case.public_id}/execute/"
    sent = form_of(second, address)
    services.contact_add(winner, name="Jo", kinds=["proxy"], by=clerk.pk, at=STARTED)
    answer = second.post(address, sent)
    assert answer.status_code == 412
    assert "changed meanwhile" in answer.content.decode()


def test_a_question_is_answered_before_the_records_are_one(
    browser: Client, second: Client, clerk: User, winner: Patient, loser: Patient
) -> None:
    services.death_record(
        loser,
        died_on=STARTED.date(),
        died_at=None,
        reason="family",
        version=loser.version,
        by=clerk.pk,
        at=STARTED,
    )
    case = proposed(browser, winner, loser)
    step(second, case, "review")
    refused = step(second, case, "execute")
    assert refused.status_code == 422
    assert "has died" in refused.content.decode()
    assert step(second, case, "execute", are_sure="on").status_code == 303
    winner.refresh_from_db()
    assert winner.died_on == STARTED.date()


def test_nobody_merges_somebody_with_the_person_who_matters_to_them(
    browser: Client, desk: people.Hospital, clerk: User, winner: Patient
) -> None:
    child = services.newborn_register(
        winner,
        sex="female",
        born_at=STARTED,
        birth_order=None,
        unit_id=desk.ward.pk,
        by=clerk.pk,
        at=STARTED,
    )
    answer = browser.post(
        f"/patients/{child.public_id}/merge/", {"into": winner.mrn, "reason": "same"}
    )
    assert answer.status_code == 409
    assert "matters to the other" in answer.content.decode()


def test_every_door_of_a_merged_record_says_where_it_went(
    browser: Client, officer: User, clerk: User, winner: Patient, loser: Patient
) -> None:
    merged(winner, loser, by=clerk, second=officer)
    who = loser.public_id
    assert browser.get(f"/patients/{who}/edit/").status_code == 410
    answer = browser.get(f"{API}{who}/")
    assert (answer.status_code, answer.json()["code"]) == (410, "patient_merged")
    assert answer.json()["merged_into"] == str(winner.public_id)
    found = browser.get(f"{API}?search={loser.mrn}").json()["items"]
    assert [row["public_id"] for row in found] == [str(winner.public_id)]


def test_a_nurse_of_the_ward_is_led_to_the_winner_too(
    desk: people.Hospital, officer: User, clerk: User, winner: Patient, loser: Patient
) -> None:
    merged(winner, loser, by=clerk, second=officer)
    nurse = sign_in(Client(), desk.person("nurse"))
    page = nurse.get(f"/patients/{loser.public_id}/").content.decode()
    assert f"/patients/{winner.public_id}/" in page
    stranger = patients.patient(desk.elsewhere, clerk, family="Weber", given="Eva", birth=None)
    assert nurse.get(f"/patients/{stranger.public_id}/").status_code == 404


def test_programs_propose_review_merge_and_part(
    browser: Client, second: Client, winner: Patient, loser: Patient
) -> None:
    def send(client: Client, address: str, body: dict[str, Any], version: int = 0) -> Any:
        headers = {"If-Match": f'"{version}"'} if version else None
        return client.post(address, body, content_type="application/json", headers=headers)

    body = {"winner": str(winner.public_id), "loser": str(loser.public_id), "reason": "papers"}
    made = send(browser, f"{API}merges", body)
    assert made.status_code == 201, made.content
    home = f"{API}merges/{made.json()['public_id']}"
    assert made.json()["counts"]["patients.patientname"] == 1
    assert browser.get(f"{API}merges?state=proposed").json()["items"][0]["reason"] == "papers"
    assert send(second, f"{home}/review", {}, 1).json()["state"] == "reviewed"
    seen = {"winner_version": winner.version, "loser_version": loser.version}
    done = send(second, f"{home}/execute", seen, 2).json()
    assert (done["state"], done["moved"]["patients.patientname"]) == ("executed", 1)
    again = send(second, f"{home}/execute", seen, 3)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    parted = send(second, f"{home}/reverse", {"reason": "two"}, 3).json()
    assert parted["state"] == "reversed"
