"""How the trail stands: its chains, what is kept outside, what checks found."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from audit.models import VerifyRun

PATTERN = "heads-*.ndjson"
TAIL = 1_000_000


@dataclass(frozen=True, slots=True)
class Anchors:
    """What stands outside the database: how many files, and the newest line of the last."""

    folder: str
    files: int
    last_at: datetime | None
    is_readable: bool


def runs() -> QuerySet[VerifyRun]:
    """Return the checks, the newest first."""
    return VerifyRun.objects.order_by("-id")


def anchors() -> Anchors:
    """Return what this process can see of the anchors; it may be kept where it sees nothing."""
    folder = Path(settings.AUDIT_ANCHOR_DIR)
    try:
        files = sorted(folder.glob(PATTERN))
        last = _last_moment(files[-1]) if files else None
    except OSError:
        return Anchors(str(folder), 0, None, is_readable=False)
    return Anchors(str(folder), len(files), last, is_readable=folder.is_dir())


def _last_moment(path: Path) -> datetime | None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        line = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        return datetime.fromisoformat(json.loads(line)["at"])
    except (ValueError, KeyError, TypeError):
        return None
