"""Every pair of states of every machine: listed steps happen, all others are refused (SEC-C8)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
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
from patients import services as verbs
from patients.models import DuplicatePair, MergeCase, Patient
from patients.services.allergies import CLINICAL
from patients.services.checks import IDENTITY
from patients.services.consents import CONSENT
from patients.services.documents import DOCUMENT
from patients.services.duplicates import PAIRS
from patients.services.flags import FLAG
from patients.services.glass import GLASS
from patients.services.merging import MERGES
from patients.services.none_known import STATEMENT
from patients.services.preregistration import PREREGISTRATION
from patients.services.verification import VERIFICATION
from tests.architecture.source import ROOMS, files
from tests.factories import org as people
from tests.factories import papers, patients
from tests.factories.org import STARTED
from worklist import services as tasks
from worklist.models import NoticeDelivery
from worklist.services.basis import TASK
from worklist.services.deliveries import DELIVERY

Make = Callable[[people.Hospital], models.Model]


def _level(hospital: people.Hospital) -> models.Model:
    return ModuleActivation.objects.create(unit=hospital.ward, module="beds", since=STARTED)


def _account(hospital: people.Hospital) -> models.Model:
    return hospital.person("nurse")


def _patient(hospital: people.Hospital) -> Patient:
    return patients.patient(hospital.ward, hospital.person("front_desk"))


def _allergy(hospital: people.Hospital) -> models.Model:
    row = _patient(hospital)
    return verbs.allergy_record(row, substance="Latex", by=None, at=STARTED)


def _statement(hospital: people.Hospital) -> models.Model:
    row = verbs.none_known_state(_patient(hospital), scope="all", by=None, at=STARTED)
    return _with_reason(row)


def _flag(hospital: people.Hospital) -> models.Model:
    return _with_reason(verbs.flag_set(_patient(hospital), kind="vip", by=None, at=STARTED))


def _consent(hospital: people.Hospital) -> models.Model:
    row = verbs.consent_record(
        _patient(hospital), kind="blood", witness="Sister Ruiz", by=None, at=STARTED
    )
    return _with_reason(row)


def _document(hospital: people.Hospital) -> models.Model:
    paper = papers.paper()
    row = verbs.document_add(_patient(hospital), paper=paper, kind="letter", by=None, at=STARTED)
    return _with_reason(row)


def _with_reason(row: models.Model) -> models.Model:
    """What does not stand any more has a reason (constraint): here it is there from the start."""
    type(row)._base_manager.filter(pk=row.pk).update(end_reason="for the test")
    return row


def _task(hospital: people.Hospital) -> models.Model:
    """One that somebody owns and that says why it would be on hold: every step could be stored."""
    made = tasks.task_open(kind="request", unit_id=hospital.ward.pk, at=STARTED)
    nurse = hospital.person("nurse").pk
    moments = {
        "wake_at": STARTED,
        "hold_reason": "x",
        "completed_at": STARTED,
        "completed_by_id": nurse,
        "cancelled_at": STARTED,
        "voided_at": STARTED,
        "voided_by_id": nurse,
    }
    type(made).objects.filter(pk=made.pk).update(owner_id=nurse, **moments)
    made.refresh_from_db()
    return made


def _glass(hospital: people.Hospital) -> models.Model:
    """One that may be in any state: ended and judged, as the last of them asks for."""
    nurse, patient = hospital.person("nurse"), _patient(hospital)
    made = patients.glass(patient, hospital.ward, nurse, at=STARTED - timedelta(minutes=30))
    reviewer = hospital.person("privacy_officer")
    type(made).objects.filter(pk=made.pk).update(
        ended_at=STARTED,
        reviewed_by=reviewer,
        reviewed_at=STARTED,
        verdict="unclear",
        review_words="asked",
    )
    made.refresh_from_db()
    return made


def _told(hospital: people.Hospital) -> models.Model:
    """Answers that are wiped, with a record, a reason and who decided: any step can be stored."""
    clerk = hospital.person("front_desk")
    made = patients.told(hospital.ward, clerk)
    type(made).objects.filter(pk=made.pk).update(
        answers_sealed="",
        patient=_patient(hospital),
        reason="x",
        decided_by=clerk,
        decided_at=STARTED,
    )
    made.refresh_from_db()
    return made


def _record(hospital: people.Hospital) -> models.Model:
    """A record with the one that may take its place."""
    row, other = _patient(hospital), _other(hospital)
    Patient.objects.filter(pk=row.pk).update(merged_into=other)
    row.refresh_from_db()
    return row


def _other(hospital: people.Hospital) -> Patient:
    clerk = hospital.person("front_desk")
    return patients.patient(hospital.ward, clerk, family="Weber", given="Eva", birth=None)


def _merge(hospital: people.Hospital) -> MergeCase:
    """A proposed merge of which a second person is known already."""
    case = verbs.merge_propose(
        _patient(hospital),
        _other(hospital),
        reason="same papers",
        by=hospital.person("front_desk").pk,
        at=STARTED,
    )
    second = hospital.person("records_officer")
    MergeCase.objects.filter(pk=case.pk).update(
        reviewed_by=second, executed_by=second, executed_at=STARTED
    )
    case.refresh_from_db()
    return case


def _pair(hospital: people.Hospital) -> models.Model:
    case = _merge(hospital)
    return DuplicatePair.objects.get(one__in=[case.winner_id, case.loser_id])


def _delivery(hospital: people.Hospital) -> models.Model:
    """A mail that says why it was left out and given up: every step could be stored."""
    nurse = hospital.person("nurse").pk
    tasks.notice_send(
        to=[nurse], kind="trial", severity="urgent", subject=None, at=STARTED, by=nurse
    )
    rows = NoticeDelivery.objects.filter(channel="mail")
    rows.update(skip_reason="off", fault="x", dead_at=STARTED)
    return rows.get()


MACHINES: dict[str, tuple[Machine, Make]] = {
    "org/services/activation.py": (LEVELS, _level),
    "org/services/people.py": (ACCOUNT, _account),
    "patients/services/checks.py": (IDENTITY, _record),
    "patients/services/allergies.py": (CLINICAL, _allergy),
    "patients/services/verification.py": (VERIFICATION, _allergy),
    "patients/services/none_known.py": (STATEMENT, _statement),
    "patients/services/flags.py": (FLAG, _flag),
    "patients/services/consents.py": (CONSENT, _consent),
    "patients/services/documents.py": (DOCUMENT, _document),
    "worklist/services/basis.py": (TASK, _task),
    "patients/services/glass.py": (GLASS, _glass),
    "patients/services/preregistration.py": (PREREGISTRATION, _told),
    "patients/services/duplicates.py": (PAIRS, _pair),
    "patients/services/merging.py": (MERGES, _merge),
    "worklist/services/deliveries.py": (DELIVERY, _delivery),
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
        move(row, after, machine=machine, by=hospital.admin.pk, at=STARTED)
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
