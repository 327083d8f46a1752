"""Process behaviour (XmR) charts in the manner of NHS England's Making Data Count.

The limits come from outside (mean and mean plus or minus 2.66 mean moving ranges; Wheeler,
Understanding Variation). Here they are drawn, and the points that signal a change are marked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.charts.drawing import (
    Chart,
    Number,
    Scale,
    dot,
    line,
    nice_bounds,
    path,
    pushed_apart,
    shown,
    square,
    svg,
    text,
    text_width,
)

WIDTH = 900.0
HEIGHT = 244.0
START = 40.0
TOP = 40.0
BOTTOM = 30.0
RUN = 7
NEAR = 2 / 3
AXIS_LABELS = 9
GOOD = 4.0
USUAL = 3.4
BAD = 8.0
KEY_GAP = 34.0
Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True, slots=True)
class Observation:
    """The value of one period, under the name it has on the axis."""

    label: str
    value: Number


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of observations [start, end) with one mean and its limits."""

    start: int
    end: int
    mean: Number
    lower: Number
    upper: Number


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened before the observation at this place."""

    before: int
    words: str


def signals(values: Sequence[Number], mean: Number, lower: Number, upper: Number) -> list[int]:
    """Say for each value whether it signals a change: 1 upwards, -1 downwards, 0 usual variation.

    Four rules: outside a limit; seven in a row on one side of the mean; seven in a row rising or
    falling; two of three in the outer third towards the same limit.
    """
    numbers = [float(value) for value in values]
    found = [0] * len(numbers)
    _mark_near(numbers, float(mean), float(lower), float(upper), found)
    for at in range(len(numbers) - RUN + 1):
        window = numbers[at : at + RUN]
        side = {(value > float(mean)) - (value < float(mean)) for value in window}
        slope = {(b > a) - (b < a) for a, b in pairwise(window)}
        for signs in (side, slope):
            if len(signs) == 1 and 0 not in signs:
                found[at : at + RUN] = [next(iter(signs))] * RUN
    for at, value in enumerate(numbers):
        if value > float(upper) or value < float(lower):
            found[at] = 1 if value > float(upper) else -1
    return found


def _mark_near(
    values: list[float], mean: float, lower: float, upper: float, found: list[int]
) -> None:
    high, low = mean + (upper - mean) * NEAR, mean - (mean - lower) * NEAR
    near = [(value > high) - (value < low) for value in values]
    for at in range(len(values) - 2):
        for sign in (1, -1):
            hits = [place for place in range(at, at + 3) if near[place] == sign]
            same_side = all((values[place] - mean) * sign > 0 for place in range(at, at + 3))
            if len(hits) > 1 and same_side:
                for place in hits:
                    found[place] = sign


@dataclass(frozen=True, slots=True)
class _Frame:
    x: Scale
    y: Scale
    grid: list[float]
    end: float


def _meaning(sign: int, better: Better) -> str:
    if sign == 0:
        return "usual"
    if better == "neither":
        return "change"
    return "good" if (sign > 0) == (better == "higher") else "bad"


def _mark(meaning: str, x: float, y: float) -> SafeString:
    if meaning == "bad":
        return square("hms-ch-bad", x, y, BAD)
    if meaning == "change":
        return dot("hms-ch-change", x, y, GOOD)
    return dot("hms-ch-good", x, y, GOOD) if meaning == "good" else dot("hms-ch-usual", x, y, USUAL)


def meaning_words() -> dict[str, str]:
    return {
        "usual": gettext("Usual variation"),
        "good": gettext("Improvement signal"),
        "bad": gettext("Concern signal"),
        "change": gettext("Change signal"),
    }


def _key(better: Better) -> list[SafeString]:
    names = ["usual", "change"] if better == "neither" else ["usual", "good", "bad"]
    words = meaning_words()
    parts, x = [], START + 6
    for name in names:
        parts += [_mark(name, x, 9), text(x + 9, 13, words[name])]
        x += text_width(words[name]) + KEY_GAP
    return parts


def _phase_lines(phase: Phase, frame: _Frame) -> list[SafeString]:
    x1, x2 = frame.x(phase.start - 0.4), frame.x(phase.end - 1 + 0.4)
    words = gettext("Mean %(mean)s, limits %(lower)s to %(upper)s") % {
        "mean": shown(phase.mean),
        "lower": shown(phase.lower),
        "upper": shown(phase.upper),
    }
    parts = [
        line(
            "hms-ch-mean" if value is phase.mean else "hms-ch-limit",
            x1,
            frame.y(value),
            x2,
            frame.y(value),
        )
        for value in (phase.mean, phase.lower, phase.upper)
    ]
    parts.append(text(x1 + 4, frame.y(phase.upper) - 5, words, css="hms-ch-em"))
    return parts


def _end_words(phases: Sequence[Phase], target: Number | None) -> list[tuple[Number, str, str]]:
    last = phases[-1]
    labels: list[tuple[Number, str, str]] = [
        (last.upper, "", gettext("Upper limit")),
        (last.mean, "hms-ch-em", gettext("Mean %(mean)s") % {"mean": shown(last.mean)}),
        (last.lower, "", gettext("Lower limit")),
    ]
    if target is not None:
        words = gettext("Target %(target)s") % {"target": shown(target)}
        labels.append((target, "hms-ch-target-text", words))
    return labels


def _background(
    observations: Sequence[Observation], frame: _Frame, events: Sequence[Event]
) -> list[SafeString]:
    floor = HEIGHT - BOTTOM
    parts = []
    for value in frame.grid:
        y = frame.y(value)
        parts.append(line("hms-ch-grid", START, y, frame.end, y))
        parts.append(text(START - 6, y + 4, shown(value), anchor="end"))
    for event in events:
        x = frame.x(event.before - 0.5)
        parts.append(line("hms-ch-event", x, TOP - 14, x, floor))
        parts.append(text(x + 5, TOP - 6, event.words, css="hms-ch-event-text"))
    every = max(1, -(-len(observations) // AXIS_LABELS))
    parts += [
        text(frame.x(at), HEIGHT - 10, observations[at].label, anchor="middle")
        for at in range(0, len(observations), every)
    ]
    parts.append(line("hms-ch-axis", START, floor, frame.end, floor))
    return parts


def _signs(observations: Sequence[Observation], phases: Sequence[Phase]) -> list[int]:
    found = [0] * len(observations)
    for phase in phases:
        values = [one.value for one in observations[phase.start : phase.end]]
        found[phase.start : phase.end] = signals(values, phase.mean, phase.lower, phase.upper)
    return found


def _frame(
    observations: Sequence[Observation], phases: Sequence[Phase], target: Number | None
) -> _Frame:
    numbers = [float(one.value) for one in observations]
    numbers += [float(limit) for phase in phases for limit in (phase.lower, phase.upper)]
    numbers += [float(target)] if target is not None else []
    grid = nice_bounds(numbers, wanted=6, zero=min(numbers) >= 0)
    end = WIDTH - 12 - max(text_width(words) for _y, _css, words in _end_words(phases, target))
    return _Frame(
        x=Scale(0, max(1, len(observations) - 1), START + 8, end - 8),
        y=Scale(grid[0], grid[-1], HEIGHT - BOTTOM, TOP),
        grid=grid,
        end=end,
    )


def spc(
    key: str,
    title: str,
    observations: Sequence[Observation],
    phases: Sequence[Phase],
    *,
    unit: str,
    description: str,
    target: Number | None = None,
    events: Sequence[Event] = (),
    better: Better = "lower",
) -> Chart:
    """Draw the observations at even periods with each phase's mean and limits, oldest first.

    Raises ValueError without an observation or a phase.
    """
    if not observations or not phases:
        message = "A process chart needs observations and a phase."
        raise ValueError(message)
    frame = _frame(observations, phases, target)
    signs = _signs(observations, phases)
    parts = [*_key(better), *_background(observations, frame, events)]
    if target is not None:
        y = frame.y(target)
        parts.append(line("hms-ch-target", START, y, frame.end, y))
    for phase in phases:
        parts += _phase_lines(phase, frame)
    ends = [(frame.y(value), css, words) for value, css, words in _end_words(phases, target)]
    for y, css, words in pushed_apart(ends):
        parts.append(text(frame.end + 6, y + 4, words, css=css))
    placed = [(frame.x(at), frame.y(one.value)) for at, one in enumerate(observations)]
    parts.append(path("hms-ch-line", placed))
    meanings = [_meaning(sign, better) for sign in signs]
    parts += [_mark(meaning, *spot) for meaning, spot in zip(meanings, placed, strict=True)]
    named = meaning_words()
    return Chart(
        drawing=svg(key, (WIDTH, HEIGHT), title, description, parts),
        caption=title,
        columns=(gettext("Period"), unit, gettext("Signal")),
        rows=tuple(
            (one.label, shown(one.value), named[meaning])
            for one, meaning in zip(observations, meanings, strict=True)
        ),
    )
