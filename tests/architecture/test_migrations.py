"""Migrations are complete, named, and stand on their own."""

import io
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.architecture.source import ROOMS, ROOT, imports
from tests.architecture.source import ast as parser

FILES = sorted(path for room in ROOMS for path in (ROOT / room / "migrations").glob("[0-9]*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_change_of_a_model_lacks_its_migration(db: None) -> None:
    out = io.StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out, verbosity=1)
    assert "No changes detected" in out.getvalue()


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_migration_has_a_name_that_says_what_it_does(path: Path) -> None:
    assert re.fullmatch(r"\d{4}_[a-z][a-z0-9_]+", path.stem)
    assert not re.search(r"_auto_|_initial$|_alter_.*_and_more", path.stem)


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_migration_imports_nothing_of_ours(path: Path) -> None:
    found = imports(parser.parse(path.read_text(encoding="utf-8")))
    assert [name for name in found if name.split(".")[0] in ROOMS] == []


@pytest.mark.parametrize("room", ROOMS)
def test_numbers_of_migrations_are_used_once(room: str) -> None:
    numbers = [path.stem[:4] for path in FILES if path.parts[-3] == room]
    assert numbers == sorted(set(numbers))
