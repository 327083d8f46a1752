"""The smallest legal patients, made by the real services."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from org import levels, services
from org.models import Unit, User
from org.permissions import grants_of
from patients import services as verbs
from patients.models import Glass, Patient, PreRegistration, Restriction
from patients.rules.identity import BirthOn
from patients.selectors import patient_get
from tests.factories.org import STARTED


def switched_on(*units: Unit) -> None:
    """Registration is live in the units."""
    for unit in units:
        services.activation_set(
            unit=unit,
            module="registration",
            level="live",
            reason="for the test",
            by=None,
            at=STARTED,
        )
    levels.forget()


def values(**changes: Any) -> dict[str, Any]:
    """What is typed about Anna Nowak, born 7 March 1981, with the changes."""
    return {
        "family": "Nowak",
        "given": "Anna",
        "sex": "female",
        "birth": BirthOn(date(1981, 3, 7), "day"),
        **changes,
    }


def patient(
    unit: Unit,
    by: User,
    *,
    cared_for: Unit | None = None,
    seen: Collection[UUID] = (),
    **changes: Any,
) -> Patient:
    """A registered patient, with `cared_for` in the care of that unit, in spite of those `seen`."""
    made = verbs.patient_register(
        values=values(**changes),
        unit_id=unit.pk,
        by=by.pk,
        at=STARTED,
        sure=("one_name", "one_letter", "digits", "mixed_scripts", "very_old"),
        seen=seen,
        reason="papers seen" if seen else "",
    )
    if cared_for is not None:
        verbs.care_begin(made, unit_id=cared_for.pk, cause="test", at=STARTED)
    return made


def restriction(patient: Patient, by: User, **changes: Any) -> Restriction:
    """The record is open to few; to nobody unless the changes say so."""
    said: dict[str, Any] = {
        "kind": "staff",
        "reason": "works here",
        "until": None,
        "carers_keep": False,
        "users": [],
        "units": [],
        **changes,
    }
    at = said.pop("at", STARTED)
    return verbs.restriction_set(patient, **said, by=by.pk, at=at)


def glass(patient: Patient, unit: Unit, by: User, *, at: datetime = STARTED) -> Glass:
    """Somebody has opened the record who had no access to it."""
    held = grants_of(by, at=at)
    wanted = verbs.Sought(number=patient.mrn)
    # Whoever sees every record of the unit has to lose sight of this one first.
    if patient_get(grants=held, public_id=patient.public_id, at=at) is not None:
        held = replace(held, held=())
    return verbs.glass_break(
        wanted,
        kind="emergency",
        words="came in unconscious",
        grants=held,
        unit_id=unit.pk,
        by=by.pk,
        at=at,
    )


def invited(
    unit: Unit, by: User, *, at: datetime = STARTED, **rest: Any
) -> tuple[PreRegistration, str]:
    """Somebody was asked to say who they are; with the secret of the link."""
    made = verbs.preregistration_invite(unit_id=unit.pk, by=by.pk, at=at, **rest)
    return made.row, made.token


def told(unit: Unit, by: User, *, at: datetime = STARTED, **changes: Any) -> PreRegistration:
    """Anna Nowak, born 7 March 1981, said who she is, with the changes."""
    _row, token = invited(unit, by, at=at)
    return verbs.preregistration_send(token, values=values(**changes), at=at)
