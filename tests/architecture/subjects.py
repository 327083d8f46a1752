"""Something for every kind of address: one's own, another site's, and what does not exist."""

import uuid
from dataclasses import dataclass
from typing import Any

from audit.services import Action, record
from core.context import asking
from org import services
from org.models import ApiClient, Assignment, Role, Unit, User
from patients import services as patient_verbs
from patients.models import Contact, PatientIdentifier
from tests.factories import backups, patients
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
    return Subjects(
        own=_row(hospital.ward, nurse) | _patient(hospital.ward, nurse, "Nowak"),
        foreign=_row(hospital.elsewhere, stranger)
        | _patient(hospital.elsewhere, stranger, PATIENT_CANARY),
        missing={
            "unit": uuid.uuid4(),
            "site": uuid.uuid4(),
            "person": uuid.uuid4(),
            "assignment": uuid.uuid4(),
            "role": "no-such-role",
            "module": "beds",
            "delivery": 987654321,
            "drill": uuid.uuid4(),
            "form": "no-such-form",
            "session": uuid.uuid4(),
            "event": uuid.uuid4(),
            "client": uuid.uuid4(),
            "patient": uuid.uuid4(),
            "contact": uuid.uuid4(),
            "identifier": uuid.uuid4(),
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
        "role": Role.objects.get(code="nurse").code,
        "module": "beds",
        "delivery": 987654321,
        "drill": backups.drill_made().public_id,
        "form": "no-such-form",
        "session": uuid.uuid4(),
        "event": _event(unit, user),
        "client": _client().public_id,
    }


def _patient(unit: Unit, by: User, family: str) -> dict[str, Any]:
    """A patient in the care of the unit, with a contact and a number."""
    made = patients.patient(unit, by, cared_for=unit, family=family, kin_name=f"Jo {family}")
    patient_verbs.identifier_add(
        made, system="other", value=f"{family} 1", by=by.pk, at=people.STARTED
    )
    return {
        "patient": made.public_id,
        "contact": Contact.objects.get(patient=made).public_id,
        "identifier": PatientIdentifier.objects.get(patient=made).public_id,
    }


def _event(unit: Unit, user: User) -> uuid.UUID:
    """A row of the trail: the person was seen in the unit."""
    with asking(unit_id=unit.pk, unit_name=unit.name):
        row = record("view", action=Action.READ, at=people.STARTED, by=user.pk, subject=user)
    return row.public_id
