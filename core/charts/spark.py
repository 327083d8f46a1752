"""A small line beside a number and its flag; never without them (it makes values look normal)."""

from collections.abc import Sequence
from typing import Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.charts.drawing import Number, Scale, diamond, dot, path, px, rect, together

Flag = Literal["usual", "abnormal", "crit"]
WIDTH = 120.0
HEIGHT = 26.0
MARGIN = 4.0
MARGIN_END = 6.0
HEADROOM = 0.12
DOT = 2.5
DIAMOND = 6.0


def spark(
    points: Sequence[tuple[float, Number]],
    *,
    label: str,
    low: Number | None = None,
    high: Number | None = None,
    flag: Flag = "usual",
) -> SafeString:
    """Draw (time, value) pairs, oldest first, with the reference range as a band.

    Raises ValueError without a point.
    """
    if not points:
        message = "A spark line needs a point."
        raise ValueError(message)
    values = [float(value) for _at, value in points]
    bounds = [*values, *(float(limit) for limit in (low, high) if limit is not None)]
    room = (max(bounds) - min(bounds)) * HEADROOM or 1.0
    x = Scale(points[0][0], points[-1][0], MARGIN, WIDTH - MARGIN_END)
    y = Scale(min(bounds) - room, max(bounds) + room, HEIGHT - 3, 3)
    parts = []
    if low is not None or high is not None:
        top = y(high) if high is not None else 0.0
        bottom = y(low) if low is not None else HEIGHT
        parts.append(rect("hms-ch-band", 0, top, WIDTH, bottom - top))
    placed = [(x(at), y(value)) for at, value in points]
    if len(placed) > 1:
        parts.append(path("hms-ch-line", placed))
    last = placed[-1]
    if flag == "usual":
        parts.append(dot("hms-ch-usual", *last, DOT))
    else:
        parts.append(diamond(f"hms-ch-{flag}", *last, DIAMOND))
    return format_html(
        '<svg class="hms-ch hms-spark" viewBox="0 0 {} {}" direction="ltr" role="img" '
        'aria-label="{}"><title>{}</title>{}</svg>',
        px(WIDTH),
        px(HEIGHT),
        label,
        label,
        together(parts),
    )
