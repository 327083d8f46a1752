"""Pictures in documents: logos and charts, as SVG that reads nothing from outside itself."""

import base64
import re
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext_lazy as _

from core.documents.setter import TEMPLATES, DocumentTooSlow, SetError, compiler, within
from core.errors import ServiceError

LIMIT_BYTES = 1_000_000
LIMIT_PIXELS = 4000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Colours of the charts on paper; on screen they come from the style sheet.
CHART_STYLE = TEMPLATES / "charts.css"
TRIAL_SECONDS = 5.0
MM_PER_UNIT = 0.25
DEFAULT_WIDTH_MM = 80.0
VIEW_BOX = re.compile(r"viewBox=\"\s*[-\d.]+[ ,]+[-\d.]+[ ,]+(\d+(?:\.\d+)?)[ ,]")
# A filter or a foreign object can cost any amount of time; a script has no business on paper.
REFUSED_TAGS = re.compile(
    r"<!|<\?xml-stylesheet|<(?:[\w.-]+:)?(?:script|foreignObject|filter|iframe|animate\w*|set)\b",
    re.IGNORECASE,
)
COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
REFERENCE = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
CSS_REFERENCE = re.compile(r"@import|url\((?!\s*[\"']?#)", re.IGNORECASE)
SVG_ROOT = re.compile(r"<svg\b[^>]*>", re.IGNORECASE)


class GraphicRefused(ServiceError):
    """The picture is too large, damaged, or refers to something outside itself."""

    code = "picture_refused"
    status = 422
    message = _("This picture cannot be printed. Use a PNG or SVG file of at most 1 MB.")


def _is_own(reference: str) -> bool:
    return reference.startswith(("#", "data:image/png;base64,"))


def _checked(svg: str) -> str:
    """Return the drawing without comments and prologue. Raises GraphicRefused."""
    svg = COMMENTS.sub("", svg)
    references = (double or single for double, single in REFERENCE.findall(svg))
    root = SVG_ROOT.search(svg)
    if (
        root is None
        or REFUSED_TAGS.search(svg)
        or CSS_REFERENCE.search(svg)
        or not all(_is_own(reference) for reference in references)
    ):
        raise GraphicRefused
    head = root.group()
    if "xmlns=" not in head:
        head = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    style = f"<style>{CHART_STYLE.read_text('utf-8')}</style>" if "hms-ch" in head else ""
    return head + style + svg[root.end() :]


def _png_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the header. Raises GraphicRefused."""
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if not (0 < width <= LIMIT_PIXELS and 0 < height <= LIMIT_PIXELS):
        raise GraphicRefused
    return width, height


def _png_as_svg(data: bytes) -> str:
    width, height = _png_size(data)
    content = base64.b64encode(data).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{content}"/></svg>'
    )


@dataclass(frozen=True, slots=True)
class Graphic:
    """A picture that was checked; make one with `from_svg` or `from_bytes`."""

    svg: str

    @property
    def width_mm(self) -> float:
        """The width at which a chart's words of 12 units are as large as those of the page."""
        box = VIEW_BOX.search(self.svg)
        return float(box.group(1)) * MM_PER_UNIT if box else DEFAULT_WIDTH_MM

    @classmethod
    def from_svg(cls, svg: str) -> Self:
        """Return the drawing, with the charts' colours if it is a chart. Raises GraphicRefused."""
        if len(svg) > LIMIT_BYTES:
            raise GraphicRefused
        return cls(_checked(svg))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the PNG or SVG file as a picture, tried in print. Raises GraphicRefused."""
        if len(data) > LIMIT_BYTES:
            raise GraphicRefused
        try:
            if data.startswith(PNG_SIGNATURE):
                made = cls(_png_as_svg(data))
            else:
                made = cls.from_svg(data.decode("utf-8-sig"))
            trial = compiler("graphic", svg=made.svg)
            within(TRIAL_SECONDS, lambda: trial.compile(format="pdf"))
        except (UnicodeDecodeError, SetError, DocumentTooSlow) as error:
            raise GraphicRefused from error
        return made
