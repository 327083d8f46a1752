"""Allergies and intolerances: recorded, confirmed, refuted, resolved; nothing is deleted."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.services import Action, changes
from core.errors import Invalid, ServiceError
from core.states import Machine
from patients.models import Allergy, AllergyReaction, Patient
from patients.rules import codes
from patients.rules.identity import NOT_KNOWN, BirthOn
from patients.rules.safety import BELIEVED, stands
from patients.services.details import locked
from patients.services.naming import day_of
from patients.services.none_known import fact, yield_to
from patients.services.noting import By, began, held, moved, saved, stamp, told
from patients.services.verification import VERIFICATION
from patients.states import (
    ALLERGY_STEPS,
    AllergyKind,
    AllergyState,
    BirthPrecision,
    Criticality,
    Informant,
    Severity,
    SubstanceCategory,
    Verification,
)

CLINICAL = Machine(column="state", table=ALLERGY_STEPS, words=AllergyState)
_LISTS = {
    "kind": AllergyKind,
    "criticality": Criticality,
    "verification": Verification,
    "informant": Informant,
}


class AllergyKnown(ServiceError):
    """The same substance stands in the record already."""

    code = "allergy_known"
    message = _("This is recorded already. Add the reaction to that entry.")


@transaction.atomic
def allergy_record(
    patient: Patient,
    *,
    substance: str,
    category: str = "",
    kind: str = AllergyKind.UNKNOWN,
    criticality: str = Criticality.UNKNOWN,
    verification: str = Verification.UNCONFIRMED,
    onset: BirthOn = NOT_KNOWN,
    informant: str = Informant.PATIENT,
    note: str = "",
    reactions: Sequence[Mapping[str, str]] = (),
    by: int | None,
    at: datetime,
) -> Allergy:
    """The substance harms the patient; a statement that says otherwise is ended.

    What stands in no list is kept as it was typed, and needs its category. Raises AllergyKnown,
    Invalid.
    """
    row, who = locked(patient), By(by, at)
    found = codes.substance_find(substance)
    text = " ".join(substance.split())
    values = {
        "code": found.code if found else "",
        "substance": found.names[codes.FALLBACK] if found else text,
        "category": found.category if found else category,
        "kind": kind,
        "criticality": criticality,
        "verification": verification,
        "onset_on": onset.day,
        "onset_precision": onset.precision,
        "informant": informant,
        "note": note.strip(),
    }
    _check(row, values, today=day_of(at, row.site.time_zone))
    yield_to(row, [str(values["category"])], reason=gettext("An allergy was recorded"), who=who)
    made = Allergy.objects.create(patient=row, **values, **stamp(who))
    began(made, made.state, who)
    for reaction in reactions:
        _reaction(made, reaction, who)
    after = values | {"reactions": [each["manifestation"] for each in reactions]}
    told("allergy_record", made, row, fact(row), who, action=Action.CREATE, after=after)
    return made


def _check(patient: Patient, values: Mapping[str, object], *, today: date) -> None:
    if not values["substance"]:
        raise Invalid(_("Say which substance."), field="substance")
    if values["category"] not in SubstanceCategory.values:
        raise Invalid(
            _("This stands in no list: say what kind of substance it is."), field="category"
        )
    for field, choices in _LISTS.items():
        if values[field] not in choices.values:
            raise Invalid(field=field)
    if values["verification"] not in BELIEVED:
        raise Invalid(_("Record what is believed; refute it afterwards."), field="verification")
    _check_onset(patient, values, today)
    same = {"code": values["code"]} if values["code"] else {}
    same = same or {"code": "", "substance__iexact": values["substance"]}
    rows = Allergy.objects.filter(patient=patient, **same)
    if any(stands(each.state, each.verification) for each in rows):
        raise AllergyKnown(field="substance")


def _check_onset(patient: Patient, values: Mapping[str, object], today: date) -> None:
    day = values["onset_on"]
    if not isinstance(day, date):
        return
    if day > today:
        raise Invalid(_("This is in the future."), field="onset")
    is_exact = values["onset_precision"] == BirthPrecision.DAY
    if patient.birth_on and is_exact and day < patient.birth_on:
        raise Invalid(_("This is before the day of birth."), field="onset")


@transaction.atomic
def allergy_change(
    allergy: Allergy,
    *,
    state: str,
    verification: str,
    criticality: str,
    reason: str,
    version: int,
    by: int,
    at: datetime,
) -> Allergy:
    """How sure it is, whether it is still a danger, and how great, is as given.

    Raises TransitionRefused, VersionConflict, Invalid.
    """
    patient, who = locked(allergy.patient), By(by, at)
    found = held(allergy, version)
    stored = {name: getattr(found, name) for name in ("state", "verification", "criticality")}
    wanted = {"state": state, "verification": verification, "criticality": criticality}
    before, after = changes(stored, wanted)
    if criticality not in Criticality.values:
        raise Invalid(field="criticality")
    if not after:
        raise Invalid(_("Nothing was changed."), field="state")
    _check_change(found, after)
    if stands(state, verification):
        yield_to(patient, [found.category], reason=gettext("An allergy was recorded"), who=who)
    saved(found, criticality=criticality)
    if "verification" in after:
        moved(found, verification, machine=VERIFICATION, who=who, reason=reason)
    if "state" in after:
        moved(found, state, machine=CLINICAL, who=who, reason=reason)
    told(
        "allergy_change",
        found,
        patient,
        fact(patient),
        who,
        before=before,
        after=after,
        reason=reason,
    )
    return found


def _check_change(found: Allergy, after: Mapping[str, object]) -> None:
    """Of what was never true nothing else is said, before and while that is said."""
    error = Verification.ENTERED_IN_ERROR
    if found.verification == error:
        raise VERIFICATION.refusal(found.verification, str(after.get("verification", error)))
    if after.get("verification") == error and len(after) > 1:
        raise Invalid(_("Of an entry made in error nothing else changes."), field="verification")


@transaction.atomic
def reaction_add(
    allergy: Allergy, *, manifestation: str, severity: str, note: str = "", by: int, at: datetime
) -> AllergyReaction:
    """The substance also did this to the patient. Raises Invalid."""
    patient, who = locked(allergy.patient), By(by, at)
    found = held(allergy)
    if found.verification == Verification.ENTERED_IN_ERROR:
        raise Invalid(_("This entry was made in error."), field="manifestation")
    made = _reaction(
        found, {"manifestation": manifestation, "severity": severity, "note": note}, who
    )
    saved(found)
    after = {"manifestation": manifestation, "severity": severity, "note": made.note}
    told("reaction_add", found, patient, fact(patient), who, after=after)
    return made


def _reaction(allergy: Allergy, values: Mapping[str, str], who: By) -> AllergyReaction:
    manifestation, severity = values["manifestation"], values.get("severity") or ""
    if manifestation not in codes.reactions():
        raise Invalid(field="manifestation")
    if severity and severity not in Severity.values:
        raise Invalid(field="severity")
    return AllergyReaction.objects.create(
        allergy=allergy,
        manifestation=manifestation,
        severity=severity,
        note=(values.get("note") or "").strip(),
        **stamp(who),
    )
