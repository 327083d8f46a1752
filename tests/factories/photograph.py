"""Rows that services once made, kept and put back: a scenario costs one statement, not hundreds.

The rows are photographed inside a transaction that is rolled back. Their numbers stay theirs:
sequences are not rolled back, so nobody else is ever given them.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from pghistory.models import Event

from core import clock
from org.models import Role

Row = dict[str, Any]
# Who is told apart by what: number -> name, for rows of migrate that are made anew after a flush.
Reference = dict[str, dict[int, str]]


@dataclass(frozen=True)
class Photograph:
    """The rows by table, the reference rows they point to, and the names of what was made."""

    rows: dict[str, list[Row]]
    reference: Reference
    names: dict[str, int]

    def put_back(self) -> None:
        """The rows are in the database again, pointing to today's reference rows."""
        numbers = _renumbered(self.reference, _reference())
        now = clock.now().isoformat()
        statements, parameters = [], []
        for table, rows in self.rows.items():
            statements.append(
                f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", %s)'
            )
            parameters.append(json.dumps([_current(row, numbers, now) for row in rows]))
        with connection.cursor() as cursor:
            cursor.execute("; ".join(statements), parameters)


def _current(row: Row, numbers: dict[str, dict[int, int]], now: str) -> Row:
    changed = {column: numbers[column][row[column]] for column in numbers if column in row}
    if "due_at" in row:
        changed["due_at"] = now
    return row | changed


def _reference() -> Reference:
    return {
        "role_id": dict(Role.objects.values_list("pk", "code")),
        "permission_id": dict(
            Permission.objects.filter(content_type__app_label="org").values_list("pk", "codename")
        ),
    }


def _renumbered(then: Reference, now: Reference) -> dict[str, dict[int, int]]:
    today = {column: {name: pk for pk, name in rows.items()} for column, rows in now.items()}
    return {
        column: {pk: today[column][name] for pk, name in rows.items()}
        for column, rows in then.items()
    }


def photograph(make: Callable[[], dict[str, int]]) -> Photograph:
    """Return every row that `make` adds, and what it returns; nothing of it stays.

    Raises AssertionError when `make` changes or removes a row that was there before.
    """
    with transaction.atomic():
        before = _rows()
        names = make()
        after = _rows()
        transaction.set_rollback(True)
    added: dict[str, list[Row]] = {}
    for table, rows in after.items():
        old = set(before[table])
        assert old <= set(rows), f"a row of {table} that was there before has changed"
        new = [json.loads(text) for text in rows if text not in old]
        if new:
            added[table] = new
    return Photograph(added, _reference(), names)


def _tables() -> Iterable[str]:
    """Every table but those of row history: triggers write that again when rows are put back."""
    models = apps.get_models(include_auto_created=True)
    kept = {model for model in models if issubclass(model, Event) or model._meta.proxy}
    return sorted(
        {model._meta.db_table for model in models if model._meta.managed and model not in kept}
    )


def _rows() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f'SELECT to_json(t)::text FROM "{table}" t')
            found[table] = [text for (text,) in cursor.fetchall()]
    return found
