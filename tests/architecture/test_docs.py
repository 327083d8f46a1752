"""The pages about the house describe the house that stands."""

import re
import tomllib
from pathlib import Path

import pytest

from core.events import TRIES
from scripts import rooms
from tests.architecture.source import ROOMS, ROOT

RECIPES = sorted((ROOT / "docs" / "recipes").glob("*.md"))
RECORDS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PATHS = re.compile(r"`((?:[a-z_]+/)+[A-Za-z0-9_.-]*|[a-z_]+\.toml)`")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_names_files_that_exist(path: Path) -> None:
    named = PATHS.findall(path.read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_decision_is_short_and_says_why(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.stem[:4]} ")
    assert "**Decision.**" in text
    assert path.stem.startswith("0003") or len(text.splitlines()) <= 25


def test_decisions_are_numbered_once() -> None:
    numbers = [path.stem[:4] for path in RECORDS]
    assert numbers == sorted(set(numbers))


def test_the_map_of_rooms_is_current() -> None:
    assert rooms.TARGET.read_text(encoding="utf-8") == rooms.text(), "python -m scripts.rooms"
    assert set(rooms.ROOMS) == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_page(room: str) -> None:
    text = (ROOT / room / "README.md").read_text(encoding="utf-8")
    assert "Owner:" in text


def test_the_page_of_the_floor_says_how_often_a_fact_is_tried() -> None:
    waits = ", ".join(str(2**number) for number in range(1, TRIES))
    assert f"waits {waits} s" in (ROOT / "core" / "README.md").read_text(encoding="utf-8")


def test_the_page_of_keys_names_every_secret() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    secrets = re.findall(r"file: \./secrets/(\w+)", compose)
    words = "KEY|PASSWORD$|_URL$|RECIPIENTS|IDENTITY"
    names = re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE)
    secrets += [name for name in names if re.search(words, name)]
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    known = set(re.findall(r"\w+", page)) | {"HMS_SITE_URL"}
    assert len(secrets) > 20
    assert sorted(set(secrets) - known) == []


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {
        _name(item)
        for group in (
            project["project"]["dependencies"],
            *project["project"]["optional-dependencies"].values(),
            *project["dependency-groups"].values(),
        )
        for item in group
    }
    text = (ROOT / "docs" / "adr" / "0003-dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^- \*\*([^*]+)\*\*: ", text, re.MULTILINE)) == wanted
