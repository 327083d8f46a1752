"""After a test that commits, the database is as migrate left it.

Django's flush truncates every table, also the empty ones, and lets migrate's signals fill the
reference tables again: a second for each test. Here only what has rows is emptied, and what migrate
fills is compared, and put back where a test changed it.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connections, transaction
from django.test import TransactionTestCase

OWNER = "owner"
_TABLES = """
    SELECT c.relname, EXISTS (
      SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
    )
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
     WHERE c.relkind = 'r' AND pg_get_userbyid(c.relowner) = current_user
     ORDER BY c.relname
"""
# table -> whether it has triggers of ours; table -> its rows after migrate, as one JSON text.
_guarded: dict[str, bool] = {}
_migrated: dict[str, str] = {}
_KEPT = frozenset({"django_migrations"})


def _rows(cursor: Any, tables: Iterable[str]) -> dict[str, str]:
    """Return the rows of each table as one text, in an order that does not depend on the disk."""
    parts = [
        f"SELECT '{table}', json_agg(t ORDER BY t::text)::text FROM \"{table}\" t"
        for table in tables
    ]
    cursor.execute(" UNION ALL ".join(parts))
    return dict(cursor.fetchall())


def _filled(cursor: Any) -> set[str]:
    parts = [
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")"
        for table in sorted(_guarded.keys() - _KEPT)
    ]
    cursor.execute(" UNION ALL ".join(parts))
    return {name for (name,) in cursor.fetchall()}


def remember() -> None:
    """What is in the database now is what every test that commits leaves behind."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute(_TABLES)
        _guarded.update(cursor.fetchall())
        _migrated.update(_rows(cursor, sorted(_filled(cursor))))


def emptied() -> None:
    """The database holds what `remember` saw, and nothing else."""
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        filled = _filled(cursor)
        now = _rows(cursor, sorted(_migrated))
        changed = {table for table, rows in _migrated.items() if now[table] != rows}
        tables = sorted((filled - _migrated.keys()) | changed)
        if not tables:
            return
        guarded = [table for table in tables if _guarded[table]]
        cursor.execute("; ".join(_statements(tables, guarded)))
        for table in sorted(changed):
            cursor.execute(
                f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", %s)',
                [_migrated[table]],
            )
        ends = [f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in guarded]
        # A table with checks that still wait cannot be altered.
        cursor.execute("; ".join(["SET CONSTRAINTS ALL IMMEDIATE", *ends]))


def _statements(tables: list[str], guarded: list[str]) -> list[str]:
    return [
        *(f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in guarded),
        "SET CONSTRAINTS ALL DEFERRED",
        *(f'DELETE FROM "{table}"' for table in tables),
    ]


def instead_of_flush(case: TransactionTestCase) -> None:
    """Take the place of Django's own teardown."""
    emptied()


def install() -> None:
    """Every test that commits ends this way."""
    remember()
    TransactionTestCase._fixture_teardown = instead_of_flush  # type: ignore[method-assign]
