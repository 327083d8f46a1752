"""Facts that this room announces."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """Somebody of the role in the unit has something to do."""

    task_id: int
    public_id: UUID
    kind: str
    priority: str
    unit_id: int
    role: str


@dataclass(frozen=True, slots=True)
class TaskHandedOver:
    """A task waits for one person, who has not taken it yet."""

    task_id: int
    public_id: UUID
    to_user_id: int
    by_user_id: int | None


@dataclass(frozen=True, slots=True)
class TaskEscalated:
    """A task is late: the role of the level is told by the level's channel."""

    task_id: int
    public_id: UUID
    level: int
    role: str
    unit_id: int
    channel: str


@dataclass(frozen=True, slots=True)
class TaskClosed:
    """A task is done, no longer needed, or was entered in error."""

    task_id: int
    public_id: UUID
    state: str
