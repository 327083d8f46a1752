"""Pre-registration: the patient answers once by a link, the desk checks it, nothing lingers."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.models import AuditEvent
from core import clock, events
from core.errors import Invalid, TransitionRefused
from core.models import IdempotencyKey, StateChange
from org import levels
from org import services as org
from org.models import User
from patients import selectors, services
from patients.models import Contact, Patient, PatientIdentifier, PreRegistration
from patients.rules.fields import GROUPS, FieldGroup
from patients.rules.identity import BirthOn
from patients.rules.preregistration import packed, unpacked
from tests.factories import org as people
from tests.factories import patients

SAID = {
    "family": "Nowak",
    "given": "Anna",
    "birth": "7 3 1981",
    "sex": "female",
    "mobile": "06 11 22 33 44",
    "street": "Rue du Lac",
    "house_number": "5",
    "locality": "Lyon",
    "national": "2810375123456",
    "national_issuer": "FR",
    "needs": ["wheelchair", "hearing"],
    "kin_name": "Piotr Nowak",
    "kin_phone": "06 99 88 77 66",
}


def invite(browser: Client, **body: Any) -> Any:
    return browser.post("/patients/pre/new/", body)


def link_of(page: Any) -> str:
    found = re.search(r"/patients/welcome/\?key=([\w-]+)", page.content.decode())
    assert found
    return found.group(0)


def delivered() -> None:
    while events.deliver_next(at=clock.now()) is not None:
        pass


@pytest.fixture
def link(desk: people.Hospital, browser: Client) -> str:
    return link_of(invite(browser, note="Tuesday, ten o’clock"))


@pytest.fixture
def row(desk: people.Hospital, clerk: User) -> PreRegistration:
    return patients.told(desk.ward, clerk, at=clock.now(), mobile="06 11 22 33 44")


def test_a_patient_answers_by_the_link_and_the_desk_registers_what_was_said(
    browser: Client, link: str
) -> None:
    page = Client().get(link)
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "strict-origin"
    sent = Client().post(link, SAID, follow=True)
    assert sent.redirect_chain == [("/patients/welcome/thanks/", 303)]
    waiting = browser.get("/patients/pre/").content.decode()
    assert "Nowak, Anna" in waiting
    told = PreRegistration.objects.get()
    shown = browser.get(f"/patients/pre/{told.public_id}/").content.decode()
    for text in ("06 11 22 33 44", "5 Rue du Lac", "Lyon", "2810375123456 FR", "Wheelchair"):
        assert text in shown
    form = browser.get(f"/patients/pre/{told.public_id}/register/")
    assert form.context["form"].initial["family"] == "Nowak"
    done = browser.post(f"/patients/pre/{told.public_id}/register/", SAID)
    patient = Patient.objects.get()
    assert done.headers["Location"] == f"/patients/{patient.public_id}/"
    told.refresh_from_db()
    assert (told.state, told.patient) == ("accepted", patient)
    assert patient.needs == ["wheelchair", "hearing"]
    assert Contact.objects.get(patient=patient).full_name == "Piotr Nowak"
    page = browser.get(f"/patients/pre/{told.public_id}/").content.decode()
    assert patient.mrn in page.replace("\u202f", "").replace("-", "")


def test_the_link_is_used_up_by_the_answer(link: str) -> None:
    other = Client()
    assert other.post(link, SAID).status_code == 303
    assert other.get(link).status_code == 410
    assert other.post(link, {**SAID, "family": "Other"}).status_code == 410
    row = PreRegistration.objects.get()
    assert "Other" not in str(selectors.answers_of(row))


@pytest.mark.parametrize("key", ["", "x", "a" * 5000, "é" * 40])
def test_a_wrong_link_opens_nothing(desk: people.Hospital, key: str) -> None:
    assert Client().get("/patients/welcome/", {"key": key}).status_code == 410
    assert Client().post("/patients/welcome/", SAID).status_code == 410


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"family": "", "given": ""}, "family"),
        ({"family": "<b>"}, "family"),
        ({"birth": ""}, "birth"),
        ({"birth": "31 2 1981"}, "birth"),
        ({"birth": "1 1 2999"}, "birth"),
        ({"mobile": "call me"}, "mobile"),
        ({"national": "?"}, "national"),
        ({"kin_name": ""}, "kin_name"),
        ({"country": "FRANCE"}, "country"),
        ({"family": "x" * 300}, "family"),
    ],
)
def test_what_no_record_would_take_is_said_to_the_patient_and_stays_typed(
    link: str, wrong: dict[str, str], field: str
) -> None:
    page = Client().post(link, SAID | wrong)
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert "Rue du Lac" in page.content.decode()
    assert PreRegistration.objects.get().state == "invited"


def test_something_unusual_is_asked_about_and_may_be_right(link: str) -> None:
    said = SAID | {"given": ""}
    page = Client().post(link, said)
    asked = page.context["asked"]
    assert page.status_code == 422
    assert asked
    sure = Client().post(link, {**said, "asked": asked, "are_sure": "on"})
    assert sure.status_code == 303


def test_a_link_by_mail_reaches_its_person_and_no_page_shows_it(
    desk: people.Hospital, browser: Client
) -> None:
    page = invite(browser, email="anna@example.org", language="fr")
    assert page.status_code == 303
    delivered()
    (letter,) = mail.outbox
    assert letter.to == ["anna@example.org"]
    assert "Nowak" not in letter.subject + letter.body
    found = re.search(r"key=([\w-]+)", letter.body)
    assert found
    address = f"/patients/welcome/?key={found.group(1)}"
    assert Client().get(address).status_code == 200
    # Delivered again, as after a crash: the newer one counts.
    row = PreRegistration.objects.get()
    services.preregistration_mail(row.pk, at=clock.now())
    assert Client().get(address).status_code == 410
    assert Client().post(address, SAID).status_code == 410


def test_no_mail_goes_out_once_the_invitation_is_taken_back(
    desk: people.Hospital, browser: Client, clerk: User
) -> None:
    invite(browser, email="anna@example.org")
    row = PreRegistration.objects.get()
    services.preregistration_reject(row, reason="wrong address", by=clerk.pk, at=clock.now())
    delivered()
    assert mail.outbox == []


def test_a_new_link_ends_the_one_before(browser: Client, link: str) -> None:
    row = PreRegistration.objects.get()
    again = link_of(browser.post(f"/patients/pre/{row.public_id}/link/"))
    assert Client().get(link).status_code == 410
    assert Client().post(again, SAID).status_code == 303
    refused = browser.post(f"/patients/pre/{row.public_id}/link/")
    assert refused.status_code == 409


def test_what_the_desk_decided_leaves_nothing_behind(
    desk: people.Hospital, browser: Client, row: PreRegistration
) -> None:
    assert browser.post(f"/patients/pre/{row.public_id}/reject/", {"reason": ""}).status_code == 422
    browser.post(f"/patients/pre/{row.public_id}/reject/", {"reason": "a joke"})
    row.refresh_from_db()
    kept = (row.answers_sealed, row.email_sealed, row.note_sealed)
    assert (row.state, row.reason, kept) == ("rejected", "a joke", ("", "", ""))
    assert not Patient.objects.exists()
    for door in ("register", "reject"):
        address = f"/patients/pre/{row.public_id}/{door}/"
        assert browser.post(address, SAID | {"reason": "x"}).status_code in {303, 409}
    assert not Patient.objects.exists()


def test_the_answers_are_sealed_and_in_no_history(row: PreRegistration) -> None:
    assert "Nowak" not in row.answers_sealed
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM patients_preregistrationevent e")
        told = str(cursor.fetchall())
    assert "Nowak" not in told
    assert row.answers_sealed not in told
    assert row.digest not in told


def test_what_nobody_looked_at_in_time_is_wiped(
    desk: people.Hospital, clerk: User, row: PreRegistration
) -> None:
    other, token = patients.invited(desk.ward, clerk, at=clock.now())
    assert services.preregistrations_expire(at=clock.now()) == 0
    assert services.preregistrations_expire(at=clock.now() + timedelta(days=15)) == 1
    with pytest.raises(services.LinkGone):
        services.preregistration_send(token, values=patients.values(), at=clock.now())
    assert services.preregistrations_expire(at=clock.now() + timedelta(days=31)) == 1
    for each in (row, other):
        each.refresh_from_db()
        assert (each.state, each.answers_sealed) == ("expired", "")
    with pytest.raises(TransitionRefused):
        services.preregistration_reject(row, reason="x", by=clerk.pk, at=clock.now())


def test_an_expired_link_opens_nothing_before_it_is_swept(
    desk: people.Hospital, clerk: User
) -> None:
    _row, token = patients.invited(desk.ward, clerk, at=clock.now() - timedelta(days=15))
    assert Client().get(f"/patients/welcome/?key={token}").status_code == 410


def test_somebody_who_is_registered_keeps_one_record(
    desk: people.Hospital, browser: Client, clerk: User
) -> None:
    anna = patients.patient(desk.ward, clerk, mobile="06 00 00 00 00", title="Dr")
    told = patients.told(
        desk.ward,
        clerk,
        at=clock.now(),
        mobile="06 11 22 33 44",
        national="2810375123456",
        kin_name="Piotr Nowak",
    )
    page = browser.get(f"/patients/pre/{told.public_id}/").content.decode()
    address = f"/patients/pre/{told.public_id}/match/{anna.public_id}/"
    assert address in page
    # Registering anew is refused until somebody says why it is somebody else.
    assert browser.post(f"/patients/pre/{told.public_id}/register/", SAID).status_code == 409
    form = browser.get(address).context["form"]
    assert form.initial["mobile"] == "06 11 22 33 44"
    assert form.initial["title"] == "Dr"
    sent = SAID | {"kind": "new", "version": anna.version, "title": "Dr"}
    assert browser.post(address, sent).status_code == 303
    told.refresh_from_db()
    assert told.patient == anna
    assert Patient.objects.count() == 1
    assert PatientIdentifier.objects.filter(patient=anna, system="national").count() == 1
    assert Contact.objects.get(patient=anna).full_name == "Piotr Nowak"
    reached = selectors.reached_at(anna, today=clock.today())
    assert reached["mobile"] == "06 11 22 33 44"


def test_whoever_was_overtaken_keeps_what_was_typed(
    desk: people.Hospital, browser: Client, clerk: User
) -> None:
    anna = patients.patient(desk.ward, clerk)
    told = patients.told(desk.ward, clerk, at=clock.now())
    services.patient_change(
        anna,
        values={"title": "Dr"},
        version=anna.version,
        kind="new",
        by=clerk.pk,
        at=clock.now(),
    )
    address = f"/patients/pre/{told.public_id}/match/{anna.public_id}/"
    page = browser.post(address, SAID | {"kind": "new", "version": anna.version})
    assert page.status_code == 412
    assert "Rue du Lac" in page.content.decode()
    told.refresh_from_db()
    assert told.state == "sent"


def test_the_same_number_in_another_record_is_refused_and_nothing_is_half_done(
    desk: people.Hospital, clerk: User
) -> None:
    patients.patient(desk.ward, clerk, family="Weber", given="Eva", national="2810375123456")
    anna = patients.patient(desk.ward, clerk)
    told = patients.told(desk.ward, clerk, at=clock.now())
    with pytest.raises(services.NumberTaken):
        services.preregistration_match(
            told,
            anna,
            values={"title": "Dr", "national": "2810375123456"},
            version=anna.version,
            kind="new",
            by=clerk.pk,
            at=clock.now(),
        )
    anna.refresh_from_db()
    told.refresh_from_db()
    assert (anna.title, told.state) == ("", "sent")


def test_a_second_press_makes_one_record(browser: Client, row: PreRegistration) -> None:
    address = f"/patients/pre/{row.public_id}/register/"
    first, second = (browser.post(address, SAID) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert Patient.objects.count() == 1


def test_of_another_unit_nothing_is_there(
    desk: people.Hospital, browser: Client, clerk: User
) -> None:
    stranger = people.person("far")
    people.assign(stranger, "front_desk", desk.elsewhere)
    told = patients.told(desk.elsewhere, stranger, at=clock.now(), family="Zzhidden")
    assert "Zzhidden" not in browser.get("/patients/pre/").content.decode()
    for door in ("", "register/", "reject/", "link/"):
        assert browser.get(f"/patients/pre/{told.public_id}/{door}").status_code == 404
    assert browser.get(f"/api/v1/patients/preregistrations/{told.public_id}/").status_code == 404


def test_a_desk_that_is_not_live_takes_no_answers(desk: people.Hospital, link: str) -> None:
    org.activation_set(
        unit=desk.ward,
        module="registration",
        level="off",
        reason="paper",
        by=None,
        at=clock.now(),
    )
    levels.forget()
    for answer in (Client().get(link), Client().post(link, SAID)):
        assert answer.status_code == 503
    assert PreRegistration.objects.get().state == "invited"


def test_the_trail_says_what_happened_and_names_nobody(
    browser: Client, link: str, clerk: User
) -> None:
    Client().post(link, SAID)
    told = PreRegistration.objects.get()
    browser.post(f"/patients/pre/{told.public_id}/register/", SAID)
    rows = AuditEvent.objects.filter(subject=str(told.public_id)).order_by("pk")
    acts = [row.act for row in rows if row.act.startswith("preregistration")]
    assert acts == ["preregistration_invite", "preregistration_send", "preregistration_accept"]
    assert "Nowak" not in str([(row.before, row.after, row.query) for row in rows])
    steps = StateChange.objects.filter(subject_type="patients.preregistration")
    assert list(steps.order_by("pk").values_list("to_state", flat=True)) == [
        "invited",
        "sent",
        "accepted",
    ]


def test_a_clerk_who_may_not_read_phones_takes_them_over_unread(
    browser: Client, row: PreRegistration, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobodys = FieldGroup("patients.nobody_holds", {}, GROUPS["reach"].inputs)
    monkeypatch.setitem(GROUPS, "reach", nobodys)
    page = browser.get(f"/patients/pre/{row.public_id}/").content.decode()
    assert "06 11 22 33 44" not in page
    assert "Nowak" in page
    body = {name: SAID[name] for name in ("family", "given", "birth", "sex")}
    assert browser.post(f"/patients/pre/{row.public_id}/register/", body).status_code == 303
    made = Patient.objects.get()
    assert selectors.reached_at(made, today=clock.today())["mobile"] == "06 11 22 33 44"


def test_by_the_api_the_desk_invites_reads_registers_matches_and_discards(
    desk: people.Hospital, browser: Client, clerk: User
) -> None:
    home = "/api/v1/patients/preregistrations"
    made = post(browser, home, {"note": "Tuesday"}).json()
    link = made["link"].split("://")[-1]
    link = link[link.index("/") :]
    assert made["state"] == "invited"
    assert made["answers"] == {}
    assert Client().post(link, SAID).status_code == 303
    (item,) = browser.get(f"{home}?which=sent").json()["items"]
    assert item["answers"]["birth_on"] == "1981-03-07"
    assert item["answers"]["mobile"] == "06 11 22 33 44"
    one = f"{home}/{item['public_id']}"
    assert browser.get(f"{home}?which=nobody").status_code == 422
    changed = {"house_number": "7"}
    patient = post(browser, f"{one}/register", changed).json()
    assert patient["addresses"][0]["text"].startswith("7 Rue du Lac")
    assert browser.get(f"{one}/").json()["patient"] == patient["public_id"]

    told = patients.told(desk.ward, clerk, at=clock.now(), title="")
    two = f"{home}/{told.public_id}"
    found = post(browser, f"{two}/register", {})
    assert found.status_code == 409
    assert found.json()["code"] == "duplicates_found"
    assert post(browser, f"{two}/match", {"patient": patient["public_id"]}).status_code == 428
    etag = browser.get(f"/api/v1/patients/{patient['public_id']}/")["ETag"]
    body = {"patient": patient["public_id"]}
    assert post(browser, f"{two}/match", body, headers={"If-Match": etag}).status_code == 200

    third = post(browser, home, {}).json()
    assert post(browser, f"{home}/{third['public_id']}/link", {}).json()["link"] != third["link"]
    gone = post(browser, f"{home}/{third['public_id']}/reject", {"reason": "wrong person"})
    assert gone.json()["state"] == "rejected"


def test_the_link_stands_in_no_kept_answer(desk: people.Hospital, browser: Client) -> None:
    home, key = "/api/v1/patients/preregistrations", {"Idempotency-Key": "invite-1-of-tuesday"}
    first, second = (post(browser, home, {}, headers=key).json() for _ in range(2))
    assert first == second
    assert PreRegistration.objects.count() == 1
    token = first["link"].split("key=")[1]
    for body in IdempotencyKey.objects.values_list("body", flat=True):
        assert token not in str(body)


def post(browser: Client, address: str, body: Any, **rest: Any) -> Any:
    return browser.post(address, json.dumps(body), content_type="application/json", **rest)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "accepted", "decided_at": clock.now()},
        {"state": "rejected", "answers_sealed": "", "note_sealed": "", "decided_at": clock.now()},
        {"state": "expired", "answers_sealed": "x"},
        {"sent_at": None},
        {"state": "elsewhere"},
        {"expires_at": "1970-01-01T00:00:00Z"},
    ],
)
def test_the_database_keeps_what_must_never_be_false(
    row: PreRegistration, wrong: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PreRegistration.objects.filter(pk=row.pk).update(**wrong)


def test_answers_are_kept_as_they_were_given() -> None:
    said = {
        "family": " Nowak  Kowalska ",
        "birth": BirthOn(clock.today(), "month"),
        "needs": ["hearing"],
        "mobile": "",
        "mrn": "1",
    }
    assert unpacked(packed(said)) == {
        "family": "Nowak Kowalska",
        "birth": BirthOn(clock.today(), "month"),
        "needs": ["hearing"],
    }
    assert unpacked("") == {}


def test_an_unknown_language_is_refused(desk: people.Hospital, clerk: User) -> None:
    with pytest.raises(Invalid):
        services.preregistration_invite(
            unit_id=desk.ward.pk, language="xx", by=clerk.pk, at=clock.now()
        )
