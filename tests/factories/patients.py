"""The smallest legal patients, made by the real services."""

from datetime import date
from typing import Any

from org import levels, services
from org.models import Unit, User
from patients import services as verbs
from patients.models import Patient
from patients.rules.identity import BirthOn
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


def patient(unit: Unit, by: User, *, cared_for: Unit | None = None, **changes: Any) -> Patient:
    """A registered patient; with `cared_for` one in the care of that unit."""
    made = verbs.patient_register(
        values=values(**changes),
        unit_id=unit.pk,
        by=by.pk,
        at=STARTED,
        sure=("one_name", "one_letter", "digits", "mixed_scripts", "very_old"),
        seen=(),
    )
    if cared_for is not None:
        verbs.care_begin(made, unit_id=cared_for.pk, cause="test", at=STARTED)
    return made
