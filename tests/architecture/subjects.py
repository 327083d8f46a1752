"""Something for every kind of address: one's own, another site's, and what does not exist."""

import uuid
from dataclasses import dataclass
from typing import Any

from audit.services import Action, record
from core.context import asking
from org import services
from org.models import ApiClient, Assignment, Role, Unit, User
from patients import services as patient_verbs
from patients.models import Contact, DuplicatePair, Patient, PatientIdentifier
from patients.rules.identity import NOT_KNOWN
from tests.factories import backups, papers, patients, roster, tasks
from tests.factories import org as people

CANARY = "Zzyxcanary"
# Of a patient in the care of another site only: the desk finds everybody, nobody else does.
PATIENT_CANARY = "Qwyxpatient"


@dataclass(frozen=True)
class Subjects:
    """kind -> what to put in the address, for things in reach and out of reach."""

    own: dict[str, Any]
    foreign: dict[str, Any]
    missing: dict[str, Any]


def plant(hospital: people.Hospital) -> Subjects:
    """The other site has a unit, a person and an assignment whose names nobody here may read."""
    Unit.objects.filter(pk=hospital.elsewhere.pk).update(name=f"{CANARY} ward")
    hospital.elsewhere.refresh_from_db()
    stranger = people.person("stranger", family_name=CANARY)
    people.assign(stranger, "nurse", hospital.elsewhere)
    nurse = hospital.person("nurse")
    patients.switched_on(hospital.root, hospital.ward)
    tasks.switched_on(hospital.root, hospital.ward)
    return Subjects(
        own=_row(hospital.ward, nurse) | _patient(hospital.ward, nurse, "Nowak"),
        foreign=_row(hospital.elsewhere, stranger)
        | _patient(hospital.elsewhere, stranger, PATIENT_CANARY),
        missing={
            "unit": uuid.uuid4(),
            "site": uuid.uuid4(),
            "person": uuid.uuid4(),
            "assignment": uuid.uuid4(),
            "notice": uuid.uuid4(),
            "way": uuid.uuid4(),
            "rule": "no-such-rule",
            "entry": uuid.uuid4(),
            "shift": uuid.uuid4(),
            "absence": uuid.uuid4(),
            "role": "no-such-role",
            "module": "beds",
            "delivery": 987654321,
            "drill": uuid.uuid4(),
            "form": "no-such-form",
            "session": uuid.uuid4(),
            "event": uuid.uuid4(),
            "client": uuid.uuid4(),
            "patient": uuid.uuid4(),
            "task": uuid.uuid4(),
            "delegation": uuid.uuid4(),
            "contact": uuid.uuid4(),
            "identifier": uuid.uuid4(),
            "allergy": uuid.uuid4(),
            "document": uuid.uuid4(),
            "page": 1,
            "consent": uuid.uuid4(),
            "statement": uuid.uuid4(),
            "flag": uuid.uuid4(),
            "restriction": uuid.uuid4(),
            "told": uuid.uuid4(),
            "glass": uuid.uuid4(),
            "own_glass": uuid.uuid4(),
            "pair": uuid.uuid4(),
            "merge": uuid.uuid4(),
        },
    )


def _client() -> ApiClient:
    made = services.client_register(
        name="Ward phone",
        purpose="Rounds",
        kind="app",
        scopes=["profile"],
        addresses=["http://127.0.0.1/back"],
        by=None,
        at=people.STARTED,
    )
    return made.client


def _row(unit: Unit, user: User) -> dict[str, Any]:
    return {
        "unit": unit.public_id,
        "site": unit.site.public_id,
        "person": user.public_id,
        "assignment": Assignment.objects.get(user=user).public_id,
        "notice": uuid.uuid4(),
        "way": tasks.way_given_up(user).public_id,
        "rule": "dose_limit",
        **roster.planted(unit, user),
        "role": Role.objects.get(code="nurse").code,
        "module": "beds",
        "delivery": 987654321,
        "drill": backups.drill_made().public_id,
        "form": "no-such-form",
        "session": uuid.uuid4(),
        "event": _event(unit, user),
        "client": _client().public_id,
        "task": tasks.task(unit).public_id,
        "delegation": uuid.uuid4(),
    }


def _patient(unit: Unit, by: User, family: str) -> dict[str, Any]:
    """A patient in the care of the unit, with a contact and a number."""
    made = patients.patient(unit, by, cared_for=unit, family=family, kin_name=f"Jo {family}")
    patient_verbs.identifier_add(
        made, system="other", value=f"{family} 1", by=by.pk, at=people.STARTED
    )
    twin = patients.patient(
        unit, by, cared_for=unit, family=family, given="Zed", birth=NOT_KNOWN, seen=[made.public_id]
    )
    merge = patient_verbs.merge_propose(made, twin, reason="x", by=by.pk, at=people.STARTED)
    return _closed(unit, by, family) | {
        "pair": DuplicatePair.objects.get(one=made, two=twin).public_id,
        "merge": merge.public_id,
        "patient": made.public_id,
        "told": patients.told(unit, by, family=f"{family}told").public_id,
        "contact": Contact.objects.get(patient=made).public_id,
        "identifier": PatientIdentifier.objects.get(patient=made).public_id,
        **_safety(made, by),
    }


def _safety(patient: Patient, by: User) -> dict[str, Any]:
    """An allergy, an ended statement that none was known, a flag, a consent."""
    who: dict[str, Any] = {"by": by.pk, "at": people.STARTED}
    statement = patient_verbs.none_known_state(patient, scope="all", **who)
    consent = patient_verbs.consent_record(patient, kind="blood", witness="Sister Ruiz", **who)
    paper = papers.paper()
    document = patient_verbs.document_add(patient, paper=paper, kind="identity", **who)
    pictures = (papers.picture(), papers.picture())
    patient_verbs.photo_set(patient, pictures=pictures, **who)
    return {
        "document": document.public_id,
        "page": 1,
        "consent": consent.public_id,
        "statement": statement.public_id,
        "allergy": patient_verbs.allergy_record(patient, substance="Latex", **who).public_id,
        "flag": patient_verbs.flag_set(patient, kind="fall_risk", **who).public_id,
    }


def _closed(unit: Unit, by: User, family: str) -> dict[str, Any]:
    """A restricted record of the unit, and the glass that somebody broke to see it."""
    hidden = patients.patient(unit, by, family=f"{family}hidden", given="Zoe", birth=NOT_KNOWN)
    glass = patients.glass(hidden, unit, by)
    return {
        "restriction": patients.restriction(hidden, by).public_id,
        "glass": glass.public_id,
        "own_glass": glass.public_id,
    }


def _event(unit: Unit, user: User) -> uuid.UUID:
    """A row of the trail: the person was seen in the unit."""
    with asking(unit_id=unit.pk, unit_name=unit.name):
        row = record("view", action=Action.READ, at=people.STARTED, by=user.pk, subject=user)
    return row.public_id
