"""Which records may be of the person in hand: found by numbers, births, sounds; then compared."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from org.services.vault import marks, opened
from patients.models import Patient, PatientAddress, PatientIdentifier, PatientName, PatientPhone
from patients.permissions import restricted
from patients.rules.identity import BirthOn
from patients.rules.matching import WARN, Birth, Match, Person, compare
from patients.rules.names import key_words, sound
from patients.rules.numbers import number_key, phone_key
from patients.selectors.search import NUMBER, PHONE
from patients.selectors.words import sounding
from patients.states import BirthPrecision, IdentityState

MOST_COMPARED = 200
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be of the same person: how much speaks for it, and why."""

    patient: Patient
    match: Match


def birth_known(day: date | None, precision: str) -> Birth:
    """Return a day of birth as it is compared: only as much of it as is known."""
    if day is None or precision in {BirthPrecision.UNKNOWN, BirthPrecision.ESTIMATED}:
        return Birth(day.year) if day and precision == BirthPrecision.ESTIMATED else Birth()
    known = {BirthPrecision.YEAR: 1, BirthPrecision.MONTH: 2}.get(BirthPrecision(precision), 3)
    return Birth(*(day.year, day.month, day.day)[:known])


def person_of(values: dict[str, object], born: BirthOn) -> Person:
    """Return what was typed about a person as it is compared."""
    text = {name: str(values.get(name) or "") for name in values}
    phones = {phone_key(text.get(name, "")) for name in ("mobile", "phone")}
    number = number_key(text.get("national", ""))
    return Person(
        given=text.get("given", ""),
        family=text.get("family", ""),
        birth=birth_known(*born),
        sex=text.get("sex", ""),
        street=text.get("street", ""),
        number=text.get("house_number", ""),
        locality=text.get("locality", ""),
        postcode=text.get("postcode", ""),
        region=text.get("region", ""),
        phones=frozenset(mark for key in phones if key for mark in marks(key, purpose=PHONE)),
        identifiers=frozenset({("national", number)}) if number else frozenset(),
    )


def candidates(
    values: dict[str, object],
    born: BirthOn,
    *,
    at: datetime,
    but: int | None = None,
    least: float = WARN,
) -> list[Candidate]:
    """Return the records that may be of this person, the likeliest first; not the record `but`.

    A restricted record is nobody's hint: the list of duplicates finds it, for who may see it.
    """
    return _found(person_of(values, born), born, but=but, least=least, at=at)


def likely(patient: Patient, *, at: datetime, least: float = WARN) -> list[Candidate]:
    """Return the other records that may be of the same person, the likeliest first."""
    born = BirthOn(patient.birth_on, patient.birth_precision)
    person = people({patient.pk: patient})[patient.pk]
    return _found(person, born, but=patient.pk, least=least, at=at)


def _found(
    person: Person, born: BirthOn, *, but: int | None, least: float, at: datetime
) -> list[Candidate]:
    pks = [pk for pk in _alike(person, born) if pk != but][:MOST_COMPARED]
    if not pks:
        return []
    hidden = restricted(at=at).filter(patient__in=pks).values("patient_id")
    living = Patient.objects.exclude(state=IdentityState.MERGED)
    rows = living.exclude(pk__in=hidden).in_bulk(pks)
    known = people(rows)
    found = [Candidate(rows[pk], compare(person, known[pk])) for pk in rows]
    worth = [each for each in found if each.match.score >= least]
    return sorted(worth, key=lambda each: -each.match.score)[:SHOWN]


def _alike(person: Person, born: BirthOn) -> dict[int, None]:
    found: dict[int, None] = {}
    for _system, value in person.identifiers:
        rows = PatientIdentifier.objects.filter(mark__in=marks(value, purpose=NUMBER))
        found |= dict.fromkeys(rows.values_list("patient_id", flat=True)[:MOST_COMPARED])
    if person.phones:
        phones = PatientPhone.objects.filter(mark__in=person.phones)
        found |= dict.fromkeys(phones.values_list("patient_id", flat=True)[:MOST_COMPARED])
    words = {*key_words(person.given), *key_words(person.family)}
    sounds = {heard for word in words if (heard := sound(word))}
    if sounds and born.day and born.precision == BirthPrecision.DAY:
        days = _days(born.day)
        found |= dict.fromkeys(sounding(sounds, least=1, births=days, limit=MOST_COMPARED))
    if len(sounds) > 1:
        found |= dict.fromkeys(sounding(sounds, least=2, limit=MOST_COMPARED))
    return found


def _days(day: date) -> list[date]:
    return [day, day.replace(month=day.day, day=day.month)] if day.day <= 12 else [day]


def people(rows: dict[int, Patient]) -> dict[int, Person]:
    """Return the patients as they are compared; earlier names and addresses do not count."""
    names: dict[int, PatientName] = {}
    for name in PatientName.objects.filter(patient__in=rows, period__upper_inf=True):
        if name.use in {"official", "temp"}:
            names[name.patient_id] = name
    homes = {
        home.patient_id: home
        for home in PatientAddress.objects.filter(patient__in=rows, period__upper_inf=True)
    }
    phones: dict[int, set[str]] = defaultdict(set)
    for pk, mark in _now(PatientPhone.objects.filter(patient__in=rows), "mark"):
        phones[pk].add(mark)
    numbers: dict[int, set[tuple[str, str]]] = defaultdict(set)
    national = PatientIdentifier.objects.filter(patient__in=rows, system="national")
    for pk, sealed in _now(national, "value_sealed"):
        numbers[pk].add(("national", number_key(opened(sealed, purpose=NUMBER))))
    return {
        pk: _person(row, names.get(pk), homes.get(pk), phones[pk], numbers[pk])
        for pk, row in rows.items()
    }


def _now(rows: Any, column: str) -> Iterable[tuple[int, str]]:
    found: Iterable[tuple[int, str]] = rows.filter(period__upper_inf=True).values_list(
        "patient_id", column
    )
    return found


def _person(
    row: Patient,
    name: PatientName | None,
    home: PatientAddress | None,
    phones: set[str],
    numbers: set[tuple[str, str]],
) -> Person:
    return Person(
        given=name.given if name else row.given,
        family=name.family if name else row.family,
        birth=birth_known(row.birth_on, row.birth_precision),
        sex=row.sex,
        street=home.street if home else "",
        number=home.number if home else "",
        locality=home.locality if home else "",
        postcode=home.postcode if home else "",
        region=home.region if home else "",
        phones=frozenset(phones),
        identifiers=frozenset(numbers),
    )
