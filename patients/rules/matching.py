"""Whether two records are one person: agreements and disagreements, weighed and added up.

The form is that of Fellegi and Sunter (1969): each comparison adds about log2(m/u), m how often it
comes out so in two records of one person and u in records of two. The weights are judged from how
rare an agreement is among strangers, and fixed: nothing is trained. Every part of a score is a
reason that a clerk can read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from patients.rules.names import key_words, sound

# At least this much: look before you save; a person must decide; no doubt.
WARN, REVIEW, CERTAIN = 9.0, 13.0, 22.0


class Level(StrEnum):
    """What a score asks for."""

    NONE = "none"
    WARN = "warn"
    REVIEW = "review"
    CERTAIN = "certain"


class Birth(NamedTuple):
    """A day of birth, known to the day, the month or the year; 0 is not known."""

    year: int = 0
    month: int = 0
    day: int = 0


_UNKNOWN = Birth()


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared of a record; whatever is empty is not compared."""

    given: str = ""
    family: str = ""
    birth: Birth = _UNKNOWN
    sex: str = ""
    street: str = ""
    number: str = ""
    locality: str = ""
    postcode: str = ""
    region: str = ""
    phones: frozenset[str] = frozenset()
    # (system, value): at most one value a system and record.
    identifiers: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """One comparison: of what, how it came out, and what it weighs."""

    what: str
    how: str
    weight: float


@dataclass(frozen=True, slots=True)
class Match:
    """The sum of the reasons, and what it asks for."""

    score: float
    reasons: tuple[Reason, ...] = field(default=())

    @property
    def level(self) -> Level:
        """What the score asks for."""
        if self.score >= CERTAIN:
            return Level.CERTAIN
        if self.score >= REVIEW:
            return Level.REVIEW
        return Level.WARN if self.score >= WARN else Level.NONE


# Two words ---------------------------------------------------------------------------------


def _alike(one: str, two: str) -> float:
    return float(JaroWinkler.similarity(one, two))


def _is_slip(one: str, two: str, *, most: int = 1) -> bool:
    """Say whether one letter or digit is wrong, missing, too many, or two stand the wrong way."""
    return int(OSA.distance(one, two, score_cutoff=most)) <= most


class _Scale(NamedTuple):
    """Weights of a comparison of words, from equal to different."""

    same: float
    near: float
    sound: float
    initial: float
    far: float


_FAMILY = _Scale(6.5, 5.5, 3.0, 0.5, -3.5)
_GIVEN = _Scale(5.0, 4.2, 2.2, 0.8, -3.0)
# A given name that stands where the other record has the family name, or the other way.
_CROSSED = _Scale(5.7, 4.8, 2.5, 0.6, -3.2)


def _word(one: str, two: str, scale: _Scale) -> tuple[str, float]:
    if one == two:
        return "same", scale.same
    alike = _alike(one, two)
    if alike >= 0.92 or (min(len(one), len(two)) >= 4 and _is_slip(one, two)):
        return "near", scale.near
    if alike >= 0.84 or (sound(one) and sound(one) == sound(two)):
        return "sound", scale.sound
    if 1 in {len(one), len(two)} and one[0] == two[0]:
        return "initial", scale.initial
    return "far", scale.far


def _names(one: tuple[str, ...], two: tuple[str, ...], scale: _Scale) -> tuple[str, float]:
    """Compare the words of two names: the best partner of each word of the shorter one."""
    if not one or not two:
        return "", 0.0
    joined = _word("".join(one), "".join(two), scale)
    shorter, longer = sorted((one, two), key=len)
    found = _parts(shorter, longer, scale)
    if len(one) == len(two):
        found = min(found, _parts(two, one, scale), key=lambda part: part[1])
    return max(found, joined, key=lambda part: part[1])


def _parts(shorter: tuple[str, ...], longer: tuple[str, ...], scale: _Scale) -> tuple[str, float]:
    best = [max((_word(a, b, scale) for b in longer), key=lambda found: found[1]) for a in shorter]
    how, weight = min(best, key=lambda found: found[1])
    if len(shorter) < len(longer) and weight > 0:
        weight -= 0.7
    if len(shorter) > 1 and weight < 0:
        # One of two names agrees: married names, second given names.
        how, weight = max(best, key=lambda found: found[1])
        weight = weight / 2 if weight > 0 else weight
    return how, weight


def _name_reasons(one: Person, two: Person) -> list[Reason]:
    given = key_words(one.given), key_words(two.given)
    family = key_words(one.family), key_words(two.family)
    straight = [
        Reason("given", *_names(*given, _GIVEN)),
        Reason("family", *_names(*family, _FAMILY)),
    ]
    crossed = [
        Reason("given", *_names(given[0], family[1], _CROSSED)),
        Reason("family", *_names(family[0], given[1], _CROSSED)),
    ]
    plain, swapped = (sum(part.weight for part in found) for found in (straight, crossed))
    if swapped - 1.5 > plain and swapped > 0:
        return [*crossed, Reason("order", "swapped", -1.5)]
    return straight


# Days, numbers, places ----------------------------------------------------------------------


def _digits(birth: Birth) -> str:
    return f"{birth.year:04}{birth.month:02}{birth.day:02}"


def _birth(one: Birth, two: Birth) -> tuple[str, float]:
    if not one.year or not two.year:
        return "", 0.0
    if not (one.day and two.day):
        return _vague_birth(one, two)
    if one == two:
        return "same", 9.0
    if one == Birth(two.year, two.day, two.month):
        return "swapped", 7.0
    if _is_slip(_digits(one), _digits(two)):
        return "near", 6.0
    parts = sum(a == b for a, b in zip(one, two, strict=True))
    return (("far", -5.0), ("part", -2.0), ("two_parts", 3.5))[parts]


def _vague_birth(one: Birth, two: Birth) -> tuple[str, float]:
    """Compare days of which one is known to the month or the year only."""
    if one.month and two.month:
        return ("month", 5.5) if one[:2] == two[:2] else ("far", -4.0)
    gap = abs(one.year - two.year)
    return ("far", -4.0) if gap > 2 else ("year_near", 0.5) if gap else ("year", 2.5)


def _sex(one: str, two: str) -> tuple[str, float]:
    known = {"male", "female"}
    if one not in known or two not in known:
        return "", 0.0
    return ("same", 0.9) if one == two else ("far", -2.5)


def _phones(one: frozenset[str], two: frozenset[str]) -> tuple[str, float]:
    if not one or not two:
        return "", 0.0
    return ("same", 7.0) if one & two else ("far", -0.3)


def _identifier(one: Person, two: Person) -> Iterable[Reason]:
    mine, theirs = dict(one.identifiers), dict(two.identifiers)
    for system in sorted(mine.keys() & theirs.keys()):
        a, b = mine[system], theirs[system]
        what = f"identifier:{system}"
        if a == b:
            yield Reason(what, "same", 14.0)
        elif len(a) >= 6 and _is_slip(a, b):
            yield Reason(what, "near", 8.0)
        else:
            yield Reason(what, "far", -6.0)


def _text(one: str, two: str, same: float, near: float, far: float) -> tuple[str, float]:
    if not one or not two:
        return "", 0.0
    if one == two:
        return "same", same
    return ("near", near) if _alike(one, two) >= 0.9 or _is_slip(one, two) else ("far", far)


MOST_OF_HOME = 9.0


def _home(one: Person, two: Person) -> list[Reason]:
    """Compare where people live and are called: a family shares all of it, so there is a most."""
    street = [" ".join(key_words(each.street)) for each in (one, two)]
    town = [" ".join(key_words(each.locality)) for each in (one, two)]
    found = [
        Reason("phone", *_phones(one.phones, two.phones)),
        Reason("street", *_text(street[0], street[1], 4.5, 3.8, -0.8)),
        Reason("number", *_text(one.number, two.number, 2.0, 0.3, -0.3)),
        Reason("locality", *_text(town[0], town[1], 3.0, 2.4, -0.6)),
        Reason("postcode", *_text(one.postcode, two.postcode, 3.0, 1.5, -0.6)),
        Reason("region", *_text(one.region, two.region, 0.4, 0.0, -0.4)),
    ]
    over = sum(reason.weight for reason in found) - MOST_OF_HOME
    return [*found, Reason("household", "most", -over)] if over > 0 else found


def compare(one: Person, two: Person) -> Match:
    """Return how much speaks for one person behind both records, and why."""
    found = [
        *_identifier(one, two),
        *_name_reasons(one, two),
        Reason("birth", *_birth(one.birth, two.birth)),
        Reason("sex", *_sex(one.sex, two.sex)),
        *_home(one, two),
    ]
    reasons = [reason for reason in found if reason.how]
    if _may_be_twins(reasons):
        total = sum(reason.weight for reason in reasons)
        # Whoever shares a day of birth and a home, under another given name, is asked about.
        reasons.append(Reason("twins", "possible", min(0.0, REVIEW - 0.1 - total)))
    score = round(sum(reason.weight for reason in reasons), 2)
    return Match(score, tuple(sorted(reasons, key=lambda reason: -abs(reason.weight))))


def _may_be_twins(reasons: list[Reason]) -> bool:
    how = {reason.what: reason.how for reason in reasons}
    same_number = any(
        reason.what.startswith("identifier:") and reason.weight > 0 for reason in reasons
    )
    return (
        not same_number
        and how.get("given") == "far"
        and how.get("family") in {"same", "near"}
        and how.get("birth") == "same"
    )


# Which records are compared at all ----------------------------------------------------------


def keys(person: Person) -> set[str]:
    """Return the keys under which the record is found: two with one in common are compared."""
    names = (*key_words(person.given), *key_words(person.family))
    sounds = sorted(sound(word) or word for word in names)
    return (
        _number_keys(person)
        | _birth_keys(person.birth, sounds)
        | _home_keys(person, sounds)
        | {f"n {one} {two}" for one, two in combinations(sounds, 2)}
    )


def _number_keys(person: Person) -> set[str]:
    found = {f"p {number}" for number in person.phones}
    for system, value in person.identifiers:
        half = len(value) // 2
        found.add(f"i {system} {value}")
        if half >= 3:
            found |= {f"l {system} {value[:half]}", f"r {system} {value[half:]}"}
    return found


def _birth_keys(birth: Birth, sounds: list[str]) -> set[str]:
    year, month, day = birth
    found = {f"y {one} {year}" for one in sounds if year}
    if day:
        found |= {f"d {one} {month:02}{day:02}" for one in sounds}
        # Day and month are mixed up where both orders are read.
        found |= {f"b {year}{month:02}{day:02}", f"b {year}{day:02}{month:02}"}
    return found


def _home_keys(person: Person, sounds: list[str]) -> set[str]:
    found = {f"z {one} {person.postcode}" for one in sounds if person.postcode}
    street = "".join(key_words(person.street))
    if street:
        found |= {f"s {street} {person.number}", *(f"a {street} {one}" for one in sounds)}
    return found
