"""Working minutes between two instants: by the clock of the site, holidays left out."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.rules import WEEKDAYS, business_minutes, hours_fault

PARIS = "Europe/Paris"
OFFICE = {day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in "12345"}
NIGHTS = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
ZONES = st.sampled_from([PARIS, "UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"])
MIN, MAX = (datetime(year, month, 1, tzinfo=None) for year, month in ((2025, 12), (2027, 2)))  # noqa: DTZ001
MOMENTS = st.datetimes(MIN, MAX).map(
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)
LENGTHS = st.integers(0, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))
TIMES = st.lists(st.integers(0, 48), min_size=2, max_size=6, unique=True).map(
    lambda halves: sorted(halves)[: len(halves) // 2 * 2]
)
DAYS = TIMES.map(
    lambda halves: [
        [_clock(opens), _clock(closes)]
        for opens, closes in zip(halves[::2], halves[1::2], strict=True)
    ]
)
HOURS = st.dictionaries(st.sampled_from(WEEKDAYS), DAYS, min_size=1)
HOLIDAYS = st.sets(st.dates(date(2025, 12, 1), date(2027, 1, 31)), max_size=20)


def _clock(halves: int) -> str:
    return f"{halves // 2:02}:{halves % 2 * 30:02}"


def paris(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(PARIS))


def minutes(hours: dict, start: datetime, end: datetime, *holidays: date) -> int:
    return business_minutes(hours, set(holidays), PARIS, start, end)


def test_the_lunch_break_does_not_count() -> None:
    assert minutes(OFFICE, paris(2026, 3, 3, 11, 30), paris(2026, 3, 3, 13, 15)) == 45


def test_the_night_and_the_weekend_do_not_count() -> None:
    assert minutes(OFFICE, paris(2026, 3, 6, 16, 0), paris(2026, 3, 9, 9, 0)) == 120


def test_a_holiday_does_not_count() -> None:
    start, end = paris(2026, 5, 13, 16, 0), paris(2026, 5, 15, 9, 0)
    assert minutes(OFFICE, start, end, date(2026, 5, 14)) == 120


def test_the_end_does_not_belong_to_the_interval() -> None:
    assert minutes(OFFICE, paris(2026, 3, 3, 12, 0), paris(2026, 3, 3, 13, 0)) == 0


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_the_day_on_which_clocks_change_is_as_long_as_it_is(day: tuple, hours: int) -> None:
    start = paris(*day)
    end = (start + timedelta(days=1)).replace(tzinfo=ZoneInfo(PARIS))
    assert minutes(NIGHTS, start, end) == hours * 60


def test_an_hour_that_does_not_exist_has_no_minutes() -> None:
    night = {"7": [["02:00", "03:00"]]}
    assert minutes(night, paris(2026, 3, 28), paris(2026, 3, 30)) == 0


def test_nothing_is_counted_twice_around_an_hour_that_does_not_exist() -> None:
    night = {"7": [["01:00", "02:30"], ["02:30", "03:00"], ["03:00", "04:00"]]}
    assert minutes(night, paris(2026, 3, 28), paris(2026, 3, 30)) == 120


def test_without_hours_every_minute_counts() -> None:
    assert minutes({}, paris(2026, 3, 7, 1, 0), paris(2026, 3, 8, 1, 0)) == 24 * 60


def test_an_end_before_the_start_has_no_minutes() -> None:
    assert minutes(NIGHTS, paris(2026, 3, 8), paris(2026, 3, 7)) == 0


@given(HOURS, HOLIDAYS, ZONES, MOMENTS, st.tuples(LENGTHS, LENGTHS))
def test_two_stretches_together_are_as_long_as_the_whole(
    hours: dict, holidays: set, zone: str, start: datetime, lengths: tuple[timedelta, timedelta]
) -> None:
    middle = start + lengths[0]
    end = middle + lengths[1]
    whole = business_minutes(hours, holidays, zone, start, end)
    parts = business_minutes(hours, holidays, zone, start, middle) + business_minutes(
        hours, holidays, zone, middle, end
    )
    assert whole == parts


@given(HOURS, HOLIDAYS, ZONES, MOMENTS, LENGTHS)
def test_working_time_is_never_longer_than_time(
    hours: dict, holidays: set, zone: str, start: datetime, length: timedelta
) -> None:
    found = business_minutes(hours, holidays, zone, start, start + length)
    assert 0 <= found <= length / timedelta(minutes=1)


@given(HOLIDAYS, ZONES, MOMENTS, LENGTHS)
def test_open_all_day_is_all_the_time_but_for_holidays(
    holidays: set, zone: str, start: datetime, length: timedelta
) -> None:
    end = start + length
    found = business_minutes(NIGHTS, holidays, zone, start, end)
    place = ZoneInfo(zone)
    slow = sum(
        (start + timedelta(minutes=15 * step)).astimezone(place).date() not in holidays
        for step in range(int(length / timedelta(minutes=15)))
    )
    assert abs(found - slow * 15) < 15 * (2 * len(holidays) + 2)


@given(HOURS)
def test_what_is_drawn_here_is_what_may_be_stored(hours: dict) -> None:
    assert hours_fault(hours) == ""


@pytest.mark.parametrize(
    ("hours", "fault"),
    [
        ([], "?"),
        ({"0": []}, "?"),
        ({"monday": []}, "?"),
        ({"1": "08:00-12:00"}, "1"),
        ({"1": [["12:00", "08:00"]]}, "1"),
        ({"1": [["08:00", "08:00"]]}, "1"),
        ({"2": [["24:00", "24:00"]]}, "2"),
        ({"2": [["8:00", "12:00"]]}, "2"),
        ({"2": [["08:00", "25:00"]]}, "2"),
        ({"3": [["08:00", "12:00"], ["11:59", "13:00"]]}, "3"),
        ({"3": [["13:00", "14:00"], ["08:00", "12:00"]]}, "3"),
        ({"4": [["08:00"]]}, "4"),
        ({"4": [[8, 12]]}, "4"),
        ({"5": [["08:00", "12:00"]] * 7}, "5"),
        ({"6": [["08:00", "12:00\n"]]}, "6"),
        ({"7": [["08:00", "12:00"], ["12:00", "24:00"]]}, ""),
        ({}, ""),
    ],
)
def test_hours_that_cannot_be_are_named_by_their_day(hours: object, fault: str) -> None:
    assert hours_fault(hours) == fault
