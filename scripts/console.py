"""What the tools say to the person at the terminal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}
TICK_SECONDS = 5.0


def has_colour() -> bool:
    """Colour only for a person at a terminal who has not asked for none."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(text: str, colour: str) -> str:
    """Return the text in a colour where colour is shown, else as it is."""
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if has_colour() else text


def say(text: str = "") -> None:
    """Print one line at once; a closed terminal is no reason to stop."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except (BrokenPipeError, OSError):
        # The reader has gone (terminal closed, pipe ended): work goes on without telling.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def warn(text: str) -> None:
    """Print one line that the reader should not miss."""
    say(paint(text, "yellow"))


def fail(text: str) -> None:
    """Print why the command cannot go on."""
    sys.stderr.write((paint(text, "red") if sys.stderr.isatty() else text) + "\n")


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step, show that it still runs every few seconds, and say how long it took."""
    began = time.monotonic()
    say(f"{paint('·', 'blue')} {title} …")
    done = threading.Event()
    ticker = threading.Thread(target=_tick, args=(title, began, done), daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join(timeout=1)
    took = time.monotonic() - began
    if took >= 1:
        say(paint(f"  {title}: done in {took:.1f} s", "dim"))


def _tick(title: str, began: float, done: threading.Event) -> None:
    while not done.wait(TICK_SECONDS):
        say(paint(f"  {title}: {time.monotonic() - began:.0f} s so far", "dim"))
