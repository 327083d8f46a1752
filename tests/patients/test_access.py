"""Restricted records and break-the-glass: who finds what, for how long, and who hears of it."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import caches
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings

from audit.models import AuditEvent
from core import clock, events
from core.errors import Invalid, ServiceError
from core.models import StateChange
from org.models import User
from org.permissions import grants_of
from patients import selectors, services
from patients.models import LONGEST_GLASS, Glass, Patient
from patients.permissions import visible_to
from patients.states import GlassState
from tests.factories import org as people
from tests.factories import patients
from tests.factories.sessions import sign_in

WHY = {"kind": "emergency", "words": "unconscious in the resuscitation room"}


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(desk.ward, clerk, cared_for=desk.ward, mobile="0611223344")


@pytest.fixture
def nurse(desk: people.Hospital) -> User:
    return desk.person("nurse")


@pytest.fixture
def officer(desk: people.Hospital) -> User:
    return desk.person("privacy_officer")


@pytest.fixture
def hidden(anna: Patient, officer: User) -> Patient:
    patients.restriction(anna, officer)
    return anna


@pytest.fixture
def ward(nurse: User) -> Client:
    return sign_in(Client(), nurse)


def found_by(client: Client, text: str) -> bool:
    """Say whether the search, the list or the suggestions of the shell name the patient."""
    addresses = (f"/patients/?q={text}", "/patients/", f"/search/?q={text}")
    pages = [client.get(address).content.decode() for address in addresses]
    home = "/api/v1/patients/"
    items = [client.get(address).json()["items"] for address in (home, f"{home}?search={text}")]
    return any("NOWAK" in page for page in pages) or any(items)


def broken(client: Client, patient: Patient, **changes: Any) -> Any:
    return client.post("/patients/glass/new/", {**WHY, "number": patient.mrn, **changes})


def test_a_restricted_record_is_not_there_for_those_who_do_not_keep_it_open(
    ward: Client, browser: Client, anna: Patient, officer: User
) -> None:
    assert found_by(ward, "Nowak")
    assert found_by(browser, "Nowak")
    patients.restriction(anna, officer)
    for client in (ward, browser):
        for text in ("Nowak", anna.mrn, "07.03.1981", "0611223344"):
            assert not found_by(client, text)
        assert client.get(f"/patients/{anna.public_id}/").status_code == 404
        assert client.get(f"/api/v1/patients/{anna.public_id}/").status_code == 404
    assert browser.get(f"/patients/{anna.public_id}/edit/").status_code == 404


def test_a_restricted_record_is_no_hint_while_somebody_else_is_registered(
    browser: Client, hidden: Patient
) -> None:
    sent = {"family": "Nowak", "given": "Anna", "birth": "7 3 81", "sex": "female"}
    headers = {"HX-Request": "true", "HX-Target": "section#matches"}
    page = browser.post("/patients/new/", {"family": "Novak", "birth": "7 3 81"}, headers=headers)
    assert "NOWAK" not in page.content.decode()
    assert browser.post("/patients/new/", sent).status_code == 303


@pytest.mark.parametrize("how", ["user", "unit", "carers"])
def test_whoever_keeps_it_open_sees_it_as_before(
    how: str, ward: Client, anna: Patient, nurse: User, officer: User
) -> None:
    home = grants_of(nurse, at=clock.now()).held[0].unit_id
    said: dict[str, dict[str, Any]] = {
        "user": {"users": [nurse.pk]},
        "unit": {"units": [home]},
        "carers": {"carers_keep": True},
    }
    patients.restriction(anna, officer, **said[how])
    assert found_by(ward, "Nowak")
    assert ward.get(f"/patients/{anna.public_id}/").status_code == 200


def test_a_role_in_the_whole_house_is_not_meant_by_the_name_of_a_ward(
    desk: people.Hospital, anna: Patient, officer: User
) -> None:
    clerk = people.person("rootclerk")
    people.assign(clerk, "front_desk", desk.root)
    patients.restriction(anna, officer, units=[desk.ward.pk], carers_keep=True)
    assert not visible_to(grants_of(clerk, at=clock.now()), at=clock.now()).exists()


def test_a_restriction_ends_by_its_day_or_when_it_is_lifted(
    ward: Client, nurse: User, anna: Patient, officer: User
) -> None:
    made = patients.restriction(anna, officer, at=clock.now())
    assert not found_by(ward, "Nowak")
    with pytest.raises(Invalid):
        patients.restriction(anna, officer, at=clock.now())
    services.restriction_lift(made, reason="left", version=1, by=officer.pk, at=clock.now())
    assert found_by(ward, "Nowak")
    now = clock.now()
    patients.restriction(anna, officer, at=now, until=now + timedelta(days=1))
    assert not found_by(ward, "Nowak")
    with clock.at(now + timedelta(days=2)):
        held = grants_of(nurse, at=clock.now())
        assert visible_to(held, at=clock.now()).exists()


def test_the_officer_restricts_on_the_screen_and_names_who_keeps_it_open(
    anna: Patient, officer: User, nurse: User, ward: Client
) -> None:
    client = sign_in(Client(), officer)
    sent = {"number": anna.mrn, "kind": "staff", "reason": "works here", "people": "nobody-here"}
    page = client.post("/patients/restricted/new/", sent)
    assert page.status_code == 422
    assert "Nobody has the user name" in page.content.decode()
    assert "works here" in page.content.decode()
    sent["people"] = nurse.username.upper()
    assert client.post("/patients/restricted/new/", sent).status_code == 303
    assert found_by(ward, "Nowak")
    listed = client.get("/patients/restricted/").content.decode()
    assert "NOWAK" in listed
    assert nurse.full_name in listed
    row = AuditEvent.objects.get(act="restriction_set")
    assert (row.patient, row.after["people"]) == (anna.public_id, [nurse.username])


# Break-the-glass ------------------------------------------------------------------------------


@pytest.mark.parametrize("is_hidden", [True, False])
def test_a_broken_glass_opens_the_record_at_once_and_says_so_on_every_page(
    is_hidden: bool, ward: Client, desk: people.Hospital, clerk: User
) -> None:
    patient = patients.patient(desk.clinic, clerk)
    if is_hidden:
        patients.restriction(patient, desk.person("privacy_officer"))
    page = f"/patients/{patient.public_id}/"
    assert ward.get(page).status_code == 404
    answer = broken(ward, patient)
    assert (answer.status_code, answer["Location"]) == (303, page)
    shown = ward.get(page).content.decode()
    assert "NOWAK" in shown
    assert "BREAK-THE-GLASS" in shown
    glass = Glass.objects.get()
    assert (glass.state, glass.is_restricted) == ("granted", is_hidden)
    row = AuditEvent.objects.get(act="view", patient=patient.public_id)
    assert row.purpose == f"glass {glass.public_id}"
    # Found by its address only: no list, search or export takes it in.
    assert not found_by(ward, "Nowak")


def test_names_and_the_day_of_birth_do_as_well_but_nothing_near_them(
    ward: Client, hidden: Patient
) -> None:
    who = {"number": "", "family": "Nowak", "given": "Anna", "birth": "7 3 1981"}
    for near in ({"family": "Novak"}, {"given": "Ana"}, {"birth": "8 3 1981"}):
        assert broken(ward, hidden, **{**who, **near}).status_code == 404
    assert broken(ward, hidden, **{**who, "birth": "1981"}).status_code == 422
    assert broken(ward, hidden, **who).status_code == 303


def test_two_people_of_one_name_and_day_need_a_number(
    ward: Client, hidden: Patient, desk: people.Hospital, clerk: User
) -> None:
    patients.patient(desk.clinic, clerk)
    who = {"number": "", "family": "Nowak", "given": "Anna", "birth": "7 3 1981"}
    answer = broken(ward, hidden, **who)
    assert answer.status_code == 409
    assert not Glass.objects.exists()


def test_what_is_open_already_needs_no_breaking(ward: Client, anna: Patient) -> None:
    assert broken(ward, anna).status_code == 409
    assert not Glass.objects.exists()


def test_nobody_looks_around_with_it(
    ward: Client, hidden: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.behind.TRIES_AN_HOUR", 2)
    caches["redis"].clear()
    codes = [broken(ward, hidden, number="0000000000").status_code for _ in range(3)]
    assert codes == [404, 404, 429]
    assert AuditEvent.objects.filter(door="patients:glass-new", outcome="4").count() == 3


def test_the_glass_closes_by_the_clock_by_hand_and_with_the_sign_out(
    ward: Client, nurse: User, hidden: Patient
) -> None:
    page = f"/patients/{hidden.public_id}/"
    broken(ward, hidden)
    glass = Glass.objects.get()
    held = grants_of(nurse, at=clock.now())
    late = glass.until_at + timedelta(seconds=1)
    public = hidden.public_id
    assert selectors.patient_get(grants=held, public_id=public, at=glass.until_at) is None
    assert services.glasses_expire(at=late) == 1
    glass.refresh_from_db()
    assert (glass.state, glass.ended_at) == ("expired", glass.until_at)
    Glass.objects.update(state="granted", ended_at=None)
    assert ward.post(f"/patients/glass/{glass.public_id}/end/").status_code == 303
    assert ward.get(page).status_code == 404
    broken(ward, hidden)
    assert ward.get(page).status_code == 200
    ward.post("/sign-out/")
    assert set(Glass.objects.values_list("state", flat=True)) == {"expired"}


def delivered() -> None:
    while events.deliver_next(at=clock.now()) is not None:
        pass


def test_whoever_reviews_has_a_mail_that_names_nobody(
    ward: Client, hidden: Patient, officer: User
) -> None:
    User.objects.filter(pk=officer.pk).update(email="officer@example.org")
    broken(ward, hidden)
    delivered()
    (letter,) = mail.outbox
    assert letter.to == ["officer@example.org"]
    assert f"/patients/glass/{Glass.objects.get().public_id}/" in letter.body
    for word in ("Nowak", "Anna", hidden.mrn):
        assert word not in letter.subject + letter.body


def test_the_review_shows_what_was_seen_and_ends_with_a_verdict(
    ward: Client, nurse: User, hidden: Patient, officer: User
) -> None:
    broken(ward, hidden)
    ward.get(f"/patients/{hidden.public_id}/")
    client, glass = sign_in(Client(), officer), Glass.objects.get()
    page = f"/patients/glass/{glass.public_id}/"
    shown = client.get(page).content.decode()
    assert WHY["words"] in shown
    assert "Looked at" in shown
    answer = client.post(f"{page}review/", {"verdict": "unclear", "words": ""})
    assert answer.status_code == 422
    sent = {"verdict": "not_justified", "words": "not on duty"}
    assert client.post(f"{page}review/", sent).status_code == 303
    glass.refresh_from_db()
    assert (glass.state, glass.verdict, glass.reviewed_by_id) == (
        "reviewed",
        "not_justified",
        officer.pk,
    )
    # The verdict has closed what was still open, and stands for good.
    assert ward.get(f"/patients/{hidden.public_id}/").status_code == 404
    assert client.post(f"{page}review/", sent).status_code == 409


def test_nobody_reviews_their_own_glass_not_even_in_sql(
    hidden: Patient, desk: people.Hospital, nurse: User
) -> None:
    glass = patients.glass(hidden, desk.ward, nurse, at=clock.now())
    people.assign(nurse, "privacy_officer", desk.ward)
    client = sign_in(Client(), nurse)
    sent = {"verdict": "justified", "words": "I was right"}
    answer = client.post(f"/patients/glass/{glass.public_id}/review/", sent)
    assert answer.status_code == 409
    with pytest.raises(IntegrityError, match="glass_reviewed_by_another"), transaction.atomic():
        Glass.objects.filter(pk=glass.pk).update(reviewed_by=nurse)


def test_no_glass_opens_for_longer_than_the_database_says(
    hidden: Patient, desk: people.Hospital, nurse: User, settings: Any
) -> None:
    settings.GLASS_MINUTES = 10_000
    glass = patients.glass(hidden, desk.ward, nurse, at=clock.now())
    assert glass.until_at - glass.granted_at == LONGEST_GLASS
    with (
        pytest.raises(IntegrityError, match="glass_opens_for_a_while"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE patients_glass SET until_at = until_at + interval '1 second'")


def test_a_review_that_is_late_is_marked_and_stands_first(
    hidden: Patient, desk: people.Hospital, nurse: User, officer: User
) -> None:
    glass = patients.glass(hidden, desk.ward, nurse, at=clock.now() - timedelta(days=9))
    assert selectors.glass_standing(glass, at=clock.now()).is_late
    page = sign_in(Client(), officer).get("/patients/glass/?which=late").content.decode()
    assert "Review is late" in page
    found = sign_in(Client(), officer).get("/api/v1/patients/glasses?which=late").json()
    assert [each["is_late"] for each in found["items"]] == [True]


def test_a_program_breaks_and_reviews_the_same_way(
    ward: Client, hidden: Patient, officer: User
) -> None:
    home = "/api/v1/patients/glasses"
    made = ward.post(home, {**WHY, "number": hidden.mrn}, content_type="application/json")
    assert made.status_code == 201
    assert ward.get(f"/api/v1/patients/{hidden.public_id}/").json()["family"] == "Nowak"
    review = f"{home}/{made.json()['public_id']}/review"
    sent = {"verdict": "justified", "words": "on call"}
    done = sign_in(Client(), officer).post(review, sent, content_type="application/json")
    assert (done.status_code, done.json()["verdict"]) == (200, "justified")


# Who has seen a record ------------------------------------------------------------------------


def test_the_auditor_reads_who_saw_a_record_and_why(
    ward: Client, nurse: User, hidden: Patient, desk: people.Hospital, officer: User
) -> None:
    broken(ward, hidden)
    ward.get(f"/patients/{hidden.public_id}/")
    auditor = desk.person("auditor")
    client = sign_in(Client(), auditor)
    found = client.get(f"/patients/seen/?number={hidden.mrn}")
    assert found.status_code == 303
    page = client.get(found["Location"]).content.decode()
    assert nurse.full_name in page
    assert "Broken glass" in page
    seen = AuditEvent.objects.filter(actor=auditor.pk, patient=hidden.public_id)
    assert seen.filter(act="view", door="patients:patient-seen").exists()
    api = f"/api/v1/patients/{hidden.public_id}/seen"
    rows = client.get(f"{api}?what=glass").json()["items"]
    assert {row["purpose"] for row in rows} == {f"glass {Glass.objects.get().public_id}"}
    assert client.get(f"{api}?person=nobody-of-this-name").json()["items"] == []
    later = (clock.now() + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert client.get(f"{api}?since={later}").json()["items"] == []
    assert client.get("/patients/seen/?number=123").status_code == 200


# The machine ---------------------------------------------------------------------------------

ACTS = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(["break", "end", "expire", "review", "leave"]),
        strategies.integers(min_value=0, max_value=90),
    ),
    max_size=7,
)


def _act(what: str, patient: Patient, nurse: User, officer: User, now: datetime) -> None:
    """Do it to the newest glass; what the services refuse changes nothing."""
    glass = Glass.objects.order_by("-id").first()
    with suppress(ServiceError):
        if what == "break":
            held = grants_of(nurse, at=now)
            services.glass_break(
                services.Sought(number=patient.mrn),
                **WHY,
                grants=held,
                unit_id=held.held[0].unit_id,
                by=nurse.pk,
                at=now,
            )
        elif what == "expire":
            services.glasses_expire(at=now)
        elif what == "leave":
            services.glasses_end(nurse.pk, at=now)
        elif glass is not None and what == "end":
            services.glass_end(glass, by=nurse.pk, at=now)
        elif glass is not None:
            services.glass_review(glass, verdict="unclear", words="asked", by=officer.pk, at=now)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_whatever_happens_a_glass_takes_the_steps_of_its_table_and_opens_only_in_its_time(
    acts: list[tuple[str, int]], hidden: Patient, nurse: User, officer: User
) -> None:
    now = clock.now()
    with transaction.atomic():
        for what, minutes in acts:
            now += timedelta(minutes=minutes)
            _act(what, hidden, nurse, officer, now)
            held = grants_of(nurse, at=now)
            seen = selectors.patient_get(grants=held, public_id=hidden.public_id, at=now)
            is_open = Glass.objects.filter(state="granted", until_at__gt=now).exists()
            assert (seen is not None) == is_open
        for glass in Glass.objects.all():
            steps = StateChange.objects.filter(
                subject_type="patients.glass", subject_id=glass.pk
            ).order_by("id")
            path = [step.to_state for step in steps]
            assert path == GlassState.values[: len(path)]
            assert path[-1] == glass.state
        transaction.set_rollback(True)
