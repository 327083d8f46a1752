"""What reports are built of. Texts come translated; numbers, dates and amounts come formatted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol

from core.documents.codes import CodeKind, barcode
from core.documents.graphics import Graphic

Payload = dict[str, Any]
Align = Literal["start", "center", "end"]
# A report is as wide as the widest code that fits between the margins of A5.
CODE_ROOM_MM = 110.0
CODE128_HEIGHT_MM = 12.0


class Block(Protocol):
    """A piece of a report: `payload` is read by the function of the same kind in parts.typ."""

    kind: ClassVar[str]

    def payload(self) -> Payload:
        """Return the piece in JSON's types."""
        ...


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading under the report's title; level 1 or 2."""

    kind: ClassVar[str] = "heading"
    text: str
    level: int = 1

    def payload(self) -> Payload:
        return {"kind": self.kind, "text": self.text, "level": self.level}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; an empty line in it starts a new paragraph."""

    kind: ClassVar[str] = "paragraph"
    text: str
    strong: bool = False

    def payload(self) -> Payload:
        return {"kind": self.kind, "text": self.text, "strong": self.strong}


@dataclass(frozen=True, slots=True)
class Callout:
    """Text in a frame that a reader must not miss."""

    kind: ClassVar[str] = "callout"
    text: str
    title: str = ""

    def payload(self) -> Payload:
        return {"kind": self.kind, "text": self.text, "title": self.title}


@dataclass(frozen=True, slots=True)
class Items:
    """A list with bullets, or with numbers."""

    kind: ClassVar[str] = "items"
    texts: tuple[str, ...]
    numbered: bool = False

    def payload(self) -> Payload:
        return {"kind": self.kind, "texts": list(self.texts), "numbered": self.numbered}


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a label and its value, in columns."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]
    columns: int = 3

    def payload(self) -> Payload:
        return {"kind": self.kind, "pairs": [list(p) for p in self.pairs], "columns": self.columns}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `share` is its part of the width, 0 as wide as its content."""

    title: str
    align: Align = "start"
    share: float = 0
    strong: bool = False

    def payload(self) -> Payload:
        return {
            "title": self.title,
            "align": self.align,
            "share": self.share,
            "strong": self.strong,
        }


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under titles that come again on every page; `totals` are strong rows at the end."""

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    totals: Sequence[Sequence[str]] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in (*self.rows, *self.totals)):
            raise ValueError("Every row of a table has one cell per column.")

    def payload(self) -> Payload:
        return {
            "kind": self.kind,
            "columns": [column.payload() for column in self.columns],
            "rows": [list(row) for row in self.rows],
            "totals": [list(row) for row in self.totals],
            "caption": self.caption,
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its description, which screen readers speak; never wider than the page."""

    kind: ClassVar[str] = "figure"
    graphic: Graphic
    description: str
    caption: str = ""
    width_mm: float | None = None

    def payload(self) -> Payload:
        return {
            "kind": self.kind,
            "svg": self.graphic.svg,
            "description": self.description,
            "caption": self.caption,
            "width": self.width_mm or self.graphic.width_mm,
        }


@dataclass(frozen=True, slots=True)
class Code:
    """A bar code or QR code with its value in letters under it."""

    kind: ClassVar[str] = "code"
    value: str
    symbology: CodeKind = CodeKind.CODE128
    text: str | None = None

    def payload(self) -> Payload:
        """Return the code in mm. Raises BarcodeRefused."""
        made = barcode(self.value, self.symbology)
        module = made.module_mm(CODE_ROOM_MM) or CODE_ROOM_MM / made.wide
        is_flat = self.symbology is CodeKind.CODE128
        return {
            "kind": self.kind,
            "svg": made.svg,
            "value": self.value,
            "quiet": made.quiet * module,
            "width": made.wide * module,
            "height": CODE128_HEIGHT_MM if is_flat else made.high * module,
            "text": self.value if self.text is None else self.text,
        }


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""

    kind: ClassVar[str] = "pagebreak"

    def payload(self) -> Payload:
        return {"kind": self.kind}


def in_order(blocks: Iterable[Block]) -> Iterable[Block]:
    """Return the blocks with no level of heading left out, by which screen readers navigate."""
    above = 0
    for block in blocks:
        if isinstance(block, Heading):
            above = min(max(block.level, 1), above + 1, 2)
            yield replace(block, level=above)
        else:
            yield block


class Drawn(Protocol):
    """A chart of core.charts: a drawing and the same numbers as a table."""

    @property
    def drawing(self) -> str: ...
    @property
    def caption(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def rows(self) -> tuple[tuple[str, ...], ...]: ...


def figure_blocks(chart: Drawn, *, with_table: bool = True) -> Iterable[Block]:
    """Return the chart and, under it, its numbers: paper has no "data table" button."""
    yield Figure(Graphic.from_svg(str(chart.drawing)), chart.caption, caption=chart.caption)
    if with_table:
        first, *others = chart.columns
        columns = (Column(first), *(Column(title, align="end") for title in others))
        yield Table(columns, chart.rows)
