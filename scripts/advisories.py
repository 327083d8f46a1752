"""`make advisories`: known holes in what a release is made of; not asked is failed (SEC-S3).

Exit code 0: asked about every package, nothing is known. 1: there are holes. 2: it could not ask.
pip-audit alone ends with 0 when its source knows no package at all; here that is 2.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.console import fail, say

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "production.txt"
CLEAN, HOLES, NOT_ASKED = 0, 1, 2
LIMIT_SECONDS = 300
FIX_TIMES = "Fix times: critical 7 days, high 30 days (docs/supply-chain.md)."


@dataclass(frozen=True)
class Verdict:
    """What is known after asking."""

    code: int
    lines: list[str]


def locked() -> set[str]:
    """Return the names of the locked packages."""
    return set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE))


def verdict(out: str, err: str, wanted: set[str]) -> Verdict:
    """Return what pip-audit's output amounts to."""
    try:
        asked: list[dict[str, Any]] = list(json.loads(out)["dependencies"])
    except (ValueError, KeyError, TypeError):
        last = next((line for line in reversed(err.splitlines()) if line.strip()), "no answer")
        return Verdict(NOT_ASKED, [last[:300]])
    answered = {each["name"] for each in asked if "skip_reason" not in each}
    holes = [
        f"{each['name']} {each['version']}: {hole['id']}"
        f" (mended in {', '.join(hole['fix_versions']) or 'no version yet'})"
        for each in asked
        for hole in each.get("vulns", [])
    ]
    if holes:
        return Verdict(HOLES, holes)
    missing = sorted(wanted - answered)
    if missing:
        return Verdict(NOT_ASKED, [f"not asked about: {', '.join(missing)[:300]}"])
    return Verdict(CLEAN, [])


def ask(source: str) -> Verdict:
    """Ask one source of advisories about every locked package of production."""
    command = [str(Path(sys.executable).parent / "pip-audit"), "--strict", "--disable-pip"]
    command += ["--require-hashes", "-r", str(LOCK), "--format", "json"]
    command += ["--progress-spinner", "off", "--vulnerability-service", source]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(NOT_ASKED, [f"no answer in {LIMIT_SECONDS} s"])
    return verdict(done.stdout, done.stderr, _wanted_here())


def _wanted_here() -> set[str]:
    """Return the locked packages without those that only other systems install."""
    text = LOCK.read_text(encoding="utf-8")
    elsewhere = set(re.findall(r"^([a-z0-9-]+)==\S+ ; .*win32", text, re.MULTILINE))
    return locked() - elsewhere


def main() -> int:
    """Command line; returns the exit code."""
    sources = os.environ.get("ADVISORY_SOURCES", "pypi,osv").split(",")
    for source in sources:
        found = ask(source)
        for line in found.lines:
            say(f"  {source}: {line}")
        if found.code == CLEAN:
            say(f"{source} knows no hole in any of {len(_wanted_here())} packages.")
            return CLEAN
        if found.code == HOLES:
            fail(f"{len(found.lines)} known holes. {FIX_TIMES}")
            return HOLES
    fail(
        "Could not ask: nothing is known about holes. Run this where an advisory source can be "
        "reached, or name one in ADVISORY_SOURCES (pypi, osv, esms)."
    )
    return NOT_ASKED


if __name__ == "__main__":
    sys.exit(main())
