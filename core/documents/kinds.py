"""The kinds of paper: reports, packs of reports, labels. The package says how to add one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from core import context
from core.documents.blocks import Block, Payload, in_order
from core.documents.codes import BarcodeRefused, CodeKind, barcode
from core.documents.page import A4, LABEL_50_25, Letterhead, Mark, PageSize

LineSize = Literal["small", "normal", "large"]
LABEL_MARGIN_MM = 1.5
CODE128_SHARE, CODE128_LEAST_MM, CODE128_MOST_MM = 0.26, 5.0, 12.0
QR_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What every paper has. `running` names the subject of the paper on each page.

    Without a `language` it speaks the hospital's.
    """

    template: ClassVar[str]

    title: str
    language: str = field(default_factory=lambda: context.house().language)
    letterhead: Letterhead
    printed_at: datetime
    mark: Mark = Mark.NONE
    page: PageSize = A4
    running: str = ""

    def __post_init__(self) -> None:
        if self.printed_at.tzinfo is None:
            raise ValueError("The time of printing is an aware datetime.")

    def payload(self) -> Payload:
        """Return what the template reads, in JSON's types."""
        logo = self.letterhead.logo
        return {
            "title": self.title,
            "running": self.running,
            "width": self.page.width,
            "height": self.page.height,
            "hospital": self.letterhead.name,
            "address": list(self.letterhead.lines),
            "logo": logo.svg if logo else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Document):
    """A titled paper made of blocks."""

    template: ClassVar[str] = "report"

    blocks: tuple[Block, ...]
    subtitle: str = ""

    def payload(self) -> Payload:
        return {
            **Document.payload(self),
            "subtitle": self.subtitle,
            "blocks": [block.payload() for block in in_order(self.blocks)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Document):
    """Several reports behind one page of contents, with one page count."""

    template: ClassVar[str] = "pack"

    parts: tuple[Report, ...]
    subtitle: str = ""

    def payload(self) -> Payload:
        return {
            **Document.payload(self),
            "subtitle": self.subtitle,
            "parts": [part.payload() for part in self.parts],
        }


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a label; it breaks rather than lose a letter."""

    text: str
    size: LineSize = "normal"
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label: lines, a bar code under them, a QR code beside them. Codes are optional."""

    lines: tuple[Line, ...]
    code128: str = ""
    qr: str = ""
    code_text: str | None = None

    def payload(self, page: PageSize) -> Payload:
        """Return the label with its codes in mm. Raises BarcodeRefused if one is too long."""
        room = page.width - 2 * LABEL_MARGIN_MM
        tall = page.height - 2 * LABEL_MARGIN_MM
        flat = max(CODE128_LEAST_MM, min(CODE128_MOST_MM, tall * CODE128_SHARE))
        square = min(room * QR_SHARE, tall - (flat if self.code128 else 0))
        text = self.code128 if self.code_text is None else self.code_text
        return {
            "lines": [
                {"text": line.text, "size": line.size, "strong": line.strong} for line in self.lines
            ],
            "code128": _sized(self.code128, CodeKind.CODE128, room, flat),
            "code_text": text,
            "qr": _sized(self.qr, CodeKind.QR, square, None),
        }


def _sized(value: str, kind: CodeKind, room: float, height: float | None) -> Payload | None:
    """Return the code as wide as its room allows; height None means square."""
    if not value:
        return None
    made = barcode(value, kind)
    module = made.module_mm(room)
    if module is None:
        raise BarcodeRefused
    width = made.wide * module
    return {"svg": made.svg, "value": value, "width": width, "height": height or width}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels(Document):
    """Labels for a roll printer, one to a page; the letterhead is not printed."""

    template: ClassVar[str] = "labels"

    labels: tuple[Label, ...]
    page: PageSize = LABEL_50_25

    def payload(self) -> Payload:
        return {
            **Document.payload(self),
            "margin": LABEL_MARGIN_MM,
            "labels": [label.payload(self.page) for label in self.labels],
        }
