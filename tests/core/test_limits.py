"""So many times in a window; nobody is turned away because the counter is gone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core import clock, limits
from tests.factories.org import PASSWORD, Hospital

START = datetime(2026, 11, 25, 9, 0, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits._Redis, "rests_until", 0.0)


def _tries(who: str, count: int, at: datetime = START) -> list[float]:
    with clock.at(at):
        return [limits.seconds_to_wait("probe", who, limit=3, window=60) for _ in range(count)]


def test_the_fourth_of_three_waits_for_the_end_of_the_window() -> None:
    assert _tries("waits", 4) == [0.0, 0.0, 0.0, 45.0]


def test_the_next_window_and_other_people_start_from_nothing() -> None:
    _tries("busy", 4)
    assert _tries("busy", 1, START + timedelta(minutes=1)) == [0.0]
    assert _tries("other", 1) == [0.0]


def test_without_redis_everybody_passes(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.add", gone)
    assert _tries("nobody counts", 9) == [0.0] * 9


def test_guessing_a_password_is_slowed_and_others_still_get_in(hospital: Hospital) -> None:
    client, address = Client(), reverse("org:sign-in")
    with clock.at(START + timedelta(days=1)):
        guesses = [
            client.post(address, {"username": name, "password": "no"}).status_code
            for name in ["Admin", " admin"] * 5 + ["ADMIN"]
        ]
        assert guesses == [422] * 10 + [429]
        late = client.post(address, {"username": "admin", "password": PASSWORD})
        assert (late.status_code, late["Retry-After"]) == (429, "46")
        other = client.post(address, {"username": "nurse", "password": "no"})
        assert other.status_code == 422
