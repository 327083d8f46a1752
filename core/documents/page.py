"""The sheet: its size, whose it is, and the mark across it."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from django.utils.translation import gettext_lazy as _

from core.documents.graphics import Graphic, GraphicRefused
from core.errors import Text

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageSize:
    """Width and height in mm; a label or wristband is simply a small or long page."""

    width: float
    height: float

    def __post_init__(self) -> None:
        if not (10 <= self.width <= 1200 and 10 <= self.height <= 1200):
            raise ValueError("A page is between 10 and 1200 mm wide and high.")

    def landscape(self) -> "PageSize":
        """Return the same sheet lying on its long side."""
        return PageSize(max(self.width, self.height), min(self.width, self.height))


A4 = PageSize(210, 297)
A5 = PageSize(148, 210)
LABEL_50_25 = PageSize(50, 25)
LABEL_70_35 = PageSize(70, 35)


class Mark(StrEnum):
    """What a reader must know before taking the paper for the real one."""

    NONE = ""
    COPY = "copy"
    DRAFT = "draft"
    DEMO = "demo"
    TRAINING = "training"


MARK_WORDS: dict[Mark, Text] = {
    Mark.NONE: "",
    Mark.COPY: _("COPY"),
    Mark.DRAFT: _("DRAFT"),
    Mark.DEMO: _("DEMO"),
    Mark.TRAINING: _("TRAINING"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Whose paper it is: the hospital's name, its address lines and its logo."""

    name: str
    lines: tuple[str, ...] = ()
    logo: Graphic | None = None

    @classmethod
    def with_logo(cls, name: str, logo: bytes | None, *, lines: tuple[str, ...] = ()) -> Self:
        """Return the letterhead with the stored logo, or without one that cannot be printed."""
        try:
            drawn = Graphic.from_bytes(logo) if logo else None
        except GraphicRefused:
            # No prescription waits for a logo.
            log.warning("document_logo_refused")
            drawn = None
        return cls(name=name, lines=lines, logo=drawn)
