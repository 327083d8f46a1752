"""The tools are tested without Django; their servers and programs are real."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests() -> None:
    """The tools know nothing of the product's caches."""


@pytest.fixture(autouse=True)
def _spool_of_its_own() -> None:
    """The tools keep no looks aside."""


@pytest.fixture
def sleeper() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start processes that do nothing; they are gone after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*, cwd: Path | None = None, **environment: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(120)"],
            cwd=cwd,
            env=environment or None,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
