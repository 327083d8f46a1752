"""One process at a time: a lock that vanishes with its holder, however that one ends."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.console import say

RETRY_SECONDS = 0.2


class LockTaken(Exception):
    """Another living process holds the lock; `note` is what it left for others to read."""

    def __init__(self, path: Path, note: dict[str, str]) -> None:
        super().__init__(f"{path} is held by another process ({note.get('pid', 'unknown')}).")
        self.note = note


class Lock:
    """A file lock kept by the kernel: no stale lock can outlive its process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """This process holds the lock afterwards. Raises LockTaken."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited by children (Python's default), so the lock dies with this process.
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in {errno.EAGAIN, errno.EACCES}:
                raise LockTaken(self.path, self.read()) from None
            raise
        self._descriptor = descriptor
        self.note(pid=str(os.getpid()))

    def note(self, **facts: str) -> None:
        """Leave facts for whoever finds the lock taken."""
        if self._descriptor is None:
            raise RuntimeError("The lock is not held.")
        text = json.dumps({"pid": str(os.getpid())} | facts).encode()
        os.pwrite(self._descriptor, text, 0)
        os.ftruncate(self._descriptor, len(text))

    def read(self) -> dict[str, str]:
        """Return what the holder noted; empty when nothing readable is there."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def release(self) -> None:
        """Others may take the lock afterwards."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextmanager
    def held(self) -> Iterator[Lock]:
        """Hold the lock inside the block. Raises LockTaken."""
        self.take()
        try:
            yield self
        finally:
            self.release()

    @contextmanager
    def wait(self, seconds: float, message: str) -> Iterator[Lock]:
        """Hold the lock inside the block, waiting for it with a message. Raises LockTaken."""
        deadline = time.monotonic() + seconds
        told = False
        while True:
            try:
                self.take()
                break
            except LockTaken:
                if time.monotonic() > deadline:
                    raise
            if not told:
                say(f"{message} …")
                told = True
            time.sleep(RETRY_SECONDS)
        try:
            yield self
        finally:
            self.release()
