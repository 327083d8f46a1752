"""How the API shows patients: every field is named here, nothing else leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patients.models import Patient
    from patients.selectors import Candidate, Record
    from patients.selectors.records import Line, Person


def row_json(patient: Patient) -> dict[str, Any]:
    """Return a patient as a list shows them."""
    return {
        "public_id": patient.public_id,
        "mrn": patient.mrn,
        "family": patient.family,
        "given": patient.given,
        "title": patient.title,
        "sex": patient.sex,
        "birth_on": patient.birth_on,
        "birth_precision": patient.birth_precision,
        "died_on": patient.died_on,
        "state": patient.state,
        "version": patient.version,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "public_id": line.public_id,
        "kind": line.kind,
        "text": line.text,
        "issuer": line.more,
        "since": line.since,
        "until": line.until,
        "is_current": line.is_current,
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "public_id": person.public_id,
        "name": person.name,
        "kinds": list(person.kinds),
        "relationship": person.relationship,
        "phone": person.phone,
        "other": person.other,
    }


def patient_json(record: Record) -> dict[str, Any]:
    """Return a patient with everything that the asker may see."""
    patient = record.patient
    return row_json(patient) | {
        "language": patient.language,
        "interpreter": patient.interpreter,
        "needs": list(patient.needs),
        "description": patient.description,
        "died_at": patient.died_at,
        "names": [_line(line) for line in record.names],
        "numbers": [_line(line) for line in record.numbers],
        "phones": [_line(line) for line in record.phones],
        "addresses": [_line(line) for line in record.addresses],
        "people": [_person(person) for person in record.people],
        "care_notes": record.care_notes,
    }


def match_json(found: Candidate) -> dict[str, Any]:
    """Return a likely duplicate with its reasons."""
    return {
        "patient": row_json(found.patient),
        "score": found.match.score,
        "level": str(found.match.level),
        "reasons": [
            {"what": reason.what, "how": reason.how, "weight": reason.weight}
            for reason in found.match.reasons
        ],
    }
