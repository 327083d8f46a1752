"""python -m scripts.rooms [--check]: write docs/rooms.md from the code, or say that it is stale."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from scripts.console import fail, say

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "rooms.md"
# From the roof down to the floor.
ROOMS = ("hms", "worklist", "patients", "org", "audit", "core")
HEAD = """# Rooms

Written by `python -m scripts.rooms`; a test fails when it is stale.
Rooms use only those below them.
"""


def _trees(room: str) -> list[tuple[Path, ast.Module]]:
    paths = sorted((ROOT / room).rglob("*.py"))
    return [
        (path, ast.parse(path.read_text(encoding="utf-8")))
        for path in paths
        if "migrations" not in path.parts
    ]


def _uses(room: str, trees: list[tuple[Path, ast.Module]]) -> list[str]:
    names = set()
    for _path, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {item.name.split(".")[0] for item in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return [other for other in ROOMS if other in names and other != room]


def _layer(path: Path, room: str) -> str:
    return path.relative_to(ROOT / room).parts[0].removesuffix(".py")


def _is_table(node: ast.ClassDef) -> bool:
    """Say whether a class of models.py is a table: no list of choices, and not abstract."""
    source = ast.unparse(node)
    return "Choices)" not in source.splitlines()[0] and "abstract = True" not in source


def _classes(trees: list[tuple[Path, ast.Module]], room: str, layer: str) -> list[str]:
    return [
        node.name
        for path, tree in trees
        if _layer(path, room) == layer
        for node in tree.body
        if isinstance(node, ast.ClassDef) and (layer != "models" or _is_table(node))
    ]


def _verbs(trees: list[tuple[Path, ast.Module]], room: str) -> list[str]:
    return sorted(
        node.name
        for path, tree in trees
        if _layer(path, room) == "services"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    )


def _about(room: str, trees: list[tuple[Path, ast.Module]]) -> list[str]:
    lines = [f"## {room}", ""]
    facts = {
        "Uses": _uses(room, trees),
        "Tables": _classes(trees, room, "models"),
        "Verbs": _verbs(trees, room),
        "Facts": _classes(trees, room, "events") if room != "core" else [],
    }
    lines += [f"- {title}: {', '.join(names)}" for title, names in facts.items() if names]
    return [*lines, ""]


def text() -> str:
    """Return the page as the code has it now."""
    lines = [HEAD, "```", *(f"{'  ' * depth}{room}" for depth, room in enumerate(ROOMS)), "```", ""]
    for room in ROOMS:
        lines += _about(room, _trees(room))
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with --check only compare; returns the exit code."""
    if arguments == ["--check"]:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text():
            return 0
        fail("docs/rooms.md is stale: run python -m scripts.rooms")
        return 1
    TARGET.write_text(text(), encoding="utf-8")
    say(f"Wrote {TARGET.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
