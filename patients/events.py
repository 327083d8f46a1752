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


@dataclass(frozen=True, slots=True)
class AllergiesChanged:
    """Something was recorded, ended or taken back, or it was said that none is known."""

    patient_id: int
    public_id: UUID


@dataclass(frozen=True, slots=True)
class FlagsChanged:
    patient_id: int
    public_id: UUID


@dataclass(frozen=True, slots=True)
class ConsentsChanged:
    """Given, refused, withdrawn or taken back; ask `consent_stands` what counts now."""

    patient_id: int
    public_id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class GlassBroken:
    """Somebody opened a record that was not open to them: it waits for a review."""

    glass_id: int
    public_id: UUID
    patient_id: int
    user_id: int
    unit_id: int


@dataclass(frozen=True, slots=True)
class GlassAlertDue:
    """Somebody who reviews broken glasses has to be told of one."""

    glass_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class GlassReviewed:
    glass_id: int
    public_id: UUID
    verdict: str


@dataclass(frozen=True, slots=True)
class PatientsMerged:
    """One record took the place of another (HL7 A40)."""

    winner_id: int
    winner: UUID
    loser_id: int
    loser: UUID
    case: UUID


@dataclass(frozen=True, slots=True)
class PatientsParted:
    """A merge was taken apart: both records are as before it."""

    winner_id: int
    winner: UUID
    loser_id: int
    loser: UUID
    case: UUID


@dataclass(frozen=True, slots=True)
class DocumentsChanged:
    """A paper was added, or marked as added in error."""

    patient_id: int
    public_id: UUID


@dataclass(frozen=True, slots=True)
class PreRegistrationInvited:
    """Somebody is to get a mail with the link by which they say who they are."""

    preregistration_id: int
    public_id: UUID
