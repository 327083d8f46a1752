"""Facts this room announces."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrailBroken:
    """A check of the trail found that it is not what was sealed."""

    run_id: int
    problems: int


@dataclass(frozen=True, slots=True)
class VerifyAsked:
    """Somebody wants the whole trail checked now."""

    asked_by: int
