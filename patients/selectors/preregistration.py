"""What people said before they came, for the desk that checks it."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from org.permissions import Grants
from org.services.vault import marks, opened
from patients.models import Patient, PatientIdentifier, PreRegistration
from patients.permissions import Perm, unreadable
from patients.rules.numbers import number_key
from patients.rules.preregistration import ASKED, unpacked
from patients.selectors.search import NUMBER
from patients.states import PREREGISTRATION_OVER, PreRegistrationState

PURPOSE = "pre-registration"
WHICH = ("sent", "invited", "over")


def preregistration_list(*, grants: Grants, which: str = "") -> QuerySet[PreRegistration]:
    """Return those of the units where the asker registers; `which`: one of WHICH, "" for all."""
    rows = PreRegistration.objects.filter(unit_id__in=grants.unit_ids(Perm.REGISTER))
    if which == "over":
        rows = rows.filter(state__in=PREREGISTRATION_OVER)
    elif which:
        rows = rows.filter(state=which)
    return rows.select_related("unit", "invited_by", "decided_by", "patient")


def preregistration_get(*, grants: Grants, public_id: UUID) -> PreRegistration | None:
    """Return one that the asker may check."""
    return preregistration_list(grants=grants).filter(public_id=public_id).first()


def preregistration_unit(public_id: UUID) -> int | None:
    """Return the number of the unit that invited; None where there is no such thing."""
    rows = PreRegistration.objects.filter(public_id=public_id)
    return rows.values_list("unit_id", flat=True).first()


@dataclass(frozen=True, slots=True)
class Told:
    """One pre-registration as the asker may read it; of what is over nothing is left to read."""

    row: PreRegistration
    note: str
    email: str
    answers: dict[str, object]


def told(row: PreRegistration, *, grants: Grants) -> Told:
    """Return what was answered, without the fields that the asker may not read (SEC-Z5)."""
    answers = answers_of(row)
    for name in unreadable(grants, ASKED):
        answers.pop(name, None)
    email = _open(row.email_sealed) if not unreadable(grants, ["mobile"]) else ""
    return Told(row=row, note=_open(row.note_sealed), email=email, answers=answers)


def answers_of(row: PreRegistration) -> dict[str, object]:
    """Return all that was answered, as forms hold it."""
    if row.state != PreRegistrationState.SENT:
        return {}
    return unpacked(_open(row.answers_sealed))


def _open(text: str) -> str:
    return opened(text, purpose=PURPOSE) if text else ""


def has_number(patient: Patient, value: str, issuer: str) -> bool:
    """Say whether the patient has this national number already."""
    rows = PatientIdentifier.objects.filter(
        patient=patient,
        system="national",
        issuer__iexact=issuer.strip(),
        mark__in=marks(number_key(value), purpose=NUMBER),
    )
    return rows.filter(period__upper_inf=True).exists()
