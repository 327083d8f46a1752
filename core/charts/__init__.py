"""Numbers become SVG on the server: with title, description and the same numbers as a table."""

from core.charts.bars import Bar, bars
from core.charts.drawing import Chart, Number
from core.charts.spark import spark
from core.charts.spc import Event, Observation, Phase, signals, spc
from core.charts.trend import Reading, Trend, trend

__all__ = [
    "Bar",
    "Chart",
    "Event",
    "Number",
    "Observation",
    "Phase",
    "Reading",
    "Trend",
    "bars",
    "signals",
    "spark",
    "spc",
    "trend",
]
