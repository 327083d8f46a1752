"""Months older than the law asks for leave the trail: checked, exported, marked, dropped."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connections, transaction

from audit import rules
from audit.models import Action, Retired
from audit.services.chains import keys
from audit.services.trail import record
from audit.services.verify import retired_words, verify

YEARS = 6
TABLE = "audit_auditevent"
OWNER = "owner"


class TooYoung(Exception):
    """The trail must be kept longer than was asked."""


class NotWhole(Exception):
    """The trail is not what was sealed, or not all of it is sealed: nothing is dropped."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month that may go."""

    part: str
    rows: int


def months_old(*, before: datetime, at: datetime) -> list[Month]:
    """Return the months that ended before `before`; raises TooYoung under the years to keep."""
    years = max(YEARS, settings.AUDIT_YEARS)
    limit = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if before > limit.replace(year=limit.year - years):
        raise TooYoung(f"The trail is kept {years} years or longer.")
    last = f"{TABLE}_{before.astimezone(UTC):%Y_%m}"
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'audit_auditevent'::regclass"
        )
        parts = sorted(name for (name,) in cursor.fetchall() if f"{TABLE}_2" <= name < last)
        found = []
        for part in parts:
            cursor.execute(f'SELECT count(*) FROM "{part}"')  # noqa: S608  # nosec B608
            found.append(Month(part, cursor.fetchone()[0]))
    return found


def month_retire(*, part: str, folder: Path, at: datetime, by: int | None) -> Retired:
    """The month is a file with a known hash, and no longer a table; the mark of it is sealed.

    Raises NotWhole when the trail does not verify or rows of the month are not sealed.
    """
    report = verify(only=TABLE)
    if not report.is_clean or report.unsealed:
        raise NotWhole(f"{report.count} problems, {report.unsealed} rows not sealed")
    path = folder / f"{part}.ndjson.gz"
    with transaction.atomic(using=OWNER):
        numbers = _export(part, path)
        mark = Retired(
            chain=TABLE,
            part=part,
            count=len(numbers),
            runs=rules.runs_of(numbers),
            export_name=path.name,
            export_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            retired_at=at,
        )
        mark.mac = rules.mac_of(keys()[0], retired_words(mark))
        mark.save(using=OWNER, force_insert=True)
        with connections[OWNER].cursor() as cursor:
            cursor.execute(f'ALTER TABLE {TABLE} DETACH PARTITION "{part}"')
            cursor.execute(f'DROP TABLE "{part}"')
    record(
        "audit.month_retire",
        action=Action.DELETE,
        at=at,
        by=by,
        subject=mark,
        after={"part": part, "rows": mark.count, "sha256": mark.export_sha256},
    )
    return mark


def _export(part: str, path: Path) -> list[int]:
    """The rows of the month are in a file; returns their numbers."""
    numbers: list[int] = []
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for number, line in _lines(part):
            numbers.append(number)
            file.write(line + "\n")
    return numbers


def _lines(part: str) -> Iterator[tuple[int, str]]:
    with connections[OWNER].cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{part}" IN SHARE MODE')
    with connections[OWNER].chunked_cursor() as cursor:
        cursor.execute(f'SELECT id, row_to_json(t)::text FROM "{part}" t ORDER BY id')  # noqa: S608  # nosec B608
        while rows := cursor.fetchmany(2000):
            yield from rows
