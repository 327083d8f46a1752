"""Facts that this room announces."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UnitCreated:
    unit_id: int
    public_id: UUID


@dataclass(frozen=True, slots=True)
class AssignmentChanged:
    assignment_id: int
    user_id: int
    unit_id: int


@dataclass(frozen=True, slots=True)
class ActivationChanged:
    unit_id: int
    module: str
    level: str


@dataclass(frozen=True, slots=True)
class AlarmDue:
    """Somebody who watches over the trail has to be told that it is broken."""

    user_id: int
    run_id: int
    problems: int


@dataclass(frozen=True, slots=True)
class AccountNoticed:
    notice_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class AccountKeyAsked:
    user_id: int
    kind: str
    by: int | None
