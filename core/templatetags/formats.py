"""How dates, ages, names, numbers and amounts are written, on screens and on paper alike."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext, pgettext

NO_BREAK = "\u00a0"
MINUS = "\u2212"
MONTHS_IN_YEAR = 12
MINUTES_UNTIL = timedelta(hours=2)
HOURS_UNTIL = timedelta(days=2)
DAYS_UNTIL = 28
WEEKS_UNTIL_MONTHS = 12
MONTHS_UNTIL = 24
YEARS_AND_MONTHS_UNTIL = 18 * MONTHS_IN_YEAR
MINUTES_IN_HOUR = 60
MRN_LAST_GROUP = 3
MRN_GROUP = 2
ENGLISH_MONTHS = [
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
]


def not_recorded() -> str:
    """The words for a value that nobody entered; never a blank and never a question mark."""
    return gettext("Not recorded")


def month_names() -> list[str]:
    """The short names of the twelve months; English unless all twelve are translated."""
    translated = pgettext(
        "the twelve short month names of clinical dates, separated by blanks",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    ).split()
    return translated if len(translated) == MONTHS_IN_YEAR else ENGLISH_MONTHS


def local(value: date | datetime) -> date | datetime:
    """The value in the active time zone; a plain date as it is."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def date_text(value: date | datetime | None) -> str:
    """Writes `07-Mar-1981`, or "Not recorded"."""
    if value is None:
        return not_recorded()
    day = local(value)
    return f"{day.day:02d}-{month_names()[day.month - 1]}-{day.year:04d}"


def time_text(value: datetime) -> str:
    """Writes `10:42`; in the hour that comes twice when summer time ends, with its zone."""
    moment = timezone.localtime(value) if timezone.is_aware(value) else value
    text = f"{moment.hour:02d}:{moment.minute:02d}"
    twin = moment.replace(fold=1 - moment.fold)
    if twin.utcoffset() != moment.utcoffset():
        text += f"{NO_BREAK}{moment.tzname()}"
    return text


def when_text(value: datetime | None, *, seconds: bool = False) -> str:
    """Writes `23-Nov-2026 10:42` in the active time zone, or "Not recorded".

    With `seconds` it is `10:42:07`, for what is read by machines and auditors.
    """
    if value is None:
        return not_recorded()
    at = time_text(value)
    if seconds:
        at = f"{at[:5]}:{value.second:02d}{at[5:]}"
    return f"{date_text(value)}{NO_BREAK}{at}"


def _whole_months(born: date, at: date) -> int:
    months = (at.year - born.year) * MONTHS_IN_YEAR + at.month - born.month
    return months - (at.day < born.day)


def _days_after_month(born: date, months: int, at: date) -> int:
    years, month_index = divmod(born.month - 1 + months, MONTHS_IN_YEAR)
    year, month = born.year + years, month_index + 1
    anchor = date(year, month, min(born.day, monthrange(year, month)[1]))
    return (at - anchor).days


def _as_date(value: date | datetime) -> date:
    shown = local(value)
    return shown.date() if isinstance(shown, datetime) else shown


def _days(count: int) -> str:
    return gettext("%(count)dd") % {"count": count}


def _months(count: int) -> str:
    return gettext("%(count)dm") % {"count": count}


def _pair(first: str, second_count: int, second: str) -> str:
    return f"{first} {second}" if second_count else first


def _first_days(born: date | datetime, at: date | datetime) -> str:
    """The age in minutes or hours while it is under two days and the hour of birth is known."""
    if not (isinstance(born, datetime) and isinstance(at, datetime)):
        return ""
    elapsed = at.astimezone(UTC) - born.astimezone(UTC)
    if elapsed >= HOURS_UNTIL:
        return ""
    minutes = max(0, int(elapsed.total_seconds() // 60))
    if elapsed < MINUTES_UNTIL:
        return gettext("%(count)dmin") % {"count": minutes}
    return gettext("%(count)dhrs") % {"count": minutes // MINUTES_IN_HOUR}


def _calendar_age(birthday: date, today: date) -> str:
    days = max(0, (today - birthday).days)
    if days < DAYS_UNTIL:
        return _days(days)
    months = _whole_months(birthday, today)
    if months < WEEKS_UNTIL_MONTHS:
        return _pair(gettext("%(count)dw") % {"count": days // 7}, days % 7, _days(days % 7))
    if months < MONTHS_UNTIL:
        rest = _days_after_month(birthday, months, today)
        return _pair(_months(months), rest, _days(rest))
    years = gettext("%(count)dy") % {"count": months // MONTHS_IN_YEAR}
    rest = months % MONTHS_IN_YEAR if months < YEARS_AND_MONTHS_UNTIL else 0
    return _pair(years, rest, _months(rest))


def age_text(born: date | datetime | None, at: date | datetime) -> str:
    """Writes an age in the steps of the NHS Common User Interface age display.

    Minutes under 2 hours, hours under 2 days, days under 4 weeks, weeks and days under 1 year,
    months and days under 2 years, years and months under 18 years, then years. A person born on
    29 February is a year older on 1 March of common years.
    """
    if born is None:
        return not_recorded()
    early = _first_days(born, at)
    if early:
        return early
    return _calendar_age(_as_date(born), _as_date(at))


def duration_text(length: timedelta | None) -> str:
    """Writes `2hr 5min`; from two days on `2d 3hr`. Whole minutes, no decimals."""
    if length is None:
        return not_recorded()
    sign = MINUS if length < timedelta(0) else ""
    minutes = int(abs(length).total_seconds() // 60)
    hours, minutes = divmod(minutes, MINUTES_IN_HOUR)
    if abs(length) >= HOURS_UNTIL:
        days, hours = divmod(hours, 24)
        text = _pair(
            gettext("%(count)dd") % {"count": days},
            hours,
            gettext("%(count)dhr") % {"count": hours},
        )
    elif hours:
        text = _pair(
            gettext("%(count)dhr") % {"count": hours},
            minutes,
            gettext("%(count)dmin") % {"count": minutes},
        )
    else:
        text = gettext("%(count)dmin") % {"count": minutes}
    return sign + text


def person_name_text(family: str = "", given: str = "", title: str = "") -> str:
    """Writes `FAMILY, Given (Title)`; a person with one name only keeps that one, in capitals."""
    parts = [family.strip().upper(), given.strip()]
    if not parts[0]:
        parts = [given.strip().upper(), ""]
    name = ", ".join(part for part in parts if part)
    if not name:
        return not_recorded()
    return f"{name} ({title.strip()})" if title.strip() else name


def baby_name_text(family: str, given: str) -> str:
    """Writes `BABY of FAMILY, Given`: a newborn without a name, after its mother."""
    return gettext("BABY of %(mother)s") % {"mother": person_name_text(family, given)}


def grouped_number(value: str) -> str:
    """Groups the digits of a record number for reading aloud: `00 51 904`."""
    if not (value.isascii() and value.isdigit()) or len(value) <= MRN_LAST_GROUP + 1:
        return value
    head, tail = value[:-MRN_LAST_GROUP], value[-MRN_LAST_GROUP:]
    first = len(head) % MRN_GROUP
    groups = [head[:first]] if first else []
    groups += [head[at : at + MRN_GROUP] for at in range(first, len(head), MRN_GROUP)]
    return NO_BREAK.join([*groups, tail])


def _unit_words(unit: str, *, singular: bool) -> str:
    """Spells out the units whose short forms have been misread (ISMP, Joint Commission)."""
    count = 1 if singular else 2
    known = {
        "mcg": ngettext("microgram", "micrograms", count),
        "ug": ngettext("microgram", "micrograms", count),
        "\u00b5g": ngettext("microgram", "micrograms", count),
        "\u03bcg": ngettext("microgram", "micrograms", count),
        "ng": ngettext("nanogram", "nanograms", count),
        "u": ngettext("unit", "units", count),
        "iu": ngettext("unit", "units", count),
    }
    return known.get(unit.strip().lower(), unit.strip())


def plain_number_text(value: Decimal | int | str) -> str:
    """Writes a number without trailing zeros and with a leading one: `0.5`, `5`, `5,000`."""
    number = Decimal(value).normalize()
    if number == number.to_integral_value():
        number = number.quantize(Decimal(1))
    return number_format(number, use_l10n=True, force_grouping=True)


def dose_text(amount: Decimal | int | str | None, unit: str) -> str:
    """Writes a dose so that it cannot be misread: `0.5 mg`, `5,000 units`, `25 micrograms`."""
    if amount is None:
        return not_recorded()
    words = _unit_words(unit, singular=Decimal(amount) == 1)
    return f"{plain_number_text(amount)}{NO_BREAK}{words}" if words else plain_number_text(amount)


_WORDS = re.compile(r"[^\W\d_]+")


def initials_text(name: str) -> str:
    """The first letters of a name's first and last word, for the round badge: `PN`."""
    words: list[str] = _WORDS.findall(name)
    if not words:
        return ""
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
