"""Pages by key: forwards, backwards, and cursors that were tampered with."""

import base64

import orjson
import pytest

from core.errors import Invalid
from core.models import Heartbeat, NumberSeries
from core.paging import DEFAULT_SIZE, page, size_of
from tests.factories.org import STARTED

ORDER = ("width", "id")


@pytest.fixture
def rows(db: None) -> list[NumberSeries]:
    """Seven rows; the ordering column alone is not unique."""
    made = [NumberSeries(code=f"s{number}", width=number // 3) for number in range(7)]
    return NumberSeries.objects.bulk_create(made)


def codes(cursor: str = "", *, order: tuple[str, ...] = ORDER, size: int = 3):
    found = page(NumberSeries.objects.all(), order=order, cursor=cursor, size=size)
    return [row.code for row in found.items], found


def test_pages_follow_each_other_without_gap_or_repeat(rows) -> None:
    seen, cursor = [], ""
    for _page in range(3):
        part, found = codes(cursor)
        seen += part
        cursor = found.next
    assert seen == [f"s{number}" for number in range(7)]
    assert cursor == ""


def test_the_first_page_has_none_before_it(rows) -> None:
    _codes, found = codes()
    assert (found.previous, bool(found.next)) == ("", True)


def test_back_leads_to_the_page_one_came_from(rows) -> None:
    first, one = codes()
    _second, two = codes(one.next)
    back, again = codes(two.previous)
    assert back == first
    assert again.previous == ""
    assert codes(again.next)[0] == ["s3", "s4", "s5"]


def test_pages_can_run_downwards(rows) -> None:
    first, found = codes(order=("-width", "-id"))
    assert first == ["s6", "s5", "s4"]
    assert codes(found.next, order=("-width", "-id"))[0] == ["s3", "s2", "s1"]


def test_a_row_that_came_in_between_moves_nothing(rows) -> None:
    _first, found = codes()
    NumberSeries.objects.create(code="new", width=0)
    assert codes(found.next)[0] == ["new", "s3", "s4"]


def test_a_page_of_nothing_has_no_neighbours(db) -> None:
    found = page(Heartbeat.objects.all(), order=("beat_at", "name"))
    assert (found.items, found.next, found.previous) == ([], "", "")


def test_moments_survive_the_cursor(db) -> None:
    for name in ("a", "b", "c"):
        Heartbeat.objects.create(name=name, beat_at=STARTED)
    rows = Heartbeat.objects.all()
    first = page(rows, order=("beat_at", "name"), size=2)
    second = page(rows, order=("beat_at", "name"), size=2, cursor=first.next)
    assert [row.name for row in second.items] == ["c"]


def test_rows_may_be_dictionaries(rows) -> None:
    values = NumberSeries.objects.values("id", "width", "code")
    first = page(values, order=ORDER, size=2)
    assert [row["code"] for row in page(values, order=ORDER, cursor=first.next, size=2).items] == [
        "s2",
        "s3",
    ]


def _cursor(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


DAMAGED = [
    "x",
    "%%%",
    "é",
    _cursor([False, ["1"]]),
    _cursor([False, ["1", "2", "3"]]),
    _cursor([False, ["1", None]]),
    _cursor([False, ["1", "\x00"]]),
    _cursor([False, ["word", "1"]]),
    _cursor(["no", ["1", "2"]]),
    _cursor({"a": 1}),
    _cursor(7),
    _cursor([False, ["1", "9" * 900]]),
]


@pytest.mark.parametrize("cursor", DAMAGED)
def test_a_damaged_cursor_is_refused_in_plain_words(rows, cursor: str) -> None:
    with pytest.raises(Invalid):
        codes(cursor)


@pytest.mark.parametrize(
    ("asked", "size"), [(None, DEFAULT_SIZE), ("", DEFAULT_SIZE), ("1", 1), ("200", 200)]
)
def test_a_size_from_one_to_two_hundred_is_taken(asked: str | None, size: int) -> None:
    assert size_of(asked) == size


@pytest.mark.parametrize("asked", ["0", "201", "-1", "1.5", "x", "٣", "9" * 40])
def test_any_other_size_is_refused(asked: str) -> None:
    with pytest.raises(Invalid):
        size_of(asked)


def test_a_cursor_beyond_every_number_finds_nothing(rows) -> None:
    assert codes(_cursor([False, ["9", "9" * 40]]))[0] == []
