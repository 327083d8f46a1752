"""The places where the roof hands something down to lower floors (decisions 1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise


class Hook[T]:
    """A function that the roof fills once; asking it before that is a programming error."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._value: T | None = None

    def fill(self, value: T) -> None:
        """From now on the hook answers with `value`."""
        self._value = value

    def __call__(self) -> T:
        """Return what the roof filled in. Raises RuntimeError when nobody did."""
        if self._value is None:
            raise RuntimeError(f"The hook {self.name} was not filled by hms.apps.")
        return self._value


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way of merging two records; a question may be answered with yes."""

    code: str
    text: str | Promise
    is_question: bool = False


# (number of the record that stays, number of the one that goes, at) -> what every room says to it.
MergeBlockers = Callable[[int, int, datetime], Sequence[Blocker]]
merge_blockers: Hook[MergeBlockers] = Hook("merge_blockers")
