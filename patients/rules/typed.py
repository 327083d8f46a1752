"""What somebody typed into the search box: a number, a day of birth, words of a name."""

import re
from dataclasses import dataclass
from datetime import date

from core.forms import parse_date
from patients.rules.names import key_words
from patients.rules.numbers import number_key, phone_key

MOST_WORDS = 5
MOST_SIGNS = 80
FEWEST_DIGITS = 4
_YEAR = re.compile(r"(18[89]|19|20)\d\d|1880")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The readings of a search text; whatever is empty was not there."""

    words: tuple[str, ...] = ()
    births: tuple[date, ...] = ()
    # Digits alone, as a record number has them; a number of any paper; a phone.
    digits: str = ""
    number: str = ""
    phone: str = ""

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to look for."""
        return not (self.words or self.births or self.digits or self.number)


def wanted(text: str, *, today: date) -> Wanted:
    """Return how the text may be meant: several readings at once where it is not clear."""
    plain = " ".join(text[:MOST_SIGNS].split())
    births, rest = _births(plain, today)
    digits = re.sub(r"\D", "", plain)
    if len(digits) < FEWEST_DIGITS:
        return Wanted(words=_words(rest), births=births)
    return Wanted(
        words=_words(rest),
        births=births,
        digits=digits if not _is_word(plain) else "",
        number=number_key(plain),
        phone=phone_key(plain),
    )


def _is_word(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _words(text: str) -> tuple[str, ...]:
    found = [word for word in key_words(text) if not word.isdecimal()]
    return tuple(dict.fromkeys(found))[:MOST_WORDS]


def _births(text: str, today: date) -> tuple[tuple[date, ...], str]:
    """Return the days that the text names, both orders of day and month, and what is left of it."""
    parts = text.split()
    for length in (3, 2, 1):
        for at in range(len(parts) - length + 1):
            piece = " ".join(parts[at : at + length])
            if _may_be_day(piece) and (day := parse_date(piece, today, future=False)):
                rest = " ".join([*parts[:at], *parts[at + length :]])
                return _both(day, piece), rest
    return (), text


def _may_be_day(piece: str) -> bool:
    """Six digits at least, or a month in letters: `t`, `t-3` and `5` are no days of birth."""
    count = sum(char.isdigit() for char in piece)
    return (4 <= count <= 8) and piece[:1].isdigit()


def _both(day: date, piece: str) -> tuple[date, ...]:
    is_mixed_up = not _is_word(piece) and day.day <= 12 and day.day != day.month
    is_year_first = bool(_YEAR.match(piece))
    if is_mixed_up and not is_year_first:
        return (day, day.replace(day=day.month, month=day.day))
    return (day,)
