"""When an allergy stands, and what it contradicts. Pure."""

from collections.abc import Iterable

from patients.states import (
    AllergyState,
    Criticality,
    NoneKnownScope,
    Severity,
    SubstanceCategory,
    Verification,
)

# Believed until somebody refutes it.
BELIEVED = frozenset({Verification.UNCONFIRMED, Verification.CONFIRMED})
# What counts as a medicine when it is said that no allergy to medicines is known.
MEDICINES = frozenset({SubstanceCategory.MEDICATION, SubstanceCategory.BIOLOGIC})
_WORST = {Severity.SEVERE: 0, Severity.MODERATE: 1, Severity.MILD: 2}
_DANGER = {Criticality.HIGH: 0, Criticality.UNKNOWN: 1, Criticality.LOW: 2}


def stands(state: str, verification: str) -> bool:
    """Say whether an allergy in these states warns whoever treats the patient."""
    return state == AllergyState.ACTIVE and verification in BELIEVED


def contradicts(scope: str, categories: Iterable[str]) -> bool:
    """Say whether standing allergies of these categories make the statement untrue."""
    found = {*categories}
    return bool(found) if scope == NoneKnownScope.ALL else bool(found & MEDICINES)


def urgency(criticality: str, severities: Iterable[str]) -> tuple[int, int]:
    """Return the place in a list: the most dangerous first."""
    worst = min((_WORST.get(Severity(each), 3) for each in severities if each), default=3)
    return (_DANGER[Criticality(criticality)], worst)
