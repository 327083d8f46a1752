"""Remembers what an earlier start has done already, so that the next one need not."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.devservers import Stack

SKIPPED = {".venv", "var", "node_modules", "staticfiles", "tests", "scripts", "bench", ".git"}
CONTROL_FILE_HEAD = 8


class DemoState:
    """Finished preparations, each with the fingerprint of what it depended on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, facts: dict[str, str]) -> None:
        unfinished = self.path.with_name(self.path.name + ".new")
        unfinished.write_text(json.dumps(facts, indent=1), encoding="utf-8")
        unfinished.replace(self.path)

    def is_done(self, name: str, key: str) -> bool:
        """True when the preparation was finished for exactly this fingerprint."""
        return self._read().get(name) == key

    def done(self, name: str, key: str) -> None:
        """The preparation counts as finished for this fingerprint."""
        with self._lock:
            self._write(self._read() | {name: key})

    def forget(self, name: str) -> None:
        """The preparation counts as not done: a run cut short is run again."""
        with self._lock:
            self._write({each: key for each, key in self._read().items() if each != name})


class FreshnessKey:
    """Fingerprints of the code, the static files and the database a preparation depends on."""

    def __init__(self, root: Path, stack: Stack) -> None:
        self.root = root
        self.stack = stack

    def of(self, parts: Iterable[str]) -> str:
        """Return one fingerprint of all named parts."""
        makers = {"code": self._code, "static": self._static, "database": self._database}
        digest = hashlib.sha256()
        for part in parts:
            digest.update(makers[part]().encode())
        return digest.hexdigest()

    def _code(self) -> str:
        patterns = ("*.py", "*.yaml", "*.json", "*.csv", "*.po")
        return self._content(_files(self.root, patterns), self.root / "requirements" / "demo.txt")

    def _static(self) -> str:
        rooms = (each for each in self.root.glob("*/static") if each.parent.name not in SKIPPED)
        folders = [self.root / "static", *rooms]
        files = [each for folder in folders for each in _files(folder, ("*",))]
        return self._content(files, self.root / "requirements" / "demo.txt")

    def _content(self, files: Iterable[Path], *more: Path) -> str:
        digest = hashlib.sha256()
        for path in sorted({*files, *more}):
            digest.update(f"{path.relative_to(self.root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _database(self) -> str:
        """Return what tells this database from a new one in its place."""
        postgres = self.stack.postgres
        if postgres is None:
            return self.stack.addresses().database_url
        with open(postgres.data / "global" / "pg_control", "rb") as file:
            # It begins with the system identifier that initdb drew.
            return file.read(CONTROL_FILE_HEAD).hex()


def _files(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.name in SKIPPED or entry.name == "__pycache__" or entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry, patterns)
        elif entry.is_file() and any(entry.match(pattern) for pattern in patterns):
            yield entry
