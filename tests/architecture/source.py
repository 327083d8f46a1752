"""Our own source files, parsed once, for the tests that read code."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
ROOMS = ("core", "audit", "org", "patients", "worklist", "hms")


@dataclass(frozen=True)
class Source:
    """One file: its path from the top, its lines and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def layer(self) -> str:
        return Path(self.path).parts[1].removesuffix(".py")


@cache
def files(*folders: str) -> tuple[Source, ...]:
    """Return every Python file below the folders, migrations left out."""
    return tuple(_read(folders))


def _read(folders: tuple[str, ...]) -> Iterator[Source]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                text = path.read_text(encoding="utf-8")
                yield Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of everything that `tree` imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{item.name}" for item in node.names)
