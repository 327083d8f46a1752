"""Heads of the chains outside the database: a file that only grows, each line tied to the last."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import structlog
from django.conf import settings

from audit import rules
from audit.services.chains import keys
from audit.services.seals import heads
from audit.services.verify import Problem

log = structlog.get_logger("audit.anchor")
PATTERN = "heads-*.ndjson"


def anchor(*, at: datetime) -> Path:
    """The heads of all chains stand in this month's anchor file and in the log."""
    folder = Path(settings.AUDIT_ANCHOR_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    path = folder / f"heads-{at.astimezone(UTC):%Y-%m}.ndjson"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        line = anchor_line(at=at, previous=_last_hash(folder))
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, (line + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    log.info("trail_heads", anchor=rules.line_hash(line), line=line)
    return path


def anchor_line(*, at: datetime, previous: str = "") -> str:
    """Return the heads as one line, with the hash of the line before and our proof."""
    words = {
        "at": at.isoformat(),
        "heads": [{**asdict(head), "sealed_at": head.sealed_at.isoformat()} for head in heads()],
        "previous": previous,
    }
    told = json.dumps(words, separators=(",", ":"), sort_keys=True)
    mac = rules.mac_of(keys()[0], told.encode()).hex()
    return json.dumps({**words, "mac": mac}, separators=(",", ":"), sort_keys=True)


def anchors_read(paths: Iterable[Path]) -> tuple[dict[tuple[str, int], str], list[Problem]]:
    """Return (chain, number) -> head of the files, and what is wrong with the files themselves."""
    known: dict[tuple[str, int], str] = {}
    problems: list[Problem] = []
    before: str | None = None
    for name, line in _lines(paths):
        try:
            words = json.loads(line)
            mac = bytes.fromhex(words.pop("mac"))
            told = json.dumps(words, separators=(",", ":"), sort_keys=True).encode()
            found = {(head["chain"], head["number"]): head["head"] for head in words["heads"]}
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(Problem("anchor line not readable", name))
            continue
        if not rules.is_ours(keys(), told, mac):
            problems.append(Problem("anchor line not made with our key", name))
        if before is not None and words.get("previous") != before:
            problems.append(Problem("anchor lines missing or out of order", name))
        before = rules.line_hash(line)
        known |= found
    return known, problems


def anchor_files() -> list[Path]:
    """Return the anchor files, oldest first."""
    return sorted(Path(settings.AUDIT_ANCHOR_DIR).glob(PATTERN))


def _lines(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                yield f"{path.name}:{number}", line.rstrip("\n")


def _last_hash(folder: Path) -> str:
    last = ""
    for path in sorted(folder.glob(PATTERN))[-1:]:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 1_000_000))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2].decode()
    return rules.line_hash(last) if last else ""
