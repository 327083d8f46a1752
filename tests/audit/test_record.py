"""The trail takes every act with its circumstances; what it cannot take does not happen."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import transaction

from audit.models import AuditEvent
from audit.services import Action, Outcome, changes, record
from core.context import asking
from org import services
from org.models import Unit
from tests.factories import org as people
from tests.factories.org import STARTED

PATIENT = UUID("6f1f5f0c-6c0b-4b0a-9d53-5c1f0e0f7a11")


def test_an_act_is_recorded_with_who_where_and_from_what(hospital: people.Hospital) -> None:
    here = {
        "request_id": "request-9",
        "user_id": 7,
        "role": "nurse",
        "unit_id": hospital.ward.pk,
        "address": "10.0.0.7",
        "session": "abcd1234",
        "source": "api",
    }
    with asking(**here):
        row = record("probe", action=Action.READ, at=STARTED, by=None, patient=PATIENT)
    row.refresh_from_db()
    assert (row.actor, row.role, row.unit) == (7, "nurse", hospital.ward.pk)
    assert (row.address, row.session) == ("10.0.0.7", "abcd1234")
    assert (row.source, row.request_id, row.patient) == ("api", "request-9", PATIENT)
    assert row.occurred_at == STARTED
    assert row.recorded_at > STARTED


def test_the_named_actor_and_unit_win_over_those_of_the_request(db: None) -> None:
    with asking(user_id=7, unit_id=1):
        row = record("probe", action=Action.READ, at=STARTED, by=8, unit_id=2)
    assert (row.actor, row.unit) == (8, 2)


def test_the_subject_is_named_by_its_opaque_id(hospital: people.Hospital) -> None:
    row = record("probe", action=Action.READ, at=STARTED, by=None, subject=hospital.ward)
    assert (row.subject_type, row.subject) == ("org.unit", str(hospital.ward.public_id))


def test_a_refusal_is_recorded_as_one(db: None) -> None:
    row = record("probe", action=Action.EXECUTE, at=STARTED, by=None, outcome=Outcome.MINOR)
    assert row.outcome == "4"


def test_values_are_stored_in_plain_form(db: None) -> None:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    after = {
        "at": moment,
        "on": date(2026, 1, 2),
        "id": PATIENT,
        "price": Decimal("1.50"),
        "many": [1, 2],
        "none": None,
        "flag": True,
    }
    row = record("probe", action=Action.UPDATE, at=STARTED, by=None, after=after)
    row.refresh_from_db()
    assert row.after == {
        "at": moment.isoformat(),
        "on": "2026-01-02",
        "id": str(PATIENT),
        "price": "1.50",
        "many": [1, 2],
        "none": None,
        "flag": True,
    }


def test_only_what_differs_is_a_change() -> None:
    before, after = changes({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5})
    assert (before, after) == ({"b": 2}, {"b": 5})


def test_a_change_is_recorded_as_it_was_and_as_it_is(hospital: people.Hospital) -> None:
    services.unit_update(
        hospital.ward, values={"name": "North"}, version=None, by=hospital.admin.pk, at=STARTED
    )
    row = AuditEvent.objects.get(act="unit_update")
    assert (row.before, row.after) == ({"name": "Medical A"}, {"name": "North"})


def test_without_its_record_an_act_does_not_happen(
    hospital: people.Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_values: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(AuditEvent.objects, "create", full)
    with pytest.raises(OSError, match="full"), transaction.atomic():
        services.unit_create(
            parent=hospital.ward, code="B1", name="Bay", kind="ward", by=None, at=STARTED
        )
    assert not Unit.objects.filter(code="B1").exists()


def test_no_password_reaches_the_trail(hospital: people.Hospital) -> None:
    secret = "tall-green-kettle-41"  # pragma: allowlist secret
    services.password_set(hospital.person("nurse"), password=secret, by=None, at=STARTED)
    rows = AuditEvent.objects.all()
    assert not any("tall-green-kettle-41" in str(row.__dict__) for row in rows)
    assert not any("argon2" in str(row.__dict__) for row in rows)
