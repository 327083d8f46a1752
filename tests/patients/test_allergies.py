"""Allergies: what is recorded, what stands, and the statement that none is known."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from core.errors import Invalid, TransitionRefused, VersionConflict
from core.models import Event, StateChange
from org.models import User
from patients import selectors, services
from patients.models import Allergy, AllergyReaction, NoneKnown, Patient
from patients.rules import codes
from patients.rules.safety import contradicts, stands
from patients.services import AllergyKnown, AllergyStands
from patients.states import AllergyState, Verification
from tests.factories import org as people
from tests.factories import patients
from tests.factories.org import STARTED
from tests.factories.sessions import sign_in


@pytest.fixture
def nurse(desk: people.Hospital) -> User:
    return desk.person("nurse")


@pytest.fixture
def ward(nurse: User) -> Client:
    return sign_in(Client(), nurse)


@pytest.fixture
def anna(desk: people.Hospital, nurse: User) -> Patient:
    return patients.patient(desk.ward, nurse, cared_for=desk.ward)


def recorded(patient: Patient, substance: str = "Latex", **rest: Any) -> Allergy:
    return services.allergy_record(patient, substance=substance, by=None, at=STARTED, **rest)


def none_known(patient: Patient, scope: str = "all") -> NoneKnown:
    return services.none_known_state(patient, scope=scope, by=None, at=STARTED)


FORM = {
    "substance": "pénicilline",
    "manifestation": "anaphylaxis",
    "severity": "severe",
    "criticality": "high",
    "kind": "allergy",
    "verification": "confirmed",
    "informant": "relative",
    "onset": "2011",
}


def test_a_nurse_records_an_allergy_and_everybody_reads_it_in_the_banner(
    ward: Client, anna: Patient
) -> None:
    answer = ward.post(f"/patients/{anna.public_id}/allergies/new/", FORM, follow=True)
    row = Allergy.objects.get()
    assert (row.code, row.substance, row.category) == ("penicillins", "Penicillins", "medication")
    assert (row.onset_on.year, row.onset_precision) == (2011, "year")  # type: ignore[union-attr]
    page = answer.content.decode()
    banner = page[page.index("hms-banner-alerts") : page.index("hms-chips")]
    assert "Penicillins" in banner
    assert "Anaphylaxis (Severe)" in banner
    assert "danger to life" in banner
    assert AuditEvent.objects.get(act="allergy_record").patient == anna.public_id
    assert Event.objects.filter(name="patients.AllergiesChanged").count() == 1


def test_free_text_needs_its_kind_and_is_marked_as_uncoded(ward: Client, anna: Patient) -> None:
    form = {**FORM, "substance": "Uncle Bob’s ointment"}
    refused = ward.post(f"/patients/{anna.public_id}/allergies/new/", form)
    assert refused.status_code == 422
    assert "Uncle Bob’s ointment" in refused.content.decode()
    assert "category" in refused.context["form"].errors
    assert not Allergy.objects.exists()
    form["category"] = "medication"
    page = ward.post(f"/patients/{anna.public_id}/allergies/new/", form, follow=True)
    assert Allergy.objects.get().code == ""
    assert "Uncoded" in page.content.decode()


def test_the_same_substance_is_recorded_once_under_any_of_its_words(anna: Patient) -> None:
    recorded(anna, "Acetylsalicylic acid")
    with pytest.raises(AllergyKnown):
        recorded(anna, "ASPIRIN")
    assert Allergy.objects.count() == 1


def test_what_was_refuted_can_be_recorded_again(anna: Patient) -> None:
    row = recorded(anna)
    change(row, verification="refuted")
    recorded(anna)
    assert Allergy.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "x"),
        ("criticality", "x"),
        ("verification", "refuted"),
        ("verification", "entered_in_error"),
        ("informant", "x"),
        ("reactions", [{"manifestation": "x"}]),
        ("reactions", [{"manifestation": "rash", "severity": "x"}]),
    ],
)
def test_a_word_of_no_list_is_refused_and_nothing_is_stored(
    anna: Patient, field: str, value: Any
) -> None:
    with pytest.raises(Invalid):
        recorded(anna, **{field: value})
    assert not Allergy.objects.exists()


def change(row: Allergy, **values: Any) -> Allergy:
    wanted = {name: getattr(row, name) for name in ("state", "verification", "criticality")}
    return services.allergy_change(
        row,
        **{**wanted, "reason": "tested", "version": row.version, **values},
        by=None,  # type: ignore[arg-type]
        at=STARTED + timedelta(hours=1),
    )


def test_an_error_is_terminal_keeps_its_row_and_leaves_the_banner(
    ward: Client, anna: Patient
) -> None:
    row = change(recorded(anna), verification="entered_in_error", reason="wrong patient")
    assert row.voided_at is not None
    for values in ({"verification": "confirmed"}, {"state": "resolved"}, {"criticality": "low"}):
        with pytest.raises(TransitionRefused):
            change(row, **values)
    with pytest.raises(Invalid):
        services.reaction_add(row, manifestation="rash", severity="", by=0, at=STARTED)
    page = ward.get(f"/patients/{anna.public_id}/safety/").content.decode()
    assert "Entered in error" in page
    assert "Allergies: not asked yet" in page


def test_the_second_of_two_changes_is_told_that_it_came_second(anna: Patient) -> None:
    row = recorded(anna)
    change(row, criticality="high")
    with pytest.raises(VersionConflict):
        change(row, criticality="low", version=1)


def test_a_change_that_changes_nothing_is_refused(anna: Patient) -> None:
    with pytest.raises(Invalid):
        change(recorded(anna))


def test_reactions_are_added_to_what_stands(ward: Client, anna: Patient) -> None:
    row = recorded(anna)
    ward.post(
        f"/patients/{anna.public_id}/allergies/{row.public_id}/reactions/",
        {"manifestation": "urticaria", "severity": "mild", "note": "arms"},
    )
    did = AllergyReaction.objects.get(allergy=row)
    assert (did.manifestation, did.severity, did.note) == ("urticaria", "mild", "arms")


def test_an_allergy_ends_the_statement_that_none_is_known(anna: Patient) -> None:
    statement = none_known(anna)
    recorded(anna)
    statement.refresh_from_db()
    assert statement.state == "ended"
    assert statement.ended_at is not None
    assert statement.end_reason == "An allergy was recorded"
    assert StateChange.objects.filter(subject_type="patients.noneknown").count() == 2


def test_a_food_allergy_stands_beside_no_known_allergy_to_medicines(anna: Patient) -> None:
    statement = none_known(anna, "medication")
    recorded(anna, "Peanut")
    statement.refresh_from_db()
    assert statement.state == "standing"
    recorded(anna, "Morphine")
    statement.refresh_from_db()
    assert statement.state == "ended"


def test_nobody_says_none_while_one_stands(ward: Client, anna: Patient) -> None:
    recorded(anna)
    answer = ward.post(
        f"/patients/{anna.public_id}/none-known/", {"scope": "all", "informant": "patient"}
    )
    assert answer.status_code == 409
    assert "scope" in answer.context["form"].errors
    assert not NoneKnown.objects.exists()


def test_asking_again_ends_the_earlier_answer(anna: Patient) -> None:
    none_known(anna)
    none_known(anna)
    assert sorted(NoneKnown.objects.values_list("state", flat=True)) == ["ended", "standing"]


def test_a_statement_is_no_absence(ward: Client, anna: Patient) -> None:
    address = f"/patients/{anna.public_id}/"
    assert "Allergies: not asked yet" in ward.get(address).content.decode()
    assert not selectors.knows_none(anna)
    statement = none_known(anna)
    page = ward.get(address).content.decode()
    assert "No known allergies (asked" in page
    assert "not asked yet" not in page
    assert selectors.knows_none(anna)
    ward.post(
        f"{address}none-known/{statement.public_id}/end/", {"reason": "unsure", "is_error": "on"}
    )
    statement.refresh_from_db()
    assert (statement.state, statement.end_reason) == ("entered_in_error", "unsure")
    assert "Allergies: not asked yet" in ward.get(address).content.decode()


def test_an_allergy_that_comes_back_ends_the_statement(anna: Patient) -> None:
    row = change(recorded(anna), state="resolved")
    statement = none_known(anna)
    change(row, state="active")
    statement.refresh_from_db()
    assert statement.state == "ended"


# What the database itself refuses, also to whoever moves rows between records.


def _row(model: type[Any], patient: Patient, **values: Any) -> Any:
    return model.objects.create(patient=patient, occurred_at=STARTED, source="api", **values)


def test_the_database_refuses_both_whichever_comes_second(
    anna: Patient, desk: people.Hospital, nurse: User
) -> None:
    recorded(anna)
    with pytest.raises(IntegrityError, match="none is known"), transaction.atomic():
        _row(NoneKnown, anna, scope="all")
    other = patients.patient(desk.ward, nurse, family="Diaz")
    _row(NoneKnown, other, scope="medication")
    _row(Allergy, other, substance="Egg", category="food")
    with pytest.raises(IntegrityError, match="none is known"), transaction.atomic():
        _row(Allergy, other, substance="Morphine", category="medication")


def test_a_row_cannot_be_moved_to_a_record_that_says_otherwise(
    anna: Patient, desk: people.Hospital, nurse: User
) -> None:
    twin = patients.patient(desk.ward, nurse, family="Diaz")
    row, statement = recorded(anna), none_known(twin)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Allergy.objects.filter(pk=row.pk).update(patient=twin)
    diagnosis = refused.value.__cause__.diag  # type: ignore[union-attr]
    assert diagnosis.constraint_name == "allergy_or_none_known"
    with pytest.raises(IntegrityError), transaction.atomic():
        NoneKnown.objects.filter(pk=statement.pk).update(patient=anna)
    services.none_known_settle([anna, twin], reason="Records became one", by=None, at=STARTED)
    Allergy.objects.filter(pk=row.pk).update(patient=twin)
    statement.refresh_from_db()
    assert (statement.state, statement.end_reason) == ("ended", "Records became one")


def test_of_two_at_the_same_moment_one_waits_and_is_refused(
    committed_hospital: people.Hospital,
) -> None:
    unit = committed_hospital.ward
    patient = patients.patient(unit, committed_hospital.person("nurse"))
    outcomes: list[str] = []

    def allergy() -> None:
        try:
            _row(Allergy, patient, substance="Latex", category="environment")
            outcomes.append("stored")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connections.close_all()

    with transaction.atomic():
        _row(NoneKnown, patient, scope="all")
        thread = threading.Thread(target=allergy)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(10)
    assert outcomes == ["refused"]


# Properties


STATES = st.sampled_from(AllergyState.values)
SURE = st.sampled_from([value for value in Verification.values if value != "entered_in_error"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("allergy"), st.sampled_from(["Latex", "Morphine", "Egg"])),
        st.tuples(st.just("none"), st.sampled_from(["all", "medication"])),
        st.tuples(st.just("change"), STATES, SURE),
        st.tuples(st.just("end"), st.booleans()),
    ),
    max_size=8,
)


def _walk(patient: Patient, step: tuple[Any, ...]) -> None:
    """Try one step; refusals are fine, an untrue record is not."""
    allergy = Allergy.objects.filter(patient=patient).order_by("?").first()
    statement = NoneKnown.objects.filter(patient=patient, state="standing").first()
    if step[0] == "allergy":
        recorded(patient, step[1])
    elif step[0] == "none":
        none_known(patient, step[1])
    elif step[0] == "change" and allergy:
        change(allergy, state=step[1], verification=step[2])
    elif step[0] == "end" and statement:
        services.none_known_end(statement, reason="x", is_error=step[1], by=None, at=STARTED)  # type: ignore[arg-type]


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=STEPS)
def test_whatever_is_done_no_statement_stands_beside_what_contradicts_it(
    steps: list[tuple[Any, ...]], anna: Patient
) -> None:
    with transaction.atomic():
        for step in steps:
            try:
                with transaction.atomic():
                    _walk(anna, step)
            except (Invalid, TransitionRefused, AllergyKnown, AllergyStands):
                continue
        found = selectors.allergies_of(anna)
        standing = {each.category for each in found if stands(each.state, each.verification)}
        for row in NoneKnown.objects.filter(patient=anna, state="standing"):
            assert not contradicts(row.scope, standing)
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


@given(code=st.sampled_from(sorted(codes.substances())))
def test_every_substance_is_found_by_each_of_its_words(code: str) -> None:
    entry = codes.substances()[code]
    for word in entry.words | set(entry.names.values()):
        assert codes.substance_find(word.upper()) == entry
        assert codes.substance_find(f"  {word} ") == entry


def test_the_lists_have_a_name_in_every_language_of_the_house() -> None:
    for entry in (*codes.substances().values(), *codes.reactions().values()):
        assert set(entry.names) == {"en", "fr"}, entry.code
