"""scripts/demo_state.py: what an earlier start has done is not done again."""

from pathlib import Path

import pytest

from scripts.demo_state import DemoState


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
