"""What a patient's page, the lists and the API show: only what the asker may see (SEC-Z5)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Model, QuerySet

from org.permissions import Grants
from org.services.vault import opened
from patients.models import (
    CaringUnit,
    Contact,
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientName,
    PatientPhone,
)
from patients.permissions import sees, sees_private, visible_to
from patients.selectors.access import patient_opened
from patients.selectors.search import NUMBER, PHONE

CARE = "patient-care"
MASK = "…"


def patient_get(*, grants: Grants, public_id: UUID, at: datetime) -> Patient | None:
    """Return the patient, None for one whom the asker may not see."""
    return patient_opened(grants=grants, public_id=public_id, at=at)[0]


def patient_list(*, grants: Grants, at: datetime) -> QuerySet[Patient]:
    """Return the patients whom the asker may see."""
    return visible_to(grants, at=at)


@dataclass(frozen=True, slots=True)
class Line:
    """One name, number, phone or address, from when until when; `text` may be masked."""

    public_id: UUID
    kind: str
    text: str
    since: date | None
    until: date | None
    is_current: bool
    more: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who matters to a patient."""

    public_id: UUID
    name: str
    kinds: tuple[str, ...]
    relationship: str
    phone: str
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Care:
    """A unit in whose care a patient is."""

    unit: str
    place: str
    consultant: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """A patient as one page shows them."""

    patient: Patient
    names: list[Line]
    numbers: list[Line]
    phones: list[Line]
    addresses: list[Line]
    people: list[Person]
    care: list[Care]
    # None where the asker may not know of them.
    care_notes: str | None


def record_of(patient: Patient, *, grants: Grants, today: date, at: datetime) -> Record:
    """Return everything about the patient that the asker may see."""
    in_full = sees_private(grants)
    notes = None
    if sees(grants, "special_care"):
        notes = care_notes(patient)
    return Record(
        patient=patient,
        names=[_line(row, row.use, _name(row), today) for row in _rows(PatientName, patient)],
        numbers=[
            _line(row, row.system, _open(row, NUMBER, in_full), today, more=row.issuer)
            for row in _rows(PatientIdentifier, patient)
        ],
        phones=[
            _line(row, row.use, _open(row, PHONE, in_full), today)
            for row in _rows(PatientPhone, patient)
        ],
        addresses=[
            _line(row, "", address_text(row) if in_full else row.locality, today)
            for row in _rows(PatientAddress, patient)
        ],
        people=people_of(patient, in_full=in_full, today=today),
        care=care_of(patient, at=at),
        care_notes=notes,
    )


def care_notes(patient: Patient) -> str:
    """Return the notes of special care in the clear; the door has asked who may read them."""
    sealed = patient.special_care_sealed
    return opened(sealed, purpose=CARE) if sealed else ""


def _rows[M: Model](model: type[M], patient: Patient) -> list[M]:
    return list(model._default_manager.filter(patient=patient).order_by("-period", "-id"))


def _line(
    row: PatientName | PatientIdentifier | PatientPhone | PatientAddress,
    kind: str,
    text: str,
    today: date,
    *,
    more: str = "",
) -> Line:
    lower, upper = row.period.lower, row.period.upper
    # What ended on the day on which it began has no days at all.
    is_current = not row.period.isempty and (upper is None or upper > today)
    return Line(row.public_id, kind, text, lower, upper, is_current, more)


def _name(row: PatientName) -> str:
    return ", ".join(part for part in (row.family.upper(), row.given) if part)


def _open(row: PatientIdentifier | PatientPhone, purpose: str, in_full: bool) -> str:
    return opened(row.value_sealed, purpose=purpose) if in_full else f"{MASK}{row.ending}"


def address_text(row: PatientAddress) -> str:
    """Return an address in one line."""
    first = " ".join(part for part in (row.number, row.street) if part)
    town = " ".join(part for part in (row.postcode, row.locality) if part)
    return ", ".join(part for part in (first, town, row.region, row.country) if part)


def people_of(patient: Patient, *, in_full: bool, today: date) -> list[Person]:
    """Return who matters to the patient now."""
    rows = Contact.objects.filter(patient=patient, period__contains=today).select_related("other")
    return [
        Person(
            public_id=row.public_id,
            name=row.full_name,
            kinds=tuple(row.kinds),
            relationship=row.relationship,
            phone=_contact_phone(row, in_full),
            other=row.other.public_id if row.other else None,
        )
        for row in rows.order_by("id")
    ]


def _contact_phone(row: Contact, in_full: bool) -> str:
    if not row.phone_sealed:
        return ""
    if in_full:
        return opened(row.phone_sealed, purpose=PHONE)
    return f"{MASK}{row.phone_ending}"


def care_of(patient: Patient, *, at: datetime) -> list[Care]:
    """Return in whose care the patient is."""
    rows = CaringUnit.objects.filter(patient=patient, period__contains=at).select_related("unit")
    return [
        Care(row.unit.name, row.place, row.consultant, row.period.lower)
        for row in rows.order_by("-period")
    ]


def current[M: Model](
    model: type[M], patient: Patient, *, today: date, **which: object
) -> M | None:
    """Return the row of this kind that counts today."""
    rows = model._default_manager.filter(patient=patient, period__contains=today, **which)
    return rows.order_by("-id").first()


def contact_get(patient: Patient, public_id: UUID) -> Contact | None:
    """Return one of the people of this patient."""
    return Contact.objects.filter(patient=patient, public_id=public_id).first()


def identifier_get(patient: Patient, public_id: UUID) -> PatientIdentifier | None:
    """Return one of the numbers of this patient."""
    return PatientIdentifier.objects.filter(patient=patient, public_id=public_id).first()


def reached_at(patient: Patient, *, today: date) -> dict[str, str]:
    """Return phones and address in the clear, as a form shows them to who may see them."""
    found = {"mobile": "", "phone": ""}
    for field, use in (("mobile", "mobile"), ("phone", "home")):
        phone = current(PatientPhone, patient, today=today, use=use)
        found[field] = opened(phone.value_sealed, purpose=PHONE) if phone else ""
    home = current(PatientAddress, patient, today=today)
    names = ("street", "locality", "region", "postcode", "country")
    found |= {name: getattr(home, name) if home else "" for name in names}
    return found | {"house_number": home.number if home else ""}
