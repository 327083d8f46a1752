"""`make bench`: every figure of docs/benchmarks.md; ARGS="load signin" runs only those parts.

Everything stays on loopback and is bounded in count and time. BENCH_ROUNDS, BENCH_RATE and
BENCH_SECONDS change the length.
"""

import sys
from collections.abc import Callable
from typing import Any

from bench import (
    inboxes,
    load,
    papers,
    patients,
    place,
    seals,
    signin,
    table,
    trail,
    visible,
    visit,
)

MEASURES: dict[str, Callable[[place.Place], Any]] = {"table": table.measure, "load": load.measure}
PARTS = (
    "table",
    "load",
    "signin",
    "visit",
    "trail",
    "seals",
    "patients",
    "visible",
    "papers",
    "inboxes",
)


def main(arguments: list[str]) -> int:
    """Measure what was asked for (everything without arguments) and print it; returns 0, or 2."""
    if unknown := set(arguments) - set(PARTS):
        print(f"No such part: {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}.")
        return 2
    parts = arguments or list(PARTS)
    print(f"sizes (units, people): {place.SIZES}")
    tables: list[list[table.Door]] = []
    loads: list[load.Load] = []
    for size in place.SIZES if set(parts) - {"papers"} else ():
        doing(f"loading the {size} hospital")
        with place.hospital(size) as found:
            for name, measured in (("table", tables), ("load", loads)):
                if name in parts:
                    doing(f"{name}, {size}")
                    measured.append(MEASURES[name](found))
            if size == "large":
                once(found, parts)
    show(tables, loads)
    if "papers" in parts:
        papers.measure()
    return 0


def doing(what: str) -> None:
    """Say what takes its time."""
    print(f"… {what}", file=sys.stderr, flush=True)


def show(tables: list[list[table.Door]], loads: list[load.Load]) -> None:
    """Print what was measured at both sizes."""
    if tables:
        table.show(*tables)
    if loads:
        load.show(*loads)


def once(found: place.Place, parts: list[str]) -> None:
    """What does not depend on the size is measured at one."""
    if "signin" in parts:
        doing("sign-ins")
        signin.measure(found)
    if "trail" in parts:
        doing("rows of the trail")
        trail.measure(found)
    if "seals" in parts:
        doing("sealing the trail")
        seals.measure(found)
    if "patients" in parts:
        doing("finding patients")
        patients.measure(found)
    if "visible" in parts:
        doing("who sees whom")
        visible.measure(found)
    if "inboxes" in parts:
        doing("a thousand open inboxes")
        inboxes.measure(found)
    if "visit" in parts:
        doing("a first visit")
        visit.measure(found)
