"""Who looked at this, and who changed it: what the page of a record will ask."""

from datetime import timedelta
from uuid import uuid4

import pytest

from audit import selectors
from core import clock
from tests.audit.test_search import event

PATIENT = uuid4()


def test_looks_at_a_patient_are_the_successful_ones_newest_first(db: None) -> None:
    old = event(timedelta(days=2), act="view", patient=PATIENT)
    new = event(act="print", patient=PATIENT)
    event(act="view", patient=PATIENT, outcome="4")
    event(act="note_sign", action="U", patient=PATIENT)
    event(act="view", patient=uuid4())
    assert list(selectors.looks_at(patient=PATIENT)) == [new, old]
    day_ago = clock.now() - timedelta(days=1)
    assert list(selectors.looks_at(patient=PATIENT, since=day_ago)) == [new]
    assert list(selectors.looks_at(patient=PATIENT, until=day_ago)) == [old]


def test_looks_and_changes_of_one_thing(db: None) -> None:
    about = {"subject_type": "org.unit", "subject": "7"}
    look = event(act="view", **about)
    changes = [event(act="unit_x", action=action, **about) for action in "CUD"]
    event(act="unit_x", action="U", outcome="8", **about)
    event(act="unit_x", action="U", subject_type="org.unit", subject="8")
    assert list(selectors.looks_at(**about)) == [look]
    assert set(selectors.changes_of(**about)) == set(changes)


def test_who_looked_is_told_once_with_how_often(db: None) -> None:
    who = {"actor": 5, "actor_name": "DELGADO, Rosa", "role": "nurse", "unit_name": "Medical A"}
    first = event(timedelta(hours=9), act="view", patient=PATIENT, **who)
    last = event(timedelta(hours=1), act="view", patient=PATIENT, **who)
    event(timedelta(hours=5), act="search", patient=PATIENT, actor=6, actor_name="MEYER, Lucas")
    rosa, lucas = selectors.lookers(selectors.looks_at(patient=PATIENT))
    assert (rosa.name, rosa.role, rosa.unit, rosa.times) == (
        "DELGADO, Rosa", "nurse", "Medical A", 2,
    )  # fmt: skip
    assert (rosa.first_at, rosa.last_at) == (first.occurred_at, last.occurred_at)
    assert (lucas.name, lucas.times) == ("MEYER, Lucas", 1)


def test_a_question_about_nothing_is_a_mistake(db: None) -> None:
    with pytest.raises(ValueError, match="Name a thing"):
        selectors.looks_at(subject_type="org.unit")
