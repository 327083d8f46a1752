"""Charts: where the points stand, which rules mark them, and that the numbers come along."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from core import charts
from core.charts import drawing, times

PARIS = ZoneInfo("Europe/Paris")


def attributes(svg: str, pattern: str) -> list[tuple[float, ...]]:
    """The numbers in each match of the pattern, where N stands for a number."""
    return [
        tuple(float(number) for number in (found if isinstance(found, tuple) else (found,)))
        for found in re.findall(pattern.replace("N", r"(-?[\d.]+)"), svg)
    ]


@pytest.mark.parametrize(
    ("values", "grid"),
    [
        ([4.4, 6.8], [4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0]),
        ([0.0, 100.0], [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]),
        ([5.0, 5.0], [4.0, 4.5, 5.0, 5.5, 6.0]),
        ([0.0, 0.0], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ([-3.0, 9.0], [-5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0]),
    ],
)
def test_grids_are_round_and_enclose_the_values(values: list[float], grid: list[float]) -> None:
    assert drawing.nice_bounds(values) == grid


@pytest.mark.parametrize(
    ("value", "written"),
    [(Decimal("5.0"), "5.0"), (5.0, "5"), (5.126, "5.13"), (7, "7"), (0.1 + 0.2, "0.3")],
)
def test_values_keep_their_recorded_decimals(value: drawing.Number, written: str) -> None:
    assert drawing.shown(value) == written


def test_labels_are_pushed_apart() -> None:
    labels = [(50.0, "", "b"), (48.0, "", "a"), (90.0, "", "c")]
    assert [(y, words) for y, _css, words in drawing.pushed_apart(labels)] == [
        (48.0, "a"),
        (61.0, "b"),
        (90.0, "c"),
    ]


def test_a_spark_line_is_true_to_time_and_shows_the_range() -> None:
    svg = charts.spark([(0, 5), (30, 5), (90, 6)], label="K", low=4, high=5, flag="crit")
    (steps,) = re.findall(r'class="hms-ch-line" d="M([^"]+)"', svg)
    xs = [float(step.split()[0]) for step in steps.split("L")]
    assert xs == [4.0, 40.7, 114.0]
    assert svg.count("hms-ch-band") == 1
    assert svg.count("hms-ch-crit") == 1
    assert "<title>K</title>" in svg


def test_a_spark_line_of_one_point_is_a_dot() -> None:
    svg = charts.spark([(1, 5)], label="K")
    assert "hms-ch-line" not in svg
    assert svg.count("hms-ch-usual") == 1


@pytest.mark.parametrize("draw", [lambda: charts.spark([], label="K"), lambda: potassium([])])
def test_nothing_cannot_be_drawn(draw: object) -> None:
    with pytest.raises(ValueError, match="needs"):
        draw()


def potassium(values: list[tuple[int, str]]) -> charts.Chart:
    """Potassium on days of November at 08:12."""
    return charts.trend(
        charts.Trend(
            key="k",
            title="Potassium <K>",
            unit="mmol/L",
            readings=tuple(
                charts.Reading(datetime(2026, 11, day, 8, 12, tzinfo=UTC), Decimal(value))
                for day, value in values
            ),
            low=Decimal("3.5"),
            high=Decimal("5.1"),
            critical_low=Decimal("2.5"),
            critical_high=Decimal("6.0"),
        )
    )


def test_a_trend_keeps_uneven_gaps_uneven() -> None:
    chart = potassium([(10, "4.4"), (12, "4.6"), (18, "4.5")])
    xs = [x for x, _y in attributes(chart.drawing, 'class="hms-ch-good" cx="N" cy="N"')]
    assert (xs[1] - xs[0]) / (xs[2] - xs[0]) == pytest.approx(0.25, abs=0.002)
    assert xs == sorted(xs)


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *(("3.5", "good"), ("5.1", "good"), ("5.2", "abnormal"), ("3.4", "abnormal")),
        *(("6.0", "crit"), ("2.5", "crit"), ("2.6", "abnormal")),
    ],
)
def test_a_trend_marks_points_by_its_limits(value: str, flag: str) -> None:
    drawn = potassium([(10, value)]).drawing
    assert drawn.count(f'class="hms-ch-{flag}"') == 1


def test_a_trend_names_axis_range_and_last_value() -> None:
    chart = potassium([(10, "4.4"), (12, "5.0")])
    for words in (">mmol/L<", ">range<", ">3.5 to 5.1<", ">critical 6.0<", ">5.0<", "12-Nov"):
        assert words in chart.drawing
    assert '<title id="k-t">Potassium &lt;K&gt;</title>' in chart.drawing
    assert '<desc id="k-d">2 values, the last 5.0 mmol/L on 12-Nov-2026' in chart.drawing


def test_a_chart_brings_its_numbers_as_a_table() -> None:
    html = str(potassium([(10, "4.4"), (12, "5.0")]))
    assert html.startswith('<figure class="hms-chart">')
    assert "<summary>Data table</summary>" in html
    assert html.count('<th scope="row">') == 2
    assert '<td class="hms-num">5.0</td>' in html


def test_a_trend_without_limits_has_no_band() -> None:
    shape = charts.Trend("k", "Weight", "kg", (charts.Reading(date(2026, 11, 1), 70.5),))
    chart = charts.trend(shape)
    assert "hms-ch-band" not in chart.drawing
    assert chart.rows == (("01-Nov-2026", "70.5"),)


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (5, ["10:00", "11:00", "12:00", "13:00", "14:00"]),
        (30, ["12:00", "18:00", "00:00", "06:00", "12:00"]),
        (24 * 5, ["25-Oct", "26-Oct", "27-Oct", "28-Oct", "29-Oct"]),
        (24 * 60, ["07-Nov", "21-Nov", "05-Dec", "19-Dec"]),
        (24 * 150, ["Nov-2026", "Dec-2026", "Jan-2027", "Feb-2027", "Mar-2027"]),
        (24 * 1500, ["Jan-2027", "Jan-2028", "Jan-2029", "Jan-2030"]),
    ],
)
def test_time_ticks_are_round_over_the_summer_time_change(hours: int, labels: list[str]) -> None:
    first = datetime(2026, 10, 24, 9, 30, tzinfo=PARIS)
    found = times.ticks(first, first + timedelta(hours=hours), 6)
    assert [label for _tick, label in found][-len(labels) :] == labels


def test_plain_dates_are_local_midnights() -> None:
    with timezone.override(PARIS):
        assert times.as_moment(date(2026, 7, 1)).isoformat() == "2026-07-01T00:00:00+02:00"


USUAL = [10, 11, 9, 10.5, 9.5, 10.2, 9.8]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (USUAL, [0] * 7),
        ([*USUAL, 14], [0] * 7 + [1]),
        ([*USUAL, 6], [0] * 7 + [-1]),
        ([*USUAL, 13, 10, 9], [0] * 10),
        ([10.1] * 7, [1] * 7),
        ([10.1] * 6, [0] * 6),
        ([9.9] * 7, [-1] * 7),
        ([10.1] * 3 + [10] + [10.1] * 3, [0] * 7),
        ([8, 8.5, 9, 9.5, 10.5, 11, 11.5], [1] * 7),
        ([11.5, 11, 10.5, 9.5, 9, 8.5, 8], [-1] * 7),
        ([9, 12.5, 11, 12.5, 9], [0, 1, 0, 1, 0]),
        ([9, 12.5, 9, 12.5, 9], [0, 0, 0, 0, 0]),
        ([11, 7.5, 7.5, 11], [0, 0, 0, 0]),
        ([9, 7.5, 7.5, 11], [0, -1, -1, 0]),
    ],
)
def test_four_rules_mark_a_change(values: list[float], found: list[int]) -> None:
    assert charts.signals(values, mean=10, lower=7, upper=13) == found


def spc(values: list[float], **extra: object) -> charts.Chart:
    observations = [charts.Observation(f"w{at}", value) for at, value in enumerate(values)]
    phase = charts.Phase(0, len(values), 10, 7, 13)
    return charts.spc(
        "s", "Waiting", observations, [phase], unit="min", description="Stable.", **extra
    )


@pytest.mark.parametrize(
    ("better", "css"), [("lower", "bad"), ("higher", "good"), ("neither", "change")]
)
def test_a_rise_is_good_or_bad_as_the_measure_says(better: str, css: str) -> None:
    drawn = spc([*USUAL, 14], better=better).drawing
    key = 1
    assert drawn.count(f'class="hms-ch-{css}"') == key + 1


def test_a_process_chart_says_the_signal_in_its_table() -> None:
    chart = spc([*USUAL, 14])
    assert chart.columns == ("Period", "min", "Signal")
    assert chart.rows[-1] == ("w7", "14", "Concern signal")
    assert chart.rows[0] == ("w0", "10", "Usual variation")


def test_limits_and_mean_stand_at_their_values() -> None:
    drawn = spc(USUAL, target=8).drawing
    grid = attributes(drawn, 'class="hms-ch-grid" x1="N" y1="N" x2="N" y2="N"')
    limits = attributes(drawn, 'class="hms-ch-limit" x1="N" y1="N" x2="N" y2="N"')
    mean = attributes(drawn, 'class="hms-ch-mean" x1="N" y1="N" x2="N" y2="N"')
    target = attributes(drawn, 'class="hms-ch-target" x1="N" y1="N" x2="N" y2="N"')
    scale = drawing.Scale(0, 15, grid[0][1], grid[-1][1])
    assert sorted(line[1] for line in limits) == pytest.approx([scale(13), scale(7)], abs=0.1)
    assert mean[0][1] == pytest.approx(scale(10), abs=0.1)
    assert target[0][1] == pytest.approx(scale(8), abs=0.1)


def test_each_phase_has_its_own_limits() -> None:
    observations = [charts.Observation(f"w{at}", value) for at, value in enumerate(USUAL * 2)]
    chart = charts.spc(
        "s",
        "Waiting",
        observations,
        [charts.Phase(0, 7, 10, 7, 13), charts.Phase(7, 14, 5, 4, 6)],
        unit="min",
        description="Better.",
        events=[charts.Event(7, "Go-live")],
    )
    signals = [row[2] for row in chart.rows]
    assert signals == ["Usual variation"] * 7 + ["Concern signal"] * 7
    assert ">Mean 10, limits 7 to 13<" in chart.drawing
    assert ">Go-live<" in chart.drawing


@pytest.mark.parametrize(("values", "phases"), [([], True), ([1.0], False)])
def test_a_process_chart_needs_points_and_a_phase(values: list[float], phases: bool) -> None:
    observations = [charts.Observation("w", value) for value in values]
    with pytest.raises(ValueError, match="needs"):
        charts.spc(
            "s",
            "x",
            observations,
            [charts.Phase(0, 1, 1, 0, 2)] if phases else [],
            unit="",
            description="",
        )


def test_bars_start_at_zero_and_end_at_their_value() -> None:
    rows = [charts.Bar("General medicine", 24), charts.Bar("Orthopaedics", 12, series=2)]
    chart = charts.bars("b", "Waiting", rows, unit="patients", description="Two.")
    first = attributes(chart.drawing, 'class="hms-ch-bar" x="N" y="N" width="N" height="N"')[0]
    second = attributes(chart.drawing, 'class="hms-ch-bar-2" x="N" y="N" width="N" height="N"')[0]
    assert first[0] == second[0]
    assert first[2] == pytest.approx(2 * second[2], abs=0.1)
    assert chart.rows == (("General medicine", "24"), ("Orthopaedics", "12"))


@pytest.mark.parametrize("rows", [[], [charts.Bar("a", -1)]])
def test_bars_refuse_nothing_and_less_than_nothing(rows: list[charts.Bar]) -> None:
    with pytest.raises(ValueError, match="bars"):
        charts.bars("b", "x", rows, unit="", description="")


def test_no_drawing_has_a_style_or_a_handler() -> None:
    everything = str(potassium([(10, "4.4"), (12, "7")])) + str(spc([*USUAL, 14], target=8))
    assert "style=" not in everything
    assert not re.search(r"\son\w+=", everything)
    assert everything.count('direction="ltr"') == 2
