"""What every chart is drawn with: scales, marks, texts, and the frame of figure and table."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

Number = int | float | Decimal
CHAR_WIDTH = 6.4
LINE_HEIGHT = 13.0
NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
FLOAT_DECIMALS = 2


def px(value: float) -> str:
    """A coordinate with one decimal at most, so that files stay small and tests exact."""
    text = f"{value:.1f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def shown(value: Number) -> str:
    """A value as people read it: decimals as recorded, separators of the active language."""
    if isinstance(value, float):
        value = Decimal(repr(round(value, FLOAT_DECIMALS))).normalize()
        if value == value.to_integral_value():
            value = value.quantize(Decimal(1))
    return number_format(value, use_l10n=True)


def text_width(text: str) -> float:
    """The room a label of 12 px takes, on the safe side."""
    return len(text) * CHAR_WIDTH


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to pixels, straight and true to scale."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: Number) -> float:
        span = self.high - self.low
        share = (float(value) - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)


def nice_step(span: float, wanted: int) -> float:
    """The round number that cuts the span into about the wanted number of steps."""
    if span <= 0:
        return 1.0
    raw = span / wanted
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(step * magnitude for step in NICE_STEPS if raw <= step * magnitude * 1.0000001)


def nice_bounds(values: Sequence[float], *, wanted: int = 5, zero: bool = False) -> list[float]:
    """Round grid values that enclose all values; from zero on if asked."""
    low, high = min(values), max(values)
    if zero:
        low, high = min(0.0, low), max(0.0, high)
    if low == high:
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    step = nice_step(high - low, wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def line(css: str, x1: float, y1: float, x2: float, y2: float) -> SafeString:
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', css, px(x1), px(y1), px(x2), px(y2)
    )


def rect(css: str, x: float, y: float, width: float, height: float) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css,
        px(x),
        px(y),
        px(max(0.0, width)),
        px(max(0.0, height)),
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", css: str = "") -> SafeString:
    return format_html(
        '<text{} x="{}" y="{}" text-anchor="{}">{}</text>',
        format_html(' class="{}"', css) if css else "",
        px(x),
        px(y),
        anchor,
        words,
    )


def path(css: str, points: Iterable[tuple[float, float]]) -> SafeString:
    steps = "L".join(f"{px(x)} {px(y)}" for x, y in points)
    return format_html('<path class="{}" d="M{}"/>', css, steps)


def dot(css: str, x: float, y: float, radius: float) -> SafeString:
    return format_html('<circle class="{}" cx="{}" cy="{}" r="{}"/>', css, px(x), px(y), px(radius))


def square(css: str, x: float, y: float, size: float) -> SafeString:
    return rect(css, x - size / 2, y - size / 2, size, size)


def diamond(css: str, x: float, y: float, size: float) -> SafeString:
    half = size * math.sqrt(2) / 2
    corners = f"{px(x)} {px(y - half)}L{px(x + half)} {px(y)}L{px(x)} {px(y + half)}"
    return format_html('<path class="{}" d="M{}L{} {}Z"/>', css, corners, px(x - half), px(y))


def together(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def pushed_apart(labels: Iterable[tuple[float, str, str]]) -> Iterator[tuple[float, str, str]]:
    """The labels (height, class, words) from top to bottom, moved down where they would overlap."""
    last = -math.inf
    for y, css, words in sorted(labels):
        last = max(y, last + LINE_HEIGHT)
        yield last, css, words


def svg(
    key: str, size: tuple[float, float], title: str, description: str, parts: Iterable[SafeString]
) -> SafeString:
    """The drawing with its title and description; it reads left to right in every language."""
    return format_html(
        '<svg class="hms-ch hms-ch-w{}" viewBox="0 0 {} {}" direction="ltr" role="img" '
        'aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
        px(size[0]),
        px(size[0]),
        px(size[1]),
        key,
        key,
        key,
        title,
        key,
        description,
        together(parts),
    )


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and its numbers; in a template it draws itself as a figure."""

    drawing: SafeString
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def table(self) -> SafeString:
        """The numbers as a table for readers and print."""
        heads = format_html_join(
            "", '<th scope="col">{}</th>', ((column,) for column in self.columns)
        )
        rows = format_html_join(
            "",
            '<tr><th scope="row">{}</th>{}</tr>',
            (
                (
                    row[0],
                    format_html_join("", '<td class="hms-num">{}</td>', ((c,) for c in row[1:])),
                )
                for row in self.rows
            ),
        )
        return format_html(
            '<table class="hms-table"><caption class="visually-hidden">{}</caption>'
            "<thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
            self.caption,
            heads,
            rows,
        )

    def __html__(self) -> str:
        return format_html(
            '<figure class="hms-chart"><div class="hms-scroll">{}</div>'
            '<details class="hms-chart-table"><summary>{}</summary>{}</details></figure>',
            self.drawing,
            gettext("Data table"),
            self.table(),
        )

    def __str__(self) -> str:
        return self.__html__()
