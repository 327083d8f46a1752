"""Two records become one and come apart again: every row of every room, exactly."""

from datetime import date, timedelta
from typing import Any

import pghistory.models
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from audit.models import AuditEvent
from core.errors import Invalid, VersionConflict
from core.hooks import Blocker, merge_blockers
from core.models import Event
from org.models import User
from patients import selectors, services
from patients.models import (
    CaringUnit,
    Contact,
    DuplicatePair,
    Glass,
    MergeCase,
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientName,
    PatientWord,
)
from patients.selectors.merging import keys
from tests.factories import org as people
from tests.factories import patients
from tests.factories.merging import EVERYWHERE, executed, filled, merged, parted, tables
from tests.factories.org import STARTED


@pytest.fixture
def officer(desk: people.Hospital) -> User:
    return desk.person("records_officer")


@pytest.fixture
def winner(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(
        desk.ward,
        clerk,
        mobile="0611223344",
        street="Long Lane",
        house_number="12",
        locality="Riverside",
        national="2810375123456",
    )


@pytest.fixture
def loser(desk: people.Hospital, clerk: User, winner: Patient) -> Patient:
    made = patients.patient(
        desk.ward,
        clerk,
        seen=[winner.public_id],
        family="Novak",
        given="Ana",
        birth=None,
        mobile="0611223344",
        phone="0144556677",
        street="Mill Road",
        locality="Lakeside",
        language="pl",
        interpreter="pl",
        needs=["hearing"],
    )
    services.care_notes_set(made, text="Quiet room.", version=1, by=clerk.pk, at=STARTED)
    made.refresh_from_db()
    return made


def test_every_room_that_keys_to_patients_has_rows_in_these_tests() -> None:
    assert {(key.table, key.column) for key in keys()} == set(EVERYWHERE), "tests/factories/merging"


def test_merged_and_taken_apart_every_table_is_as_before(
    desk: people.Hospital, clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    filled(desk, winner, loser, clerk)
    before = tables()
    for table, column in EVERYWHERE:
        model = next(key.model for key in keys() if (key.table, key.column) == (table, column))
        assert model._base_manager.filter(**{column: loser.pk}).exists(), f"{table}.{column}"
    case = merged(winner, loser, by=clerk, second=officer)
    assert tables() != before
    parted(case, by=officer)
    assert tables() == before


def test_everything_of_the_loser_is_the_winners(
    desk: people.Hospital, clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    filled(desk, winner, loser, clerk)
    case = merged(winner, loser, by=clerk, second=officer)
    # One person had both open at once: when each was open is what a reviewer judges, so the one of
    # the loser is not bent to fit.
    assert case.snapshot["stayed"] == {"patients.glass": 1}
    for key in keys():
        if key.model is not Glass:
            assert not key.model._base_manager.filter(**{key.column: loser.pk}).exists(), key
    numbers = PatientIdentifier.objects.filter(patient=winner)
    assert {row.system for row in numbers} == {"national", "passport"}
    words = set(PatientWord.objects.filter(patient=winner).values_list("word__word", flat=True))
    assert {"nowak", "novak", "anna", "ana"} <= words


def test_the_winners_values_win_and_blanks_are_filled(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    merged(winner, loser, by=clerk, second=officer)
    winner.refresh_from_db()
    assert (winner.family, winner.given, str(winner.birth_on)) == ("Nowak", "Anna", "1981-03-07")
    assert (winner.language, winner.interpreter, winner.needs) == ("pl", "pl", ["hearing"])
    assert selectors.care_notes(winner) == "Quiet room."


def test_days_that_exclude_each_other_are_the_winners(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    PatientAddress.objects.filter(patient=loser).update(period=(date(2019, 5, 1), None))
    merged(winner, loser, by=clerk, second=officer)
    home = PatientAddress.objects.get(patient=winner, locality="Lakeside")
    assert (home.period.lower, home.period.upper) == (date(2019, 5, 1), STARTED.date())
    name = PatientName.objects.get(patient=winner, family="Novak")
    assert name.use == "old"
    assert name.period.upper is None


def test_the_loser_leads_to_the_winner_and_is_found_by_its_number_only(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    from org.permissions import grants_of

    merged(winner, loser, by=clerk, second=officer)
    grants = grants_of(clerk, at=STARTED)
    asked: dict[str, Any] = {"grants": grants, "today": STARTED.date(), "at": STARTED}
    for text in (loser.mrn, "Novak Ana", "0144556677"):
        assert [hit.patient.pk for hit in selectors.search(text, **asked)] == [winner.pk], text
    assert list(selectors.patient_list(grants=grants, at=STARTED)) == [winner]


def test_nobody_writes_to_a_record_that_was_merged(
    desk: people.Hospital, clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    merged(winner, loser, by=clerk, second=officer)
    with pytest.raises(services.PatientMerged) as refused:
        services.identifier_add(loser, system="other", value="1234", by=clerk.pk, at=STARTED)
    assert refused.value.extra == {"merged_into": str(winner.public_id)}
    services.care_begin(loser, unit_id=desk.ward.pk, cause="later", at=STARTED)
    assert CaringUnit.objects.get(cause="later").patient_id == winner.pk


def test_what_was_written_since_stays_with_the_winner_and_is_listed(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    case = merged(winner, loser, by=clerk, second=officer)
    services.contact_add(winner, name="Jo", kinds=["proxy"], by=clerk.pk, at=STARTED)
    Patient.objects.filter(pk=winner.pk).update(language="en")
    case = parted(case, by=officer)
    assert case.snapshot["since"] == {"patients.contact": 1}
    assert case.snapshot["kept"] == ["language"]
    winner.refresh_from_db()
    loser.refresh_from_db()
    assert (winner.language, winner.interpreter, loser.language) == ("en", "", "pl")
    assert Contact.objects.get(full_name="Jo").patient_id == winner.pk


def test_the_proposer_neither_reviews_nor_merges(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    case = services.merge_propose(winner, loser, reason="same", by=officer.pk, at=STARTED)
    with pytest.raises(services.OwnProposal):
        services.merge_review(case, version=1, by=officer.pk, at=STARTED)
    case = services.merge_review(case, version=1, by=clerk.pk, at=STARTED)
    with pytest.raises(services.OwnProposal):
        services.merge_execute(
            case,
            version=2,
            seen=(winner.version, loser.version),
            by=officer.pk,
            at=STARTED,
        )


@pytest.mark.parametrize("column", ["reviewed_by_id", "executed_by_id"])
def test_the_database_itself_asks_for_a_second_person(
    clerk: User, winner: Patient, loser: Patient, column: str
) -> None:
    case = services.merge_propose(winner, loser, reason="same", by=clerk.pk, at=STARTED)
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        MergeCase.objects.filter(pk=case.pk).update(**{column: clerk.pk})


def test_a_record_is_not_merged_with_itself_nor_twice_nor_in_a_circle(
    desk: people.Hospital, clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    third = patients.patient(desk.ward, clerk, family="Weber", given="Eva", birth=None)
    with pytest.raises(Invalid):
        services.merge_propose(winner, winner, reason="x", by=clerk.pk, at=STARTED)
    back = services.merge_propose(loser, winner, reason="x", by=clerk.pk, at=STARTED)
    case = services.merge_propose(winner, loser, reason="x", by=clerk.pk, at=STARTED)
    with pytest.raises(services.ProposedAlready):
        services.merge_propose(third, loser, reason="x", by=clerk.pk, at=STARTED)
    executed(case, second=officer)
    with pytest.raises(services.PatientMerged):
        services.merge_review(back, version=1, by=officer.pk, at=STARTED)
    with pytest.raises(services.PatientMerged):
        services.merge_propose(third, loser, reason="x", by=clerk.pk, at=STARTED)


def test_merges_are_taken_apart_in_the_order_in_which_they_were_done(
    desk: people.Hospital, clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    third = patients.patient(desk.ward, clerk, family="Weber", given="Eva", birth=None)
    before = tables()
    first = merged(winner, loser, by=clerk, second=officer)
    second = merged(third, winner, by=clerk, second=officer)
    assert [mrn for mrn, _who in selectors.former_numbers(third)] == [winner.mrn, loser.mrn]
    with pytest.raises(services.LaterMerge):
        parted(first, by=officer)
    parted(second, by=officer)
    parted(first, by=officer)
    assert tables() == before


def test_what_was_looked_at_is_what_is_merged(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    case = services.merge_propose(winner, loser, reason="same", by=clerk.pk, at=STARTED)
    case = services.merge_review(case, version=1, by=officer.pk, at=STARTED)
    seen = (winner.version, loser.version)
    services.contact_add(loser, name="Jo", kinds=["proxy"], by=clerk.pk, at=STARTED)
    with pytest.raises(VersionConflict):
        services.merge_execute(case, version=2, seen=seen, by=officer.pk, at=STARTED)
    assert Patient.objects.filter(merged_into__isnull=False).count() == 0


def test_rooms_may_refuse_and_ask(
    clerk: User, officer: User, winner: Patient, loser: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = services.merge_propose(winner, loser, reason="same", by=clerk.pk, at=STARTED)
    said = [Blocker("stay", "There is an open stay.")]
    monkeypatch.setattr(merge_blockers, "_value", lambda *_who: said)
    with pytest.raises(services.MergeBlocked) as blocked:
        executed(case, second=officer)
    assert blocked.value.extra["blockers"] == [{"code": "stay", "text": "There is an open stay."}]
    said[0] = Blocker("stay", "There is an open stay.", is_question=True)
    case = services.merge_review(case, version=1, by=officer.pk, at=STARTED)
    asked: dict[str, Any] = {"version": 2, "by": officer.pk, "at": STARTED}
    asked["seen"] = (winner.version, loser.version)
    with pytest.raises(services.MergeAsked):
        services.merge_execute(case, **asked)
    assert services.merge_execute(case, **asked, sure=["stay"]).state == "executed"


def test_the_trail_and_whoever_subscribes_learn_of_both_records(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    case = merged(winner, loser, by=clerk, second=officer)
    parted(case, by=officer)
    for act in ("merge_propose", "merge_review", "merge_execute", "merge_reverse"):
        rows = AuditEvent.objects.filter(act=act)
        assert {row.patient for row in rows} == {winner.public_id, loser.public_id}, act
    facts = Event.objects.filter(name__startswith="patients.Patients").order_by("id")
    assert [fact.name for fact in facts] == ["patients.PatientsMerged", "patients.PatientsParted"]
    assert facts[0].payload["loser"] == str(loser.public_id)


def test_the_suspicion_follows_the_merge(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    case = services.merge_propose(winner, loser, reason="same", by=clerk.pk, at=STARTED)
    assert DuplicatePair.objects.get().state == "confirmed"
    case = executed(case, second=officer)
    assert DuplicatePair.objects.get().state == "merged"
    parted(case, by=officer)
    assert DuplicatePair.objects.get().state == "dismissed"


def test_a_table_that_refuses_change_and_row_history_stay_behind() -> None:
    tables_moved = {key.table for key in keys()}
    history = {
        each._meta.label_lower
        for each in apps.get_models()
        if issubclass(each, pghistory.models.Event)
    }
    assert "patients.patientevent" in history
    assert not tables_moved & history
    assert "patients.mergecase" not in tables_moved


def test_a_later_day_than_the_scan_finds_nothing_of_a_merged_record(
    clerk: User, officer: User, winner: Patient, loser: Patient
) -> None:
    merged(winner, loser, by=clerk, second=officer)
    assert services.duplicates_scan(at=STARTED + timedelta(days=1)) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM patients_duplicatepair WHERE state = 'open'")
        assert cursor.fetchone()[0] == 0
