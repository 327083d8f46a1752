"""Fails when a migration cannot run while the release before it serves people (SEC-O4).

Needs a database without anything in it (`python -m scripts.devservers run -- …`): SQL is collected
and never run. What it finds is mended, or explained in config/migrations.yaml.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.console import fail, say

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "config" / "migrations.yaml"
_ADDS = re.compile(
    r'^ALTER TABLE (?:ONLY )?"?(\w+)"? ADD CONSTRAINT .*(CHECK|FOREIGN KEY|EXCLUDE)\b'
)
_MAKES = re.compile(r'^CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?')
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
SENTENCES = {
    "CHECKS_EVERY_ROW": "a constraint is checked against every row under a lock; add it NOT VALID "
    "and validate it in the next migration",
    "MIXES_DATA": "changes tables and moves data at once; make two migrations of it",
    "CREATE_INDEX": "an index on a table in use; use AddIndexConcurrently, alone in its migration",
    "NOT_NULL": "a column that must be filled and has no default in the database: the release "
    "before does not know it; give it a db_default, or let it be empty first",
}


@dataclass(frozen=True)
class Finding:
    """One thing that a running system cannot bear."""

    migration: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.migration}: {self.code}: {self.text}"


def judge(name: str, statements: Iterable[str], operations: Iterable[Any]) -> list[Finding]:
    """Return what is wrong with one migration, by its SQL and by its operations."""
    from django_migration_linter.sql_analyser.analyser import analyse_sql_statements
    from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

    sql = [text for each in statements if (text := _COMMENT.sub("", each).strip())]
    errors, _ignored, warnings = analyse_sql_statements(PostgresqlAnalyser, sql, [])
    found = {issue.code: SENTENCES.get(issue.code, issue.message) for issue in [*errors, *warnings]}
    made = {match[1] for each in sql if (match := _MAKES.match(each))}
    for each in sql:
        adds = _ADDS.match(each)
        if adds and adds[1] not in made and "NOT VALID" not in each:
            found["CHECKS_EVERY_ROW"] = SENTENCES["CHECKS_EVERY_ROW"]
    if _mixes(operations):
        found["MIXES_DATA"] = SENTENCES["MIXES_DATA"]
    return [Finding(name, code, " ".join(text.split())) for code, text in sorted(found.items())]


def _mixes(operations: Iterable[Any]) -> bool:
    kinds = {type(operation).__name__ for operation in operations}
    return "RunPython" in kinds and bool(
        kinds - {"RunPython", "RunSQL", "SeparateDatabaseAndState"}
    )


def findings(known: dict[str, Any]) -> tuple[list[Finding], set[tuple[str, str]]]:
    """Return what is wrong and not explained, and the explanations that explain nothing."""
    explained = {
        (name, code) for name, codes in (known.get("explained") or {}).items() for code in codes
    }
    found = [each for name, made in _new(known["released"]) for each in judge(name, *made)]
    met = {(each.migration, each.code) for each in found}
    left = [each for each in found if (each.migration, each.code) not in explained]
    return left, explained - met


def _new(released: dict[str, str]) -> list[tuple[str, tuple[list[str], list[Any]]]]:
    """Return name, SQL and operations of every migration of ours after the last release."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState

    loader = MigrationLoader(None)
    for room, last in released.items():
        if (room, last) not in loader.graph.nodes:
            raise KeyError(f"There is no migration {room}.{last}.")
    plan = _plan(loader, set(released))
    old = {
        node for room, last in released.items() for node in loader.graph.forwards_plan((room, last))
    }
    state, made = ProjectState(), []
    for node in plan:
        migration = loader.graph.nodes[node]
        if node[0] not in released or node in old:
            # Rendered models are made anew when they are needed: kept, each operation would render
            # everything that is related to what it changes.
            state.__dict__.pop("apps", None)
            state = migration.mutate_state(state, preserve=False)
            continue
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        made.append((".".join(node), (editor.collected_sql, migration.operations)))
    return made


def _plan(loader: Any, rooms: set[str]) -> list[tuple[str, str]]:
    """Return what leads to the newest migrations of these rooms, in order."""
    plan: dict[tuple[str, str], None] = {}
    for leaf in loader.graph.leaf_nodes():
        if leaf[0] in rooms:
            plan |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    return list(plan)


def main() -> int:
    """Command line; returns the exit code."""
    os.environ.setdefault("HMS_ENV", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")
    import django

    django.setup()
    found, stale = findings(yaml.safe_load(KNOWN.read_text(encoding="utf-8")))
    for each in found:
        say(str(each))
    for name, code in sorted(stale):
        say(f"{name}: {code} is explained in {KNOWN.name} and does not happen")
    if found:
        fail("Mend it (docs/upgrade.md), or explain it in config/migrations.yaml.")
    return 1 if found or stale else 0


if __name__ == "__main__":
    sys.exit(main())
