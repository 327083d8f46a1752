"""One measured value over time: true to scale, with its range, every axis named."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.charts import times
from core.charts.drawing import (
    Chart,
    Number,
    Scale,
    diamond,
    dot,
    line,
    nice_bounds,
    path,
    rect,
    shown,
    svg,
    text,
    text_width,
)
from core.templatetags.formats import date_text, when_text

WIDTH = 400.0
HEIGHT = 186.0
TOP = 24.0
BOTTOM = 26.0
START = 34.0
LABELLED_POINTS = 8
TICKS = 6
POINT = 3.6
MARK = 8.0
LABEL_ROOM = 10.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A value and when it was taken."""

    at: date | datetime
    value: Number


@dataclass(frozen=True, slots=True)
class Trend:
    """What the chart shows; limits are left out where there are none."""

    key: str
    title: str
    unit: str
    readings: tuple[Reading, ...]
    low: Number | None = None
    high: Number | None = None
    critical_low: Number | None = None
    critical_high: Number | None = None

    def flag(self, value: Number) -> str:
        """`crit`, `abnormal` or `good`, by the limits."""
        if self.critical_high is not None and value >= self.critical_high:
            return "crit"
        if self.critical_low is not None and value <= self.critical_low:
            return "crit"
        is_high = self.high is not None and value > self.high
        is_low = self.low is not None and value < self.low
        return "abnormal" if is_high or is_low else "good"

    def range_words(self) -> str:
        if self.low is not None and self.high is not None:
            return gettext("%(low)s to %(high)s") % {
                "low": shown(self.low),
                "high": shown(self.high),
            }
        if self.high is not None:
            return gettext("under %(high)s") % {"high": shown(self.high)}
        return gettext("over %(low)s") % {"low": shown(self.low)} if self.low is not None else ""

    def limits(self) -> list[Number]:
        found = (self.low, self.high, self.critical_low, self.critical_high)
        return [limit for limit in found if limit is not None]


@dataclass(frozen=True, slots=True)
class _Frame:
    x: Scale
    y: Scale
    grid: list[float]
    end: float
    first: datetime
    last: datetime


def _end_labels(shape: Trend) -> list[str]:
    labels = [shape.range_words()]
    critical = (shape.critical_low, shape.critical_high)
    words = gettext("critical %(limit)s")
    labels += [words % {"limit": shown(limit)} for limit in critical if limit is not None]
    return labels


def _frame(shape: Trend) -> _Frame:
    moments = [times.as_moment(reading.at) for reading in shape.readings]
    numbers = [float(r.value) for r in shape.readings] + [float(n) for n in shape.limits()]
    grid = nice_bounds(numbers, wanted=4)
    end = WIDTH - max(10.0, 10 + max(text_width(words) for words in _end_labels(shape)))
    return _Frame(
        x=Scale(moments[0].timestamp(), moments[-1].timestamp(), START + 8, end - 8),
        y=Scale(grid[0], grid[-1], HEIGHT - BOTTOM, TOP),
        grid=grid,
        end=end,
        first=moments[0],
        last=moments[-1],
    )


def _background(shape: Trend, frame: _Frame) -> list[SafeString]:
    parts = []
    if shape.low is not None or shape.high is not None:
        top = frame.y(shape.high) if shape.high is not None else TOP
        bottom = frame.y(shape.low) if shape.low is not None else HEIGHT - BOTTOM
        parts.append(rect("hms-ch-band", START, top, frame.end - START, bottom - top))
        middle = (top + bottom) / 2
        parts.append(text(frame.end + 5, middle - 2, gettext("range")))
        parts.append(text(frame.end + 5, middle + 10, shape.range_words()))
    for value in frame.grid:
        y = frame.y(value)
        parts.append(line("hms-ch-grid", START, y, frame.end, y))
        parts.append(text(START - 6, y + 4, shown(value), anchor="end"))
    parts.append(text(START, TOP - 12, shape.unit))
    for limit in (shape.critical_low, shape.critical_high):
        if limit is not None:
            y = frame.y(limit)
            words = gettext("critical %(limit)s") % {"limit": shown(limit)}
            parts.append(line("hms-ch-crit-line", START, y, frame.end, y))
            parts.append(text(frame.end + 5, y + 4, words, css="hms-ch-crit-text"))
    return parts


def _time_axis(frame: _Frame) -> list[SafeString]:
    floor = HEIGHT - BOTTOM
    parts = [line("hms-ch-axis", START, floor, frame.end, floor)]
    for tick, label in times.ticks(frame.first, frame.last, TICKS):
        x = frame.x(tick.timestamp())
        parts.append(line("hms-ch-axis", x, floor, x, floor + 4))
        parts.append(text(x, HEIGHT - 8, label, anchor="middle"))
    return parts


def _points(shape: Trend, frame: _Frame) -> list[SafeString]:
    placed = [
        (frame.x(times.as_moment(r.at).timestamp()), frame.y(r.value)) for r in shape.readings
    ]
    parts = [path("hms-ch-series", placed)] if len(placed) > 1 else []
    for at, (reading, (x, y)) in enumerate(zip(shape.readings, placed, strict=True)):
        flag = shape.flag(reading.value)
        mark = dot("hms-ch-good", x, y, POINT) if flag == "good" else None
        parts.append(mark or diamond(f"hms-ch-{flag}", x, y, MARK))
        if at == len(placed) - 1:
            steep = len(placed) > 1 and abs(placed[at - 1][1] - y) > LABEL_ROOM
            spot = (x - 8, y + 4) if steep else (x, y - 9)
            parts.append(text(*spot, shown(reading.value), anchor="end", css="hms-ch-em"))
        elif len(placed) <= LABELLED_POINTS:
            rises = placed[at + 1][1] < y - LABEL_ROOM
            parts.append(text(x, y + 17 if rises else y - 8, shown(reading.value), anchor="middle"))
    return parts


def _taken(value: date | datetime) -> str:
    return when_text(value) if isinstance(value, datetime) else date_text(value)


def trend(shape: Trend) -> Chart:
    """Draw the readings, oldest first. Raises ValueError without a reading."""
    if not shape.readings:
        message = "A trend needs a reading."
        raise ValueError(message)
    frame = _frame(shape)
    last = shape.readings[-1]
    description = gettext("%(count)d values, the last %(value)s %(unit)s on %(when)s.") % {
        "count": len(shape.readings),
        "value": shown(last.value),
        "unit": shape.unit,
        "when": _taken(last.at),
    }
    parts = [*_background(shape, frame), *_time_axis(frame), *_points(shape, frame)]
    return Chart(
        drawing=svg(shape.key, (WIDTH, HEIGHT), shape.title, description, parts),
        caption=shape.title,
        columns=(gettext("Taken"), shape.unit),
        rows=tuple((_taken(r.at), shown(r.value)) for r in shape.readings),
    )
