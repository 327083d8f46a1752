"""Forms that take text as people type it and refuse what cannot be seen (SEC-I2, SEC-I3)."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.utils.datastructures import MultiValueDict
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core import clock
from core.templatetags.formats import date_text, month_names

TEXT_LIMIT = 4_000
JSON_LIMIT = 60_000
EARLIEST_YEAR = 1900
LATEST_YEAR = 2199
CENTURY = 100
TWO_DIGITS = 2
FUTURE_YEARS = 20
LONGEST_DATE = 40
ZERO_WIDTH_JOINERS = "\u200c\u200d"
# Looks like nothing although Unicode calls it a letter or a symbol.
BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
# Stands where bytes could not be read; storing it would lose what the person wrote.
UNREADABLE = "\ufffd"
# Joiners change the shape of letters in these scripts, so names need them: Arabic to Sinhala,
# Myanmar, Khmer, Mongolian.
JOINING = ((0x0600, 0x0DFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1800, 0x18AF))
VARIATION = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
LAST_TWO_OF_PLANE = 0xFFFE
ARABIC_NONCHARACTERS = (0xFDD0, 0xFDEF)


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(char) <= last for first, last in ranges)


def _is_noncharacter(char: str) -> bool:
    point = ord(char)
    return point & LAST_TWO_OF_PLANE == LAST_TWO_OF_PLANE or _within(char, (ARABIC_NONCHARACTERS,))


def _is_refused(text: str, at: int, *, multiline: bool) -> bool:
    char = text[at]
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    if char == "\n":
        return not multiline
    if char in ZERO_WIDTH_JOINERS:
        return not (_within(before, JOINING) and _within(after, JOINING))
    if _within(char, VARIATION):
        return before.isspace() or _within(before, VARIATION)
    kind = unicodedata.category(char)
    hidden = kind in {"Cc", "Cf", "Cs", "Co"} or char in BLANK_LETTERS or char == UNREADABLE
    return hidden or _is_noncharacter(char)


def _hidden_character(char: str, place: int, label: str) -> ValidationError:
    message = _(
        "Character %(place)d (%(code)s) cannot be seen or changes how the text reads. Remove it "
        "and try again."
    )
    if label:
        message = _(
            "%(field)s: character %(place)d (%(code)s) cannot be seen or changes how the text "
            "reads. Remove it and try again."
        )
    params = {"field": label, "place": place, "code": f"U+{ord(char):04X}"}
    return ValidationError(message, code="text", params=params)


def clean_text(value: str, *, multiline: bool = True, label: str = "") -> str:
    """Return the text in NFC with plain blanks and line ends.

    Raises ValidationError (code "text") naming the label, the character and its place for NUL and
    other control characters, lone surrogates, marks that change the reading direction, and
    characters that cannot be seen.
    """
    if value.isascii() and value.isprintable():
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    text = "".join(
        " " if char == "\t" or unicodedata.category(char) == "Zs" else char for char in text
    )
    # Looked at before normalising, which would fail on some and drop none of them.
    for at in range(len(text)):
        if text[at].isascii() and text[at].isprintable():
            continue
        if _is_refused(text, at, multiline=multiline):
            raise _hidden_character(text[at], at + 1, label)
    return unicodedata.normalize("NFC", text)


_SURROGATES = re.compile("[\ud800-\udfff]")


def _normalised(value: Any) -> Any:
    """The text as `clean_text` leaves it; one that it refuses stays for the field to refuse."""
    if isinstance(value, str):
        with suppress(ValidationError):
            return clean_text(value)
        return _SURROGATES.sub(UNREADABLE, value)
    return value


def _normalised_data(data: Mapping[str, Any], verbatim: set[str]) -> Mapping[str, Any]:
    if isinstance(data, MultiValueDict):
        return MultiValueDict(
            {
                key: values if key in verbatim else [_normalised(value) for value in values]
                for key, values in data.lists()
            }
        )
    return {key: value if key in verbatim else _normalised(value) for key, value in data.items()}


class TextValidator:
    """Refuses what `clean_text` refuses; the form says in which field."""

    def __init__(self, *, multiline: bool) -> None:
        self.multiline = multiline

    def __call__(self, value: object) -> None:
        for text in _texts(value):
            clean_text(text, multiline=self.multiline)


def _texts(value: object) -> Iterator[str]:
    """Every text in what a field made of its input: itself, or those within parsed JSON."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, Mapping):
            waiting += [*found, *found.values()]
        elif isinstance(found, list):
            waiting += found


class JSONField(forms.JSONField):
    """JSON that a script of ours sends: not too long, and not nested without end."""

    def to_python(self, value: Any) -> Any:
        """Return the parsed JSON. Raises ValidationError."""
        try:
            if isinstance(value, str) and len(value) > JSON_LIMIT:
                raise RecursionError
            return super().to_python(value)
        except RecursionError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class Form(forms.Form):
    """The base of every form: text is normalised, checked and limited, errors name their field."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        verbatim = {self.add_prefix(name) for name, f in self.fields.items() if _is_password(f)}
        self.data = _normalised_data(self.data, verbatim)
        for field in self.fields.values():
            if isinstance(field, forms.CharField) and not _is_password(field):
                _guard(field)


def _is_password(field: forms.Field) -> bool:
    return isinstance(field.widget, forms.PasswordInput)


def _guard(field: forms.CharField) -> None:
    multiline = isinstance(field.widget, forms.Textarea)
    kept = [v for v in field.validators if not isinstance(v, ProhibitNullCharactersValidator)]
    if field.max_length is None and not isinstance(field, forms.JSONField | forms.UUIDField):
        kept.append(MaxLengthValidator(TEXT_LIMIT))
        field.widget.attrs.setdefault("maxlength", str(TEXT_LIMIT))
    field.validators = [TextValidator(multiline=multiline), *kept]


_RELATIVE = re.compile(r"^t(?:([+-])(\d{1,5}))?$")
_YEAR_FIRST = re.compile(r"^(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})$")
_EIGHT_DIGITS_YEAR_FIRST = re.compile(r"^(19\d\d|2\d{3})(\d\d)(\d\d)$")
_DAY_FIRST = (
    re.compile(r"^(\d\d)(\d\d)(\d\d|(?:19|2\d)\d\d)$"),
    re.compile(r"^(\d{1,2})[-./ ]+(\d{1,2})[-./ ]+(\d\d|\d{4})$"),
    re.compile(r"^(\d{1,2})[-./ ]*([^\W\d_]{3,20})[-./, ]*(\d\d|\d{4})$"),
)


def _bare(text: str) -> str:
    """Lower case without accents and full stops, so that `Févr.` and `fevr` are the same."""
    split = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in split if not unicodedata.combining(char)).replace(".", "")


def _month_words() -> dict[str, int]:
    words: dict[str, int] = {}
    for number in MONTHS:
        words[_bare(str(MONTHS[number]))] = number
        words[_bare(str(MONTHS_3[number]))] = number
        words[_bare(month_names()[number - 1])] = number
    return words


def _month_number(word: str) -> int | None:
    """The month that the word begins, in the active language or English; None if not just one."""
    bare = _bare(word)
    with override("en"):
        known = _month_words()
    known |= _month_words()
    if bare in known:
        return known[bare]
    found = {
        number for name, number in known.items() if len(bare) > TWO_DIGITS and name.startswith(bare)
    }
    return found.pop() if len(found) == 1 else None


def _full_year(digits: str, day: int, month: int, today: date, *, future: bool) -> int:
    year = int(digits)
    if len(digits) > TWO_DIGITS:
        return year
    year += today.year // CENTURY * CENTURY
    limit = date(today.year + FUTURE_YEARS, 12, 31) if future else today
    return year if (year, month, day) <= (limit.year, limit.month, limit.day) else year - CENTURY


def parse_date(text: str, today: date, *, future: bool = True) -> date | None:
    """Read a date as people type it, the day before the month; None if it is not a date.

    `7 3 81`, `07/03/1981`, `070381`, `07mar1981`, `7 March 81`, `2026-11-25`, `20261125`, and from
    today `t`, `t-3`, `t+14`. Two digits of a year mean the latest such year that is not in the
    future, or with `future` not more than 20 years ahead.
    """
    bare = text.strip().casefold()
    if len(bare) > LONGEST_DATE:
        return None
    try:
        if match := _RELATIVE.match(bare):
            days = int(match[2] or 0) * (-1 if match[1] == "-" else 1)
            return today + timedelta(days=days)
        return _absolute_date(bare, today, future=future)
    except (ValueError, OverflowError):
        return None


def _absolute_date(bare: str, today: date, *, future: bool) -> date | None:
    for pattern in _DAY_FIRST:
        if match := pattern.match(bare):
            month = int(match[2]) if match[2].isdecimal() else _month_number(match[2])
            if month is None:
                return None
            day = int(match[1])
            return date(_full_year(match[3], day, month, today, future=future), month, day)
    if match := _YEAR_FIRST.match(bare) or _EIGHT_DIGITS_YEAR_FIRST.match(bare):
        return date(int(match[1]), int(match[2]), int(match[3]))
    return None


class DateField(forms.Field):
    """A date in one text box, as `parse_date` reads it, from 1900 to 2199 (SEC-I3)."""

    widget = forms.TextInput
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter a date like 7 3 81, 07-Mar-1981 or t-3."),
        "range": _("Enter a date from %(first)d to %(last)d."),
        "late": _("This date is in the future."),
    }

    def __init__(
        self,
        *,
        today: Callable[[], date] = clock.today,
        allow_future: bool = True,
        earliest_year: int = EARLIEST_YEAR,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.today = today
        self.allow_future = allow_future
        self.earliest_year = earliest_year

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"autocomplete": "off", "maxlength": str(LONGEST_DATE), "dir": "auto"}

    def prepare_value(self, value: Any) -> Any:
        return date_text(value) if isinstance(value, date) else value

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        today = self.today()
        found = parse_date(str(value), today, future=self.allow_future)
        if found is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if not self.earliest_year <= found.year <= LATEST_YEAR:
            years = {"first": self.earliest_year, "last": LATEST_YEAR}
            raise ValidationError(self.error_messages["range"], code="range", params=years)
        if found > today and not self.allow_future:
            raise ValidationError(self.error_messages["late"], code="late")
        return found
