"""Packages that rest are named; an index that does not answer is no good news (SEC-S2)."""

from datetime import UTC, datetime

from scripts import unmaintained
from scripts.advisories import CLEAN, NOT_ASKED
from scripts.unmaintained import RESTS, Found, NoAnswer

NOW = datetime(2027, 3, 1, tzinfo=UTC)
VERSIONS = {"resting": ("1.0", "1.0"), "awake": ("2.0", "1.0"), "young": ("1.0", None)}


def _ask(name: str, before: datetime) -> str | None:
    return VERSIONS[name][before < NOW]


def test_only_what_had_no_release_for_three_years_rests() -> None:
    found = unmaintained.look(set(VERSIONS), now=NOW, ask=_ask)
    assert found == Found(resting={"resting": "1.0"})
    code, [line] = unmaintained.verdict(found, {})
    assert code == RESTS
    assert line == "resting 1.0: no release for 3 years"


def test_what_was_looked_at_may_rest_until_it_wakes() -> None:
    assert unmaintained.verdict(Found(resting={"a": "1"}), {"a": "finished"}) == (CLEAN, [])
    code, [line] = unmaintained.verdict(Found(), {"a": "finished"})
    assert code == RESTS
    assert "released again" in line


def test_an_index_that_is_away_is_asked_once_and_nothing_is_known() -> None:
    asked = []

    def away(name: str, before: datetime) -> str | None:
        asked.append(name)
        raise NoAnswer("nobody there")

    found = unmaintained.look({"a", "b", "c"}, now=NOW, ask=away)
    assert asked == ["a"]
    code, lines = unmaintained.verdict(found, {})
    assert code == NOT_ASKED
    assert lines == ["not asked about: a, b, c", "nobody there"]


def test_an_index_without_dates_is_no_answer() -> None:
    found = unmaintained.look({"a"}, now=NOW, ask=lambda _name, _before: None)
    assert unmaintained.verdict(found, {})[0] == NOT_ASKED
