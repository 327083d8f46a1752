"""Every pair of states of every machine: listed steps happen, all others are refused (SEC-C8)."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from django.db import models, transaction
from django.utils import translation

from core.context import asking
from core.errors import TransitionRefused
from core.models import StateChange
from core.states import Machine, move
from org.models import ModuleActivation
from org.services.activation import LEVELS
from org.services.people import ACCOUNT
from patients.services.checks import IDENTITY
from tests.architecture.source import ROOMS, files
from tests.factories import org as people
from tests.factories import patients
from tests.factories.org import STARTED

Make = Callable[[people.Hospital], models.Model]


def _level(hospital: people.Hospital) -> models.Model:
    return ModuleActivation.objects.create(unit=hospital.ward, module="beds", since=STARTED)


def _account(hospital: people.Hospital) -> models.Model:
    return hospital.person("nurse")


def _patient(hospital: people.Hospital) -> models.Model:
    return patients.patient(hospital.ward, hospital.person("front_desk"))


MACHINES: dict[str, tuple[Machine, Make]] = {
    "org/services/activation.py": (LEVELS, _level),
    "org/services/people.py": (ACCOUNT, _account),
    "patients/services/checks.py": (IDENTITY, _patient),
}
PAIRS = [
    pytest.param(machine, make, before, after, id=f"{machine.column}-{before}-{after}")
    for machine, make in MACHINES.values()
    for before, after in product(sorted(machine.table), repeat=2)
]


def test_every_machine_of_the_house_is_walked() -> None:
    made = {source.path for source in files(*ROOMS) if "= Machine(" in source.text}
    assert made == set(MACHINES)


@pytest.mark.parametrize(("machine", "_make"), MACHINES.values())
def test_a_machine_knows_exactly_the_states_that_may_be_stored(
    machine: Machine, _make: Make, hospital: people.Hospital
) -> None:
    field = _make(hospital)._meta.get_field(machine.column)
    assert set(machine.table) == {value for value, _label in field.choices}
    assert all(steps <= set(machine.table) for steps in machine.table.values())


@pytest.mark.parametrize(("machine", "make", "before", "after"), PAIRS)
def test_a_step_happens_exactly_when_the_table_lists_it(
    machine: Machine, make: Make, before: str, after: str, hospital: people.Hospital
) -> None:
    row = make(hospital)
    type(row).objects.filter(pk=row.pk).update(**{machine.column: before})
    rows = StateChange.objects.filter(subject_type=row._meta.label_lower, subject_id=row.pk)
    count, is_listed = rows.count(), after in machine.table[before]
    if is_listed:
        move(row, after, machine=machine, by=None, at=STARTED)
    else:
        with pytest.raises(TransitionRefused) as refused:
            move(row, after, machine=machine, by=None, at=STARTED)
        assert refused.value.extra["allowed"] == sorted(machine.table[before])
    row.refresh_from_db()
    assert getattr(row, machine.column) == (after if is_listed else before)
    assert rows.count() == count + is_listed


def test_a_step_leaves_a_row_that_says_everything(hospital: people.Hospital) -> None:
    row = _level(hospital)
    with asking(source="api", request_id="request-7"):
        change = move(
            row,
            "live",
            machine=LEVELS,
            by=hospital.admin.pk,
            at=STARTED,
            reason="start",
            unit_id=hospital.ward.pk,
        )
    assert (change.from_state, change.to_state, change.reason) == ("off", "live", "start")
    assert (change.by_user, change.unit) == (hospital.admin.pk, hospital.ward.pk)
    assert (change.occurred_at, change.source, change.request_id) == (STARTED, "api", "request-7")


def test_entering_a_state_may_stamp_its_moment(hospital: people.Hospital) -> None:
    later = STARTED.replace(year=2027)
    stamped = replace(LEVELS, stamps={"live": "created"})
    row = _level(hospital)
    move(row, "live", machine=stamped, by=None, at=later)
    row.refresh_from_db()
    assert row.created_at == later


def test_a_refused_step_writes_nothing(hospital: people.Hospital) -> None:
    row = _level(hospital)
    with pytest.raises(TransitionRefused):
        move(row, "off", machine=LEVELS, by=None, at=STARTED)
    written = StateChange.objects.filter(subject_id=row.pk, subject_type="org.moduleactivation")
    assert written.count() == 0


def test_a_refusal_names_the_states_in_the_language_of_the_reader() -> None:
    with translation.override("fr"):
        refused = str(LEVELS.refusal("read_only", "live"))
    assert "Lecture seule" in refused
    assert "En service" in refused


def test_every_machine_has_words_for_its_states() -> None:
    for machine in (LEVELS, ACCOUNT):
        assert machine.words is not None
        assert set(machine.words.values) == set(machine.table)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_step_needs_a_transaction(committed_hospital: people.Hospital) -> None:
    row = _level(committed_hospital)
    with pytest.raises(transaction.TransactionManagementError):
        move(row, "live", machine=LEVELS, by=None, at=STARTED)
