"""Money is a Decimal, rounded half up, in the decimals of its currency."""

from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.money import LIMIT, amount, decimals_of, format_amount, round_half_up


@pytest.mark.parametrize(("code", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("XOF", 0)])
def test_a_currency_has_its_own_decimals(code: str, decimals: int) -> None:
    assert decimals_of(code) == decimals


@pytest.mark.parametrize(
    ("value", "currency", "rounded"),
    [
        ("2.345", "EUR", "2.35"),
        ("-2.345", "EUR", "-2.35"),
        ("2.344999", "EUR", "2.34"),
        ("0.5", "JPY", "1"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_halves_are_rounded_away_from_zero(value: str, currency: str, rounded: str) -> None:
    assert round_half_up(Decimal(value), currency) == Decimal(rounded)


@pytest.mark.parametrize("value", [1.1, 0.0, True, float("nan")])
def test_a_float_is_never_money(value: object) -> None:
    with pytest.raises(TypeError):
        amount(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["", "1,50", "NaN", "Infinity", "1e30", LIMIT + 1, -LIMIT - 1])
def test_what_is_no_amount_is_refused(value: Decimal | str) -> None:
    with pytest.raises(Invalid):
        amount(value)


@pytest.mark.parametrize("value", ["0", "-0.01", 5, LIMIT])
def test_an_exact_amount_stays_as_it_is(value: Decimal | int | str) -> None:
    assert amount(value) == Decimal(value)


@given(st.decimals(min_value=-LIMIT, max_value=LIMIT, places=4))
def test_rounding_moves_an_amount_by_half_a_cent_at_most(value: Decimal) -> None:
    if abs(value) <= LIMIT - 1:
        assert abs(round_half_up(value, "EUR") - value) <= Decimal("0.005")


def test_an_amount_is_written_in_the_readers_language() -> None:
    with translation.override("en"):
        assert format_amount(Decimal("1200.5"), "EUR") == "1,200.50\u00a0EUR"
    with translation.override("fr"):
        assert format_amount(Decimal("1200.5"), "EUR").endswith(",50\u00a0EUR")
