"""Facts that this room announces."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PatientRegistered:
    patient_id: int
    public_id: UUID
    site_id: int


@dataclass(frozen=True, slots=True)
class PatientChanged:
    patient_id: int
    public_id: UUID


@dataclass(frozen=True, slots=True)
class PatientMerged:
    """The loser's record points to the winner's (HL7 A40)."""

    case_id: int
    winner_id: int
    loser_id: int


@dataclass(frozen=True, slots=True)
class PatientUnmerged:
    case_id: int
    winner_id: int
    loser_id: int


@dataclass(frozen=True, slots=True)
class GlassBroken:
    """Somebody opened a restricted record in an emergency: the privacy officer is told."""

    access_id: int
    patient_id: int
    user_id: int
