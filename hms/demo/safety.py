"""What was asked of the invented patients' allergies, what they are warned of, where they are."""

from datetime import datetime
from typing import Any, NamedTuple

from patients import services


class Known(NamedTuple):
    """What the demo says of one patient besides who it is."""

    place: str = ""
    consultant: str = ""
    allergies: tuple[dict[str, Any], ...] = ()
    none_known: tuple[str, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()


def _to(substance: str, what: str = "", how: str = "", **rest: Any) -> dict[str, Any]:
    did = [{"manifestation": what, "severity": how}] if what else []
    return {"substance": substance, "reactions": did, **rest}


KNOWN: dict[tuple[str, str], Known] = {
    ("Nowak", "Anna Maria"): Known(
        consultant="Dr Osei",
        allergies=(
            _to("Penicillins", "anaphylaxis", "severe", criticality="high", kind="allergy"),
            _to("Peanut", "urticaria", "mild", informant="relative"),
            _to("Grandmother’s herb tea", "nausea", category="food", kind="intolerance"),
        ),
        flags=(("fall_risk", "after hip surgery"), ("implant", "pacemaker since 2019")),
    ),
    ("Nowak", "Piotr"): Known(none_known=("all",)),
    ("Diaz", "Rosa"): Known(none_known=("medication",)),
    ("Haddad", "Omar"): Known(
        place="Room 3",
        consultant="Dr Osei",
        allergies=(_to("Iodinated contrast media", "bronchospasm", "moderate"),),
        flags=(("isolation_contact", "wounds of both legs"), ("resistant_germ", "")),
    ),
    ("Nguyen", "Linh"): Known(
        allergies=(_to("Egg", "urticaria", "mild"), _to("Cow’s milk", "vomiting")),
        none_known=("medication",),
    ),
    ("Okonkwo", "Chidi"): Known(
        flags=(("medico_legal", "road accident, police informed"), ("bleeding", "warfarin"))
    ),
    ("Svensson", "Lars-Erik"): Known(
        none_known=("all",), flags=(("wandering", ""), ("fall_risk", ""), ("vip", ""))
    ),
}
NOTHING = Known()


def known_of(family: str, given: str) -> Known:
    """Return what is known of the patient; of most nobody was asked yet."""
    return KNOWN.get((family, given), NOTHING)


def record(patient: Any, known: Known, *, by: int, at: datetime) -> None:
    """The patient's record says it, through the services."""
    for scope in known.none_known:
        services.none_known_state(patient, scope=scope, by=by, at=at)
    for allergy in known.allergies:
        services.allergy_record(patient, **allergy, by=by, at=at)
    for kind, note in known.flags:
        services.flag_set(patient, kind=kind, note=note, by=by, at=at)
