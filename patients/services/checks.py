"""What is asked of every record before it is stored, and in whose care a patient is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid, ServiceError
from core.states import Machine
from patients.models import CaringUnit, Patient
from patients.rules import identity as rules
from patients.rules.identity import NOT_KNOWN, BirthOn, Question
from patients.selectors.matches import Candidate
from patients.services.details import in_place_of
from patients.states import IDENTITY_STEPS, IdentityState, Sex

IDENTITY = Machine(column="state", table=IDENTITY_STEPS, words=IdentityState)
# Whoever is registered comes to a unit; from then on the unit's own acts keep them in its care.
CARE_AFTER_REGISTRATION = timedelta(days=3)
OWN = ("title", "sex", "language", "interpreter", "needs", "description")


class DuplicatesFound(ServiceError):
    """Records that may be of the same person were not looked at yet; `candidates` are they."""

    code = "duplicates_found"
    message = _("This may be somebody who is registered already. Look at the records first.")

    def __init__(self, found: Sequence[Candidate]) -> None:
        super().__init__()
        self.candidates = tuple(found)


class Unusual(ServiceError):
    """Something is unusual and nobody said yet that it is right; `questions` says what."""

    code = "unusual"
    status = 422
    message = _("Something here is unusual. Correct it, or say that it is right.")

    def __init__(self, found: Sequence[Question]) -> None:
        super().__init__(questions=[{"code": each.code, "field": each.field} for each in found])
        self.questions = tuple(found)


_BIRTHS = {
    "future": _("Nobody is born after today."),
    "too_old": _("Nobody is that old: look at the year."),
    "after_death": _("This is after the day of death."),
}


def check_birth(born: BirthOn, *, today: date, died_on: date | None = None) -> None:
    if fault := rules.birth_fault(born, today=today, died_on=died_on):
        raise Invalid(_BIRTHS[fault], field="birth")


def _check_names(values: Mapping[str, object]) -> None:
    for field in ("family", "given", "birth_family"):
        name = str(values.get(field) or "")
        if sign := rules.name_fault(name):
            message = _("“%(sign)s” is no part of a name.") % {"sign": sign}
            raise Invalid(message, field=field)
    if not (values.get("family") or values.get("given")):
        raise Invalid(_("Give the family name or the given name."), field="family")


def check(
    values: Mapping[str, object],
    *,
    born: BirthOn,
    today: date,
    sure: Collection[str],
    died_on: date | None = None,
) -> None:
    """Raises Invalid for what cannot be, Unusual for what nobody said is right."""
    _check_names(values)
    check_birth(born, today=today, died_on=died_on)
    asked = rules.questions(values, born=born, today=today)
    if any(each.code not in sure for each in asked):
        raise Unusual(asked)


def born_of(values: Mapping[str, object]) -> BirthOn:
    found = values.get("birth")
    return found if isinstance(found, BirthOn) else NOT_KNOWN


def own_of(values: Mapping[str, object]) -> dict[str, object]:
    found = {name: values[name] for name in OWN if values.get(name)}
    if found.get("sex", Sex.UNKNOWN) not in Sex.values:
        raise Invalid(field="sex")
    return found


@transaction.atomic
def care_begin(
    patient: Patient,
    *,
    unit_id: int,
    cause: str,
    at: datetime,
    until: datetime | None = None,
    place: str = "",
    consultant: str = "",
) -> None:
    """The patient is in the unit's care: who works there may see the record. Called down.

    Place (bed, room) and consultant stand in the banner; called again, it says where they are now.
    """
    patient = in_place_of(patient)
    where = {"place": place, "consultant": consultant}
    rows = CaringUnit.objects.filter(patient=patient, unit_id=unit_id, cause=cause)
    row = rows.filter(period__contains=at).first()
    if row is None:
        CaringUnit.objects.create(
            patient=patient, unit_id=unit_id, cause=cause, period=(at, until), **where
        )
    elif (place or consultant) and (row.place, row.consultant) != (place, consultant):
        row.place, row.consultant = place, consultant
        row.version += 1
        row.save(update_fields=["place", "consultant", "version"])


@transaction.atomic
def care_end(patient: Patient, *, unit_id: int, cause: str, at: datetime) -> None:
    """What kept the patient in the unit's care is over. Called down."""
    patient = in_place_of(patient)
    rows = CaringUnit.objects.filter(patient=patient, unit_id=unit_id, cause=cause)
    for row in rows.filter(period__contains=at):
        row.period = (row.period.lower, at)
        row.version += 1
        row.save(update_fields=["period", "version"])
