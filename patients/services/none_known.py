"""The statement that no allergy is known: who asked whom, when; ended by the first allergy."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.services import Action
from core.errors import Invalid, ServiceError
from core.states import Machine
from patients.events import AllergiesChanged
from patients.models import NoneKnown, Patient
from patients.rules.safety import contradicts
from patients.selectors.safety import standing_categories
from patients.services.details import locked
from patients.services.noting import By, began, held, moved, saved, stamp, told
from patients.states import NONE_KNOWN_STEPS, Informant, NoneKnownScope, NoneKnownState

STATEMENT = Machine(
    column="state",
    table=NONE_KNOWN_STEPS,
    stamps={NoneKnownState.ENDED: "ended", NoneKnownState.ENTERED_IN_ERROR: "voided"},
    words=NoneKnownState,
)


class AllergyStands(ServiceError):
    """Nobody can say that none is known while one is recorded."""

    code = "allergy_stands"
    message = _("An allergy is recorded. Correct or resolve it first.")


def fact(patient: Patient) -> AllergiesChanged:
    return AllergiesChanged(patient_id=patient.pk, public_id=patient.public_id)


@transaction.atomic
def none_known_state(
    patient: Patient,
    *,
    scope: str,
    informant: str = Informant.PATIENT,
    note: str = "",
    by: int | None,
    at: datetime,
) -> NoneKnown:
    """Somebody asked, and no allergy is known; an earlier answer of the same scope is ended.

    Raises AllergyStands, Invalid.
    """
    row, who = locked(patient), By(by, at)
    if scope not in NoneKnownScope.values:
        raise Invalid(field="scope")
    if informant not in Informant.values:
        raise Invalid(field="informant")
    if contradicts(scope, standing_categories(row)):
        raise AllergyStands(field="scope")
    for old in _standing(row).filter(scope=scope):
        _end(old, NoneKnownState.ENDED, reason=gettext("Asked again"), who=who)
    made = NoneKnown.objects.create(
        patient=row, scope=scope, informant=informant, note=note.strip(), **stamp(who)
    )
    began(made, made.state, who)
    after = {"scope": scope, "informant": informant, "note": made.note}
    told("none_known_state", made, row, fact(row), who, action=Action.CREATE, after=after)
    return made


@transaction.atomic
def none_known_end(
    statement: NoneKnown, *, reason: str, is_error: bool, by: int, at: datetime
) -> NoneKnown:
    """The statement stands no longer, or was entered in error. Raises TransitionRefused."""
    patient, who = locked(statement.patient), By(by, at)
    found = held(statement)
    to = NoneKnownState.ENTERED_IN_ERROR if is_error else NoneKnownState.ENDED
    before = found.state
    _end(found, to, reason=reason, who=who)
    told(
        "none_known_end",
        found,
        patient,
        fact(patient),
        who,
        before={"state": before},
        after={"state": str(to)},
        reason=reason,
    )
    return found


def yield_to(patient: Patient, categories: Iterable[str], *, reason: str, who: By) -> None:
    """Statements that an allergy of these categories contradicts are ended. In a transaction."""
    wanted = {*categories}
    for row in _standing(patient):
        if contradicts(row.scope, wanted):
            _end(row, NoneKnownState.ENDED, reason=reason, who=who)


@transaction.atomic
def none_known_settle(
    patients: Sequence[Patient], *, reason: str, by: int | None, at: datetime
) -> None:
    """Of records that become one: statements that an allergy of any of them contradicts are ended.

    Called before rows move; the database refuses a move that would leave both standing.
    """
    who = By(by, at)
    rows = [locked(patient) for patient in sorted(patients, key=lambda each: each.pk)]
    categories = {found for row in rows for found in standing_categories(row)}
    for row in rows:
        yield_to(row, categories, reason=reason, who=who)


def _standing(patient: Patient) -> QuerySet[NoneKnown]:
    return NoneKnown.objects.filter(patient=patient, state=NoneKnownState.STANDING)


def _end(row: NoneKnown, to: str, *, reason: str, who: By) -> None:
    if not reason.strip():
        raise Invalid(field="reason")
    saved(row, end_reason=reason.strip())
    moved(row, to, machine=STATEMENT, who=who, reason=reason)
