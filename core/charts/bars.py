"""Amounts by name as lying bars: long names fit, and the value stands at the end of its bar."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.charts.drawing import (
    Chart,
    Number,
    Scale,
    line,
    nice_bounds,
    rect,
    shown,
    svg,
    text,
    text_width,
)

WIDTH = 400.0
ROW = 26.0
THICKNESS = 14.0
TOP = 8.0
BOTTOM = 24.0
LONGEST_NAME = 180.0
GAP = 8.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A name and its amount; `series` 1 to 4 picks the colour."""

    label: str
    value: Number
    series: int = 1


def _row(bar: Bar, at: int, start: float, scale: Scale) -> list[SafeString]:
    y = TOP + at * ROW
    css = "hms-ch-bar" if bar.series == 1 else f"hms-ch-bar-{bar.series}"
    edge = scale(bar.value)
    return [
        text(start - GAP, y + ROW / 2 + 4, bar.label, anchor="end"),
        rect(css, start, y + (ROW - THICKNESS) / 2, edge - start, THICKNESS),
        text(edge + 5, y + ROW / 2 + 4, shown(bar.value), css="hms-ch-em"),
    ]


def bars(key: str, title: str, rows: Sequence[Bar], *, unit: str, description: str) -> Chart:
    """Draw the bars in the given order. Raises ValueError without a bar or below zero."""
    if not rows or min(float(row.value) for row in rows) < 0:
        message = "A bar chart needs bars, none of them below zero."
        raise ValueError(message)
    start = min(LONGEST_NAME, max(text_width(row.label) for row in rows)) + GAP
    room = max(text_width(shown(row.value)) for row in rows) + 10
    grid = nice_bounds([float(row.value) for row in rows], wanted=4, zero=True)
    scale = Scale(0.0, grid[-1], start, WIDTH - room)
    height = TOP + len(rows) * ROW + BOTTOM
    floor = height - BOTTOM
    parts: list[SafeString] = []
    for value in grid:
        x = scale(value)
        parts.append(line("hms-ch-grid", x, TOP, x, floor))
        parts.append(text(x, height - 8, shown(value), anchor="middle"))
    parts.append(line("hms-ch-axis", start, TOP, start, floor))
    for at, bar in enumerate(rows):
        parts += _row(bar, at, start, scale)
    return Chart(
        drawing=svg(key, (WIDTH, height), title, description, parts),
        caption=title,
        columns=(gettext("Name"), unit),
        rows=tuple((row.label, shown(row.value)) for row in rows),
    )
