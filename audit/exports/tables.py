"""Rows of the trail as lines of CSV and of NDJSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from audit.models import AuditEvent

COLUMNS = (
    *("public_id", "occurred_at", "recorded_at", "act", "action", "outcome", "actor"),
    *("actor_name", "role", "unit", "unit_name", "patient", "subject_type", "subject"),
    *("reason", "before", "after", "query", "recipient", "purpose", "door", "source"),
    *("address", "session", "request_id"),
)
DOCUMENTS = frozenset({"before", "after", "query"})
# What a spreadsheet would take for a formula (SEC-I5).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
AT_ONCE = 200


def csv_lines(rows: Iterable["AuditEvent"]) -> Iterator[str]:
    """Yield the rows as CSV with a line of titles, a handful at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, 1):
        writer.writerow([disarmed(_plain(getattr(row, name))) for name in COLUMNS])
        if not number % AT_ONCE:
            yield _emptied(buffer)
    yield _emptied(buffer)


def disarmed(text: str) -> str:
    """Return the cell as a spreadsheet shows it, and never runs it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def ndjson_lines(rows: Iterable["AuditEvent"]) -> Iterator[str]:
    """Yield each row as a JSON object on a line of its own."""
    for row in rows:
        values = {name: _json(getattr(row, name)) for name in COLUMNS}
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def moment(value: datetime) -> str:
    """Return a moment as every program reads it: ISO 8601 in UTC."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return str(value) if isinstance(value, UUID) else value
