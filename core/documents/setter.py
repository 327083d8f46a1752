"""typst itself: which files and fonts it sees, and how long it may take."""

import queue
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext_lazy as _

from core.errors import ServiceError

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "documents"
FONTS = Path(__file__).resolve().parents[1] / "fonts"
SetError = typst.TypstError


class DocumentTooSlow(ServiceError):
    """Setting the document took too long and was given up."""

    code = "document_too_slow"
    status = 503
    message = _("The document took too long to make. Try again with fewer rows.")


@cache
def _fonts() -> Any:
    """Find the shipped fonts once; those of the machine never change what a paper looks like."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


def compiler(template: str, **inputs: str) -> Any:
    """Return a typst compiler that sees the templates, the fonts and the inputs, nothing else.

    One for each document: a compiler may not be shared by threads. The fonts are.
    """
    return typst.Compiler(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        sys_inputs=inputs,
    )


def within[T](seconds: float, work: Callable[[], T]) -> T:
    """Return what the work returns. Raises DocumentTooSlow when it is not done in time.

    typst lets other threads run but cannot be stopped: the thread is left to end by itself, which
    the limits on size bring about.
    """
    done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((None, error))

    threading.Thread(target=run, daemon=True, name="press").start()
    try:
        result, error = done.get(timeout=seconds)
    except queue.Empty:
        raise DocumentTooSlow from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
