"""Numbers without gaps, check digits that catch slips, ids that are ids."""

import uuid
from itertools import pairwise

import pytest
from django.db import transaction

from core.errors import Invalid, NotFound
from core.ids import (
    check_digit_ok,
    number_draw,
    parse_public_id,
    series_open,
    with_check_digit,
)
from core.models import NumberSeries

SAMPLES = ["0", "7", "42", "000001", "123456", "999999", "8301957264"]


@pytest.fixture
def series(db: None) -> NumberSeries:
    return series_open("invoice", period="2026", prefix="R-", width=5)


def draw() -> str:
    with transaction.atomic():
        return number_draw("invoice", period="2026")


def test_numbers_follow_each_other(series) -> None:
    assert [draw() for _time in range(3)] == ["R-00001", "R-00002", "R-00003"]


def test_a_number_drawn_in_vain_is_drawn_again(series) -> None:
    draw()
    with pytest.raises(RuntimeError), transaction.atomic():
        number_draw("invoice", period="2026")
        raise RuntimeError
    assert draw() == "R-00002"


def test_each_period_counts_from_one(series) -> None:
    series_open("invoice", period="2027", prefix="R-", width=5)
    draw()
    with transaction.atomic():
        assert number_draw("invoice", period="2027") == "R-00001"


def test_a_series_opened_twice_counts_on(series) -> None:
    draw()
    series_open("invoice", period="2026", prefix="OTHER")
    assert draw() == "R-00002"


def test_a_number_may_carry_a_check_digit(db) -> None:
    series_open("mrn", width=6, has_check_digit=True)
    with transaction.atomic():
        number = number_draw("mrn")
    assert number[:6] == "000001"
    assert check_digit_ok(number)


def test_a_series_that_was_never_opened_gives_nothing(db) -> None:
    with pytest.raises(NotFound), transaction.atomic():
        number_draw("nothing")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_number_is_drawn_only_inside_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        number_draw("invoice")


@pytest.mark.parametrize("digits", SAMPLES)
def test_the_check_digit_catches_every_single_wrong_digit(digits: str) -> None:
    number = with_check_digit(digits)
    wrong = [
        number[:place] + other + number[place + 1 :]
        for place in range(len(number))
        for other in "0123456789"
        if other != number[place]
    ]
    assert check_digit_ok(number)
    assert [item for item in wrong if check_digit_ok(item)] == []


@pytest.mark.parametrize("digits", SAMPLES)
def test_the_check_digit_catches_every_swap_of_neighbours(digits: str) -> None:
    number = with_check_digit(digits)
    swapped = [
        number[:place] + second + first + number[place + 2 :]
        for place, (first, second) in enumerate(pairwise(number))
        if first != second
    ]
    assert [item for item in swapped if check_digit_ok(item)] == []


def test_blanks_and_hyphens_between_digits_do_not_matter() -> None:
    number = with_check_digit("123456")
    assert check_digit_ok(f"{number[:3]} {number[3:5]}-{number[5:]}")


@pytest.mark.parametrize("text", ["", "abc", "12a4", "--"])
def test_what_is_no_number_has_no_check_digit(text: str) -> None:
    assert not check_digit_ok(text)


def test_an_opaque_id_is_read() -> None:
    value = uuid.uuid4()
    assert parse_public_id(str(value)) == value


@pytest.mark.parametrize("text", ["", "1", "not-an-id", None, 7])
def test_anything_else_is_not_an_id(text: object) -> None:
    with pytest.raises(Invalid):
        parse_public_id(text)  # type: ignore[arg-type]
