"""One clock, which tests and the simulation may hold or shift."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import clock

NIGHT = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)


def test_the_instant_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_the_clock_can_be_held() -> None:
    with clock.at(NIGHT):
        assert clock.now() == clock.now() == NIGHT
    assert clock.now() != NIGHT


def test_a_clock_held_inside_another_gives_it_back() -> None:
    with clock.at(NIGHT):
        with clock.at(NIGHT + timedelta(hours=1)):
            assert clock.now() == NIGHT + timedelta(hours=1)
        assert clock.now() == NIGHT


def test_the_clock_needs_an_aware_moment() -> None:
    naive = NIGHT.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"), clock.at(naive):
        pass


def test_the_clock_can_run_ahead() -> None:
    real = clock.now()
    with clock.shifted(timedelta(days=3)):
        assert timedelta(days=3) <= clock.now() - real < timedelta(days=3, minutes=1)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", date(2026, 3, 28)),
        ("Europe/Paris", date(2026, 3, 29)),
        ("America/Lima", date(2026, 3, 28)),
    ],
)
def test_the_day_is_the_one_on_the_wall_of_the_site(zone: str, day: date) -> None:
    with clock.at(NIGHT):
        assert clock.today(ZoneInfo(zone)) == day


def test_the_night_of_the_clock_change_has_one_day_after_another() -> None:
    paris = ZoneInfo("Europe/Paris")
    days = set()
    for hours in range(6):
        with clock.at(NIGHT + timedelta(hours=hours)):
            days.add(clock.today(paris))
    assert days == {date(2026, 3, 29)}
