"""How the rows of two records fit into one: the winner's days stay, the loser's are cut."""

from collections.abc import Iterable
from typing import Any, Protocol


class Period(Protocol):
    """A half-open range of days or moments; None is without end."""

    lower: Any
    upper: Any
    isempty: bool


def gaps(period: Period, taken: Iterable[Period]) -> list[tuple[Any, Any]]:
    """Return the parts of the period that nothing of `taken` touches, in order."""
    if period.isempty:
        return []
    found, start = [], period.lower
    # A range without beginning comes first.
    ordered = sorted(
        (each for each in taken if not each.isempty),
        key=lambda each: (each.lower is not None, each.lower),
    )
    for each in ordered:
        if each.lower is not None and (start is None or start < each.lower):
            end = each.lower if period.upper is None else min(each.lower, period.upper)
            found.append((start, end))
        if each.upper is None:
            return found
        start = each.upper if start is None else max(start, each.upper)
        if period.upper is not None and start >= period.upper:
            return found
    return [*found, (start, period.upper)]


def cut(period: Any, taken: Iterable[Period]) -> Any:
    """Return what is left of the period beside `taken`: what still counts, or else the earliest.

    A range of no days when nothing is left: the row stays in the record and counts on no day.
    """
    free = gaps(period, taken)
    if not free:
        return type(period)(empty=True)
    chosen = free[-1] if free[-1][1] is None else free[0]
    return type(period)(*chosen)
