"""Names of the log's segments: 8 digits of timeline, then the segment's number in two parts."""

import re
from collections.abc import Iterable

SEGMENT = re.compile(r"[0-9A-F]{24}")


def is_segment(name: str) -> bool:
    """Say whether this is a segment's name, and not a history's or a partial one's."""
    return SEGMENT.fullmatch(name) is not None


def is_older(name: str, *, timeline: int) -> bool:
    """Say whether this is a segment, whole or partial, of a timeline before this one."""
    found = SEGMENT.match(name)
    return found is not None and int(name[:8], 16) < timeline


def place(name: str) -> str:
    """Return where the segment lies in the log, whatever its timeline; places sort as text."""
    return name[8:]


def number(name: str, *, size: int) -> int:
    """Return the number of the segment in its timeline."""
    return int(name[8:16], 16) * ((1 << 32) // size) + int(name[16:], 16)


def named(timeline: int, number: int, *, size: int) -> str:
    """Return the name of a segment."""
    per = (1 << 32) // size
    return f"{timeline:08X}{number // per:08X}{number % per:08X}"


def lsn_number(lsn: str) -> int:
    """Return a place in the log as a number of bytes."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def holding(lsn: int, *, timeline: int, size: int) -> str:
    """Return the segment that holds the byte before this place."""
    return named(timeline, max(lsn - 1, 0) // size, size=size)


def first_missing(names: Iterable[str], *, after: str, size: int) -> str:
    """Return the first segment after this one that is not there though a later one is, or ""."""
    timeline = after[:8]
    there = {
        number(name, size=size)
        for name in names
        if is_segment(name) and name.startswith(timeline) and name > after
    }
    if not there:
        return ""
    begin = number(after, size=size) + 1
    for each in range(begin, max(there)):
        if each not in there:
            return named(int(timeline, 16), each, size=size)
    return ""
