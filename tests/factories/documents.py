"""Papers to print in tests, and what a reader finds in the PDF."""

import io
import re
from datetime import UTC, datetime
from typing import Any

from pypdf import PdfReader

from core.documents import (
    Block,
    Label,
    Labels,
    Letterhead,
    Line,
    Pack,
    RenderedDocument,
    Report,
    render,
)

PRINTED_AT = datetime(2026, 11, 25, 7, 26, tzinfo=UTC)
HOUSE = Letterhead(name="St. Anne’s General Hospital", lines=("12 Harbour Road",))
COMMON: dict[str, Any] = {"language": "en", "letterhead": HOUSE, "printed_at": PRINTED_AT}


def report(*blocks: Block, **changes: Any) -> Report:
    """A short report with these blocks."""
    fields = {"title": "Discharge summary", "running": "O’NEILL Mary, MRN 00 51 904"}
    return Report(blocks=blocks, **(COMMON | fields | changes))


def pack(*parts: Report, **changes: Any) -> Pack:
    """A pack of these reports."""
    return Pack(parts=parts, **(COMMON | {"title": "Board pack"} | changes))


def labels(*made: Label, **changes: Any) -> Labels:
    """Labels for a roll."""
    return Labels(labels=made, **(COMMON | {"title": "Specimen labels"} | changes))


def label(*texts: str, **codes: str) -> Label:
    """A label whose first line is large."""
    first, *others = texts
    lines = (Line(first, "large", True), *(Line(text) for text in others))
    return Label(lines=lines, **codes)


def reader(rendered: RenderedDocument) -> Any:
    """The PDF, opened; pypdf types what it finds too loosely to be of use."""
    return PdfReader(io.BytesIO(rendered.pdf))


def page_texts(rendered: RenderedDocument) -> list[str]:
    """The selectable text of each page, blanks made single."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in reader(rendered).pages]


def printed(document: Report | Pack | Labels) -> str:
    """The selectable text of the whole document."""
    return " ".join(page_texts(render(document)))
