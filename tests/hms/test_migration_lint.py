"""A migration that the release before cannot live with is refused by `make check` (SEC-O4)."""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as real

from scripts import migration_lint as lint

pytestmark = pytest.mark.django_db
HEAD = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("org", "{last}")]
    operations = [{operations}]
"""
Plant = Callable[[str], list[str]]


def known() -> dict[str, Any]:
    return yaml.safe_load(lint.KNOWN.read_text(encoding="utf-8"))


def last_of(room: str) -> str:
    return sorted((Path(real.BASE_DIR) / room / "migrations").glob("[0-9]*.py"))[-1].stem


@pytest.fixture
def plant(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """Put one migration more behind those of org; return what is found in it."""
    package = tmp_path / "planted_org"
    shutil.copytree(Path(real.BASE_DIR) / "org" / "migrations", package)
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.MIGRATION_MODULES = {"org": "planted_org"}

    def add(operations: str) -> list[str]:
        text = HEAD.format(last=last_of("org"), operations=operations)
        (package / "0999_planted.py").write_text(text)
        importlib.invalidate_caches()
        # Only what was planted is new.
        released = {room: last_of(room) for room in known()["released"]}
        left, _stale = lint.findings({"released": released})
        return sorted(each.code for each in left if each.migration == "org.0999_planted")

    yield add
    for name in [name for name in sys.modules if name.startswith("planted_org")]:
        del sys.modules[name]


def test_our_own_migrations_are_clean_or_explained() -> None:
    left, stale = lint.findings(known())
    assert [str(each) for each in left] == []
    assert stale == set()


@pytest.mark.parametrize(
    ("operations", "codes"),
    [
        ('migrations.RemoveField("unit", "name")', ["DROP_COLUMN"]),
        ('migrations.RenameField("unit", "name", "title")', ["RENAME_COLUMN"]),
        ('migrations.DeleteModel("FactArrival")', ["DROP_TABLE"]),
        (
            'migrations.AddField("unit", "beds", models.IntegerField(default=0))',
            ["NOT_NULL"],
        ),
        (
            'migrations.AlterField("unit", "name", models.TextField())',
            ["ALTER_COLUMN"],
        ),
        (
            'migrations.AddIndex("unit", models.Index(fields=["name"], name="slow"))',
            ["CREATE_INDEX"],
        ),
        (
            'migrations.AddConstraint("unit", models.CheckConstraint('
            'condition=~models.Q(name=""), name="named"))',
            ["CHECKS_EVERY_ROW"],
        ),
        (
            'migrations.AddField("unit", "beds", models.IntegerField(null=True)),'
            "migrations.RunPython(lambda apps, editor: None)",
            ["MIXES_DATA"],
        ),
    ],
)
def test_what_a_running_system_cannot_bear_is_refused(
    plant: Plant, operations: str, codes: list[str]
) -> None:
    assert plant(operations) == codes


@pytest.mark.parametrize(
    "operations",
    [
        'migrations.AddField("unit", "beds", models.IntegerField(null=True))',
        'migrations.AddField("unit", "beds", models.IntegerField(db_default=0))',
        "migrations.RunPython(lambda apps, editor: None)",
        'migrations.CreateModel("Probe", [("id", models.BigAutoField(primary_key=True))])',
    ],
)
def test_what_it_can_bear_passes(plant: Plant, operations: str) -> None:
    assert plant(operations) == []


def test_an_explanation_of_nothing_is_refused() -> None:
    told = known()
    told["explained"]["org.0008_quick_pin"] = {"DROP_TABLE": "it never did"}
    assert lint.findings(told)[1] == {("org.0008_quick_pin", "DROP_TABLE")}


def test_a_release_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="no migration"):
        lint.findings({"released": {"org": "0099_nowhere"}})
