"""`make bench`: every figure of docs/benchmarks.md; ARGS="load signin" runs only those parts.

Everything stays on loopback and is bounded in count and time. BENCH_ROUNDS, BENCH_RATE and
BENCH_SECONDS change the length.
"""

from bench import load, papers, place, signin, table, visit

PARTS = ("table", "load", "signin", "visit", "papers")


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
        with place.hospital(size) as found:
            tables += [table.measure(found)] if "table" in parts else []
            loads += [load.measure(found)] if "load" in parts else []
            if size == "large":
                once(found, parts)
    show(tables, loads)
    if "papers" in parts:
        papers.measure()
    return 0


def show(tables: list[list[table.Door]], loads: list[load.Load]) -> None:
    """Print what was measured at both sizes."""
    if tables:
        table.show(*tables)
    if loads:
        load.show(*loads)


def once(found: place.Place, parts: list[str]) -> None:
    """What does not depend on the size is measured at one."""
    if "signin" in parts:
        signin.measure(found)
    if "visit" in parts:
        visit.measure(found)
