"""Numbers that people read and type: series without gaps, check digits, opaque ids."""

import uuid

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from stdnum import damm
from stdnum.exceptions import ValidationError

from core.errors import Invalid, NotFound
from core.models import NumberSeries


def series_open(
    code: str,
    *,
    period: str = "",
    prefix: str = "",
    width: int = 6,
    has_check_digit: bool = False,
    first: int = 1,
) -> NumberSeries:
    """The series exists, with the given form; an existing one is left as it is."""
    row, _created = NumberSeries.objects.get_or_create(
        code=code,
        period=period,
        defaults={
            "prefix": prefix,
            "width": width,
            "has_check_digit": has_check_digit,
            "next_value": first,
        },
    )
    return row


def number_draw(code: str, *, period: str = "") -> str:
    """Draw the next number of a series: unique, and without gaps when the transaction commits.

    The counter row is locked until the transaction ends, so a rolled-back draw is drawn again
    (SEC-C5). Raises NotFound when the series was never opened.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("number_draw() needs a transaction.")
    locked = NumberSeries.objects.select_for_update(no_key=True)
    row = locked.filter(code=code, period=period).first()
    if row is None:
        raise NotFound(_("There is no such number series."))
    value = row.next_value
    NumberSeries.objects.filter(pk=row.pk).update(next_value=value + 1)
    digits = str(value).zfill(row.width)
    return row.prefix + (with_check_digit(digits) if row.has_check_digit else digits)


def with_check_digit(digits: str) -> str:
    """Append the Damm check digit: it catches every wrong digit and every swapped pair.

    H. Michael Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004.
    """
    return digits + damm.calc_check_digit(digits)


def check_digit_ok(number: str) -> bool:
    """Say whether the digits of `number` (blanks and hyphens ignored) end in their check digit."""
    try:
        damm.validate(number.replace(" ", "").replace("-", ""))
    except ValidationError:
        return False
    return True


def parse_public_id(value: str) -> uuid.UUID:
    """Return the opaque id in `value`. Raises Invalid for anything else."""
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise Invalid(_("This is not an id.")) from error
