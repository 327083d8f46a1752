"""Consents: given with evidence, withdrawn, never deleted."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from core import clock
from core.errors import Invalid, TransitionRefused, VersionConflict
from org.models import User
from patients import selectors, services
from patients.models import Consent, Patient
from patients.rules.consents import CONSENTS
from patients.states import ConsentKind, ConsentState
from tests.factories import org as people
from tests.factories import patients
from tests.factories.org import STARTED

HOUR = timedelta(hours=1)


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(desk.ward, clerk, cared_for=desk.ward)


def consent(patient: Patient, kind: str = "blood", **rest: Any) -> Consent:
    values = {"witness": "Sister Ruiz", "by": None, "at": STARTED, **rest}
    return services.consent_record(patient, kind=kind, **values)


def change(row: Consent, to: str, *, at: datetime = STARTED + HOUR, **rest: Any) -> Consent:
    values = {"reason": "asked", "version": row.version, "by": None, **rest}
    return services.consent_change(row, to=to, at=at, **values)


FORM = {
    "kind": "procedure",
    "decision": "permit",
    "limits": "left knee only",
    "giver": "proxy",
    "giver_name": "Piotr Nowak",
    "witness": "Sister Ruiz saw him sign",
}


def test_every_kind_has_its_scope_and_category() -> None:
    assert set(CONSENTS) == set(ConsentKind)


def test_a_clerk_records_a_consent_and_reads_it(browser: Client, anna: Patient) -> None:
    answer = browser.post(f"/patients/{anna.public_id}/consents/new/", FORM, follow=True)
    row = Consent.objects.get()
    assert (row.state, row.scope, row.category) == ("active", "treatment", "care")
    page = answer.content.decode()
    for text in ("left knee only", "Piotr Nowak", "Sister Ruiz saw him sign"):
        assert text in page
    assert AuditEvent.objects.get(act="consent_record").patient == anna.public_id
    assert selectors.consent_stands(anna, kind="procedure", at=clock.now())


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("witness", {"witness": ""}),
        ("giver_name", {"giver_name": " "}),
        ("kind", {"kind": "x"}),
        ("decision", {"decision": "x"}),
        ("giver", {"giver": "x"}),
        ("since_on", {"since_on": "t+2"}),
        ("until_on", {"until_on": "x"}),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_stored(
    browser: Client, anna: Patient, field: str, changes: dict[str, str]
) -> None:
    answer = browser.post(f"/patients/{anna.public_id}/consents/new/", FORM | changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "left knee only" in answer.content.decode()
    assert not Consent.objects.exists()


def test_withdrawing_ends_the_period_and_keeps_the_row(browser: Client, anna: Patient) -> None:
    row = consent(anna)
    address = f"/patients/{anna.public_id}/consents/{row.public_id}/"
    sent = {"to": "inactive", "reason": "changed her mind", "version": row.version}
    assert browser.post(address, sent).status_code == 303
    row.refresh_from_db()
    assert row.state == "inactive"
    assert row.period.upper == row.ended_at  # type: ignore[union-attr]
    assert not selectors.consent_stands(anna, kind="blood", at=clock.now())
    assert selectors.consent_stands(anna, kind="blood", at=STARTED + HOUR)
    page = browser.get(f"/patients/{anna.public_id}/consents/").content.decode()
    assert "changed her mind" in page


def test_a_draft_allows_nothing_until_somebody_decides(anna: Patient) -> None:
    row = consent(anna, witness="", is_draft=True)
    assert not selectors.consent_stands(anna, kind="blood", at=STARTED + HOUR)
    with pytest.raises(Invalid):
        change(row, "active")
    row = change(row, "active", witness="Sister Ruiz")
    assert selectors.consent_stands(anna, kind="blood", at=STARTED + HOUR)
    assert not selectors.consent_stands(anna, kind="blood", at=STARTED)


def test_the_newest_decision_counts(anna: Patient) -> None:
    consent(anna, "research")
    consent(anna, "research", decision="deny", at=STARTED + HOUR)
    assert selectors.consent_stands(anna, kind="research", at=STARTED + HOUR / 2)
    assert not selectors.consent_stands(anna, kind="research", at=STARTED + 2 * HOUR)
    assert not selectors.consent_stands(anna, kind="messages", at=STARTED + 2 * HOUR)


def test_a_consent_ends_by_itself_at_its_time(anna: Patient) -> None:
    consent(anna, until=STARTED + HOUR)
    assert selectors.consent_stands(anna, kind="blood", at=STARTED)
    assert not selectors.consent_stands(anna, kind="blood", at=STARTED + HOUR)


def test_an_error_never_counted_and_is_the_last_word(anna: Patient) -> None:
    row = change(consent(anna), "entered_in_error")
    assert row.voided_at is not None
    assert not selectors.consent_stands(anna, kind="blood", at=STARTED)
    for to in ConsentState.values:
        with pytest.raises(TransitionRefused):
            change(row, to)


def test_the_second_of_two_is_told(anna: Patient) -> None:
    row = consent(anna)
    change(row, "inactive")
    with pytest.raises(VersionConflict):
        change(row, "entered_in_error", version=1)


def test_a_period_that_cannot_be_is_refused(anna: Patient) -> None:
    for values in ({"since": STARTED + HOUR}, {"until": STARTED}):
        with pytest.raises(Invalid):
            consent(anna, **values)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"state": "active", "period": None},
        {"witness": ""},
        {"giver": "court"},
        {"state": "inactive"},
        {"kind": "x"},
        {"decision": "x"},
        {"state": "x"},
    ],
)
def test_the_database_refuses_a_consent_that_cannot_be(
    anna: Patient, values: dict[str, Any]
) -> None:
    row = consent(anna)
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=row.pk).update(**values)


def test_a_nurse_of_another_ward_sees_no_consent(desk: people.Hospital, anna: Patient) -> None:
    consent(anna)
    page = Client().get(f"/patients/{anna.public_id}/consents/")
    assert page.status_code == 302


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    steps=st.lists(st.tuples(st.sampled_from(ConsentState.values), st.integers(0, 5)), max_size=6),
    is_draft=st.booleans(),
)
def test_what_stood_once_stands_for_its_period_only_unless_it_was_an_error(
    steps: list[tuple[str, int]], is_draft: bool, anna: Patient
) -> None:
    with transaction.atomic():
        row, now = consent(anna, is_draft=is_draft), STARTED
        for to, hours in steps:
            now += timedelta(hours=hours)
            try:
                row = change(row, to, at=now)
            except (TransitionRefused, Invalid):
                continue
        row.refresh_from_db()
        asked = now + HOUR
        is_given = row.state == "active"
        assert selectors.consent_stands(anna, kind="blood", at=asked) == is_given
        if row.state in {"entered_in_error", "draft", "not_done"}:
            assert not selectors.consent_stands(anna, kind="blood", at=STARTED)
        transaction.set_rollback(True)
