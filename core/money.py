"""Amounts of money: Decimal only, rounded half up, in the currency's own decimals."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

LIMIT = Decimal("9999999999.99")
UNIT_PRICE_DECIMALS = 4
# ISO 4217 minor units that differ from two.
_MINOR_UNITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def decimals_of(currency: str) -> int:
    """Return how many decimals amounts in `currency` (ISO 4217 code) carry: 0, 2 or 3."""
    return _MINOR_UNITS.get(currency, 2)


def amount(value: Decimal | int | str) -> Decimal:
    """Return `value` as an exact Decimal. TypeError for floats, Invalid if not finite."""
    if isinstance(value, float | bool):
        raise TypeError("Money is never a float.")
    try:
        result = Decimal(value)
    except ArithmeticError as error:
        raise Invalid(_("Enter an amount of money.")) from error
    if not result.is_finite() or abs(result) > LIMIT:
        raise Invalid(_("This amount is out of range."))
    return result


def round_half_up(value: Decimal, currency: str) -> Decimal:
    """Round to the currency's decimals, halves away from zero."""
    return amount(value).quantize(Decimal(1).scaleb(-decimals_of(currency)), ROUND_HALF_UP)


def format_amount(value: Decimal, currency: str) -> str:
    """Write an amount in the active language with its currency code, for example `1,200.50 EUR`."""
    digits = decimals_of(currency)
    text = number_format(round_half_up(value, currency), digits, use_l10n=True, force_grouping=True)
    return f"{text}\u00a0{currency}"
