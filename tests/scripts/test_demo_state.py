"""scripts/demo_state.py: what an earlier start has done is not done again."""

from pathlib import Path

import pytest

from scripts.demo_state import DemoState, FreshnessKey
from scripts.devservers import Stack


def test_a_finished_preparation_is_remembered_for_its_fingerprint(tmp_path: Path) -> None:
    DemoState(tmp_path / "demo.json").done("migrated", "one")

    state = DemoState(tmp_path / "demo.json")

    assert state.is_done("migrated", "one")
    assert not state.is_done("migrated", "two")
    assert not state.is_done("static", "one")


def test_a_forgotten_preparation_is_done_again(tmp_path: Path) -> None:
    state = DemoState(tmp_path / "demo.json")
    state.done("migrated", "one")
    state.done("static", "one")

    state.forget("migrated")

    assert not state.is_done("migrated", "one")
    assert state.is_done("static", "one")


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_damaged_memory_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "demo.json").write_text(content)

    assert not DemoState(tmp_path / "demo.json").is_done("migrated", "one")


def test_a_changed_translation_is_a_change_of_the_code(tmp_path: Path) -> None:
    catalogue = tmp_path / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text("one")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "demo.txt").touch()
    key = FreshnessKey(tmp_path, Stack(tmp_path / "var"))
    before = key.of(["code"])

    catalogue.write_text("two")

    assert key.of(["code"]) != before
