"""`make unmaintained`: packages of a release that nobody released anew for three years (SEC-S2).

uv is asked, with whatever package index it is set up for, which version it would take today and
which it would have taken three years ago: where both are the same, nothing came since.
Exit code 0: asked about every package. 1: some rest and nobody has looked at them. 2: no answer.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scripts.advisories import CLEAN, NOT_ASKED, locked
from scripts.console import fail, say

RESTS = 1
LIMIT_SECONDS = 30
NO_SUCH_VERSION = 1
TOGETHER = 4
YEARS = 3
# Looked at, and kept: why a package that rests may be in the product.
LOOKED_AT: dict[str, str] = {
    "colorama": "colours of a Windows console; comes with click, is not installed elsewhere",
    "inflection": "plurals of words for the API's schema; no input of others, finished",
    "vine": "promises of Celery's own makers, released with it when needed; no input of others",
}
Ask = Callable[[str, datetime], "str | None"]


class NoAnswer(Exception):
    """The index did not say; the message says what did happen."""


@dataclass
class Found:
    """What is known after asking."""

    resting: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


def newest(name: str, before: datetime) -> str | None:
    """Return the version one would have taken then, None when there was none. Raises NoAnswer."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--no-deps", "--universal"]
    command += ["--no-python-downloads", "--no-build", "--no-header", "--no-annotate", "--quiet"]
    command += ["--exclude-newer", before.strftime("%Y-%m-%dT%H:%M:%SZ")]
    with tempfile.TemporaryDirectory() as empty:
        try:
            done = subprocess.run(
                command,
                cwd=empty,
                input=name,
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NoAnswer(f"no answer in {LIMIT_SECONDS} s") from error
    found = re.search(rf"^{re.escape(name)}==([^\s;]+)", done.stdout, re.MULTILINE)
    if found:
        return found.group(1)
    if done.returncode == NO_SUCH_VERSION:
        return None
    raise NoAnswer(next((line for line in done.stderr.splitlines() if line.strip()), "no answer"))


def look(names: set[str], *, now: datetime, ask: Ask = newest) -> Found:
    """Ask about every package, today and three years ago."""
    found = Found()

    def one(name: str) -> None:
        try:
            today = ask(name, now + timedelta(days=1))
            if today is None:  # it is locked: an index that has no version of it knows no dates
                raise NoAnswer("the index names no version with a date")
            if ask(name, now - timedelta(days=365.25 * YEARS)) == today:
                found.resting[name] = today
        except NoAnswer as error:
            found.unknown[name] = str(error)[:200]

    first, *others = sorted(names)
    one(first)
    if found.unknown:  # an index that is away is away for all
        found.unknown |= dict.fromkeys(others, found.unknown[first])
        return found
    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(one, others))
    return found


def verdict(found: Found, looked_at: Mapping[str, str]) -> tuple[int, list[str]]:
    """Return the exit code and what to say."""
    strange = sorted(set(found.resting) - set(looked_at))
    lines = [f"{name} {found.resting[name]}: no release for {YEARS} years" for name in strange]
    if strange:
        return RESTS, lines
    if found.unknown:
        names = sorted(found.unknown)
        return NOT_ASKED, [f"not asked about: {', '.join(names)[:300]}", found.unknown[names[0]]]
    awake = sorted(set(looked_at) - set(found.resting))
    lines = [f"{name}: released again; take it out of LOOKED_AT" for name in awake]
    return (RESTS if awake else CLEAN), lines


def main() -> int:
    """Command line; returns the exit code."""
    names = locked()
    code, lines = verdict(look(names, now=datetime.fromtimestamp(time.time(), UTC)), LOOKED_AT)
    for line in lines:
        say(f"  {line}")
    if code == NOT_ASKED:
        fail("Nobody answered: nothing is known. Run this where a package index can be reached.")
    elif code == RESTS:
        fail("Finished, or abandoned? Replace it, or say in LOOKED_AT why it may stay.")
    else:
        say(f"{len(names)} packages; {len(LOOKED_AT)} rest for {YEARS} years and were looked at.")
    return code


if __name__ == "__main__":
    sys.exit(main())
