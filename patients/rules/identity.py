"""What can be, what is asked about, and what unknown people are called."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from core.forms import parse_date
from patients.rules.numbers import phone_digits
from patients.states import BirthPrecision

OLDEST, QUESTIONED_AGE = 130, 110
YOUNGEST_MOTHER, OLDEST_MOTHER = 10, 60
EARLIEST_YEAR = 1880
# ICAO spelling alphabet: said on the phone, told apart on a list.
SPELLING = [
    "Alfa",
    "Bravo",
    "Charlie",
    "Delta",
    "Echo",
    "Foxtrot",
    "Golf",
    "Hotel",
    "India",
    "Juliett",
    "Kilo",
    "Lima",
    "Mike",
    "November",
    "Oscar",
    "Papa",
    "Quebec",
    "Romeo",
    "Sierra",
    "Tango",
    "Uniform",
    "Victor",
    "Whiskey",
    "Xray",
    "Yankee",
    "Zulu",
]
_AGE = re.compile(r"(\d{1,3})\s*(y|yr|yrs|years?|a|ans?|m|mo|mois|months?|w|d)?\.?")
_MONTH = re.compile(r"(\d{1,2})[-./ ](\d{4})|(\d{4})-(\d{1,2})")
_NAME_MARKS = frozenset("'’ʼ`´-‐‑.,·/()ʻ ")


class BirthOn(NamedTuple):
    """A day of birth and how exactly it is known; the day is the first one that it can be."""

    day: date | None
    precision: str


NOT_KNOWN = BirthOn(None, BirthPrecision.UNKNOWN)


def parse_birth(text: str, today: date) -> BirthOn | None:
    """Read a day of birth as people tell it, None for what is none.

    A day as `core.forms.parse_date` reads it, `03/1981`, `1981`, or an age: `45`, `45y`, `6m`,
    `3w`; an age is stored as estimated.
    """
    bare = text.strip().casefold()
    if not bare:
        return NOT_KNOWN
    if re.fullmatch(r"\d{4}", bare) and EARLIEST_YEAR <= int(bare) <= today.year:
        return BirthOn(date(int(bare), 1, 1), BirthPrecision.YEAR)
    if match := _MONTH.fullmatch(bare):
        month, year = int(match[1] or match[4]), int(match[2] or match[3])
        return BirthOn(date(year, month, 1), BirthPrecision.MONTH) if 1 <= month <= 12 else None
    if match := _AGE.fullmatch(bare):
        return _of_age(int(match[1]), match[2] or "y", today)
    day = parse_date(text, today, future=False)
    return BirthOn(day, BirthPrecision.DAY) if day else None


def _of_age(count: int, unit: str, today: date) -> BirthOn | None:
    if unit in {"w", "d"}:
        days = count * (7 if unit == "w" else 1)
        return BirthOn(today - timedelta(days=days), BirthPrecision.ESTIMATED)
    if unit.startswith("m"):
        months = today.year * 12 + today.month - 1 - count
        return BirthOn(date(months // 12, months % 12 + 1, 1), BirthPrecision.ESTIMATED)
    year = today.year - count
    return BirthOn(date(year, 1, 1), BirthPrecision.ESTIMATED) if year >= EARLIEST_YEAR else None


def birth_fault(born: BirthOn, *, today: date, died_on: date | None = None) -> str:
    """Return the code of why nobody can be born then, "" when somebody can."""
    if born.day is None:
        return ""
    if born.day > today:
        return "future"
    if _years(born.day, today) > OLDEST:
        return "too_old"
    return "after_death" if died_on and born.day > died_on else ""


def _years(day: date, today: date) -> int:
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def name_fault(name: str) -> str:
    """Return the first character that no name has (an emoji, a symbol), "" for a good name."""
    for char in name:
        kind = unicodedata.category(char)
        if char not in _NAME_MARKS and kind[0] not in "LMN" and kind not in {"Zs", "Cf"}:
            return char
    return "" if not name or any(unicodedata.category(c)[0] == "L" for c in name) else name[0]


def phone_fault(text: str) -> bool:
    """Say whether something was typed that is no phone number."""
    return bool(text.strip()) and not phone_digits(text)


def _scripts(word: str) -> set[str]:
    return {
        unicodedata.name(char, "?").split()[0]
        for char in word
        if unicodedata.category(char)[0] == "L"
    } - {"MODIFIER", "?"}


_TOGETHER = ({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}, {"CJK", "HANGUL"})


@dataclass(frozen=True, slots=True)
class Question:
    """Something unusual, which may be right: `code` says what, `field` where."""

    code: str
    field: str


def questions(values: Mapping[str, object], *, born: BirthOn, today: date) -> list[Question]:
    """Return what is unusual about a person, so that somebody looks again before it is stored."""
    family, given = str(values.get("family") or ""), str(values.get("given") or "")
    found = []
    for field, name in (("family", family), ("given", given)):
        letters = [char for char in name if unicodedata.category(char)[0] == "L"]
        if len(letters) == 1:
            found.append(Question("one_letter", field))
        if any(char.isdecimal() for char in name):
            found.append(Question("digits", field))
        mixed = [_scripts(word) for word in re.split(r"[\s-]+", name)]
        if any(len(each) > 1 and not any(each <= good for good in _TOGETHER) for each in mixed):
            found.append(Question("mixed_scripts", field))
    if not family or not given:
        found.append(Question("one_name", "given" if family else "family"))
    if born.day and _years(born.day, today) > QUESTIONED_AGE:
        found.append(Question("very_old", "birth"))
    return found


def mother_fault(mother_born: date | None, born: date) -> bool:
    """Say whether somebody born then is hardly the mother of a child born then."""
    if mother_born is None:
        return False
    return not YOUNGEST_MOTHER <= _years(mother_born, born) <= OLDEST_MOTHER


def unknown_name(number: int) -> str:
    """Return what the n-th unknown person is called: two words of the spelling alphabet."""
    count = len(SPELLING)
    return f"{SPELLING[number // count % count]} {SPELLING[number % count]}"
