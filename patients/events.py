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
class PatientDied:
    """Recorded, or taken back (`is_dead` false): appointments and reminders follow."""

    patient_id: int
    public_id: UUID
    is_dead: bool
