"""What each kind of flag is: its category, its look, who sees it. Pure data (ROW-A10)."""

from dataclasses import dataclass
from enum import StrEnum

from patients.states import FlagCategory, FlagKind


class Sight(StrEnum):
    """Who reads a flag in words: whoever sees the patient, who treats, or named roles."""

    EVERYBODY = "everybody"
    CARE = "care"
    CONFIDENTIAL = "confidential"


@dataclass(frozen=True, slots=True)
class FlagRule:
    """`tone` and `icon` are roles of the style, never colours; confidential ones are set by few."""

    category: FlagCategory
    tone: str
    icon: str
    sight: Sight


SAFETY, CLINICAL = FlagCategory.SAFETY, FlagCategory.CLINICAL
INFECTION, BEHAVIOUR = FlagCategory.INFECTION, FlagCategory.BEHAVIOUR
ADMIN, RESEARCH = FlagCategory.ADMINISTRATIVE, FlagCategory.RESEARCH
ALL, CARE, FEW = Sight.EVERYBODY, Sight.CARE, Sight.CONFIDENTIAL

FLAGS: dict[FlagKind, FlagRule] = {
    FlagKind.DIFFICULT_AIRWAY: FlagRule(CLINICAL, "crit", "alert-octagon", CARE),
    FlagKind.NO_BLOOD: FlagRule(CLINICAL, "crit", "droplet-off", CARE),
    FlagKind.SELF_HARM: FlagRule(BEHAVIOUR, "crit", "alert-octagon", CARE),
    FlagKind.AGGRESSION: FlagRule(BEHAVIOUR, "crit", "users", ALL),
    FlagKind.AIRBORNE: FlagRule(INFECTION, "spec", "wind", ALL),
    FlagKind.DROPLET: FlagRule(INFECTION, "spec", "droplet", ALL),
    FlagKind.CONTACT: FlagRule(INFECTION, "spec", "virus", ALL),
    FlagKind.PROTECTIVE: FlagRule(INFECTION, "spec", "shield-check", ALL),
    FlagKind.RESISTANT: FlagRule(INFECTION, "spec", "virus", CARE),
    FlagKind.FALL_RISK: FlagRule(SAFETY, "warn", "alert-triangle", ALL),
    FlagKind.WANDERING: FlagRule(SAFETY, "warn", "walk", ALL),
    FlagKind.ASPIRATION: FlagRule(SAFETY, "warn", "tools-kitchen-2-off", ALL),
    FlagKind.PRESSURE_INJURY: FlagRule(SAFETY, "warn", "bed", CARE),
    FlagKind.BLEEDING: FlagRule(CLINICAL, "warn", "droplet", CARE),
    FlagKind.SEIZURES: FlagRule(CLINICAL, "warn", "bolt", CARE),
    FlagKind.IMPLANT: FlagRule(CLINICAL, "warn", "heartbeat", CARE),
    FlagKind.LIMB: FlagRule(CLINICAL, "warn", "alert-triangle", CARE),
    FlagKind.SAFEGUARDING: FlagRule(BEHAVIOUR, "warn", "shield-lock", FEW),
    FlagKind.MEDICO_LEGAL: FlagRule(ADMIN, "spec", "file-text", FEW),
    FlagKind.VIP: FlagRule(ADMIN, "mute", "eye", FEW),
    FlagKind.STUDY: FlagRule(RESEARCH, "info", "flask", CARE),
}
# The most urgent first, as a banner lists them.
PLACES: dict[str, int] = {kind: place for place, kind in enumerate(FLAGS)}


def kinds_for(*, treats: bool, confidential: bool) -> tuple[str, ...]:
    """Return the kinds that somebody with these rights reads in words."""
    seen = {ALL} | ({CARE} if treats else set()) | ({FEW} if confidential else set())
    return tuple(kind.value for kind, rule in FLAGS.items() if rule.sight in seen)
