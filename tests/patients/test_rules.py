"""What people type about people: births, numbers, names, searches. No database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.identity import (
    NOT_KNOWN,
    BirthOn,
    birth_fault,
    mother_fault,
    name_fault,
    parse_birth,
    questions,
    unknown_name,
)
from patients.rules.numbers import ending, number_key, phone_key
from patients.rules.typed import Wanted, wanted

TODAY = date(2026, 11, 26)
BORN = date(1981, 3, 7)


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("7 3 81", BORN, "day"),
        ("07mar1981", BORN, "day"),
        ("1981-03-07", BORN, "day"),
        ("03/1981", date(1981, 3, 1), "month"),
        ("1981-03", date(1981, 3, 1), "month"),
        ("1981", date(1981, 1, 1), "year"),
        ("45", date(1981, 1, 1), "estimated"),
        ("45y", date(1981, 1, 1), "estimated"),
        ("6m", date(2026, 5, 1), "estimated"),
        ("3w", date(2026, 11, 5), "estimated"),
    ],
)
def test_a_birth_is_read_as_people_tell_it(text: str, day: date, precision: str) -> None:
    assert parse_birth(text, TODAY) == BirthOn(day, precision)


def test_nothing_typed_is_a_birth_that_nobody_knows() -> None:
    assert parse_birth("  ", TODAY) == NOT_KNOWN


@pytest.mark.parametrize("text", ["31 2 81", "13/1981", "yesterday", "0y0", "999y"])
def test_what_is_no_birth_is_refused(text: str) -> None:
    assert parse_birth(text, TODAY) is None


@given(st.text(max_size=50))
def test_reading_a_birth_never_breaks(text: str) -> None:
    found = parse_birth(text, TODAY)
    assert found is None or found.day is None or isinstance(found.day, date)


@pytest.mark.parametrize(
    ("born", "died", "fault"),
    [
        (date(2026, 11, 27), None, "future"),
        (date(1890, 1, 1), None, "too_old"),
        (date(2020, 5, 2), date(2020, 5, 1), "after_death"),
        (date(2020, 5, 1), date(2020, 5, 1), ""),
        (TODAY, None, ""),
    ],
)
def test_impossible_births_are_known(born: date, died: date | None, fault: str) -> None:
    assert birth_fault(BirthOn(born, "day"), today=TODAY, died_on=died) == fault


@pytest.mark.parametrize(
    ("family", "given", "codes"),
    [
        ("Nowak", "Anna", set()),
        ("O", "Anna", {"one_letter"}),
        ("", "Suharto", {"one_name"}),
        ("Nowaк", "Anna", {"mixed_scripts"}),
        ("山田", "太郎", set()),
        ("さくら田", "ハナ子", set()),
        ("Nowak2", "Anna", {"digits"}),
        ("O’Brien-Díaz", "Anne-Marie", set()),
    ],
)
def test_what_is_unusual_about_a_name_is_asked(family: str, given: str, codes: set[str]) -> None:
    asked = questions({"family": family, "given": given}, born=NOT_KNOWN, today=TODAY)
    assert {each.code for each in asked} == codes


@pytest.mark.parametrize("name", ["Anna 🎉", "Now@k", "<b>", "--"])
def test_what_no_name_has_is_refused(name: str) -> None:
    assert name_fault(name)


@pytest.mark.parametrize("name", ["", "Anna", "D'Souza", "Nuñez y Díaz", "عائشة", "J. R.", "नेहा"])
def test_names_of_the_world_are_names(name: str) -> None:
    assert name_fault(name) == ""


def test_one_phone_is_one_however_it_is_written() -> None:
    spellings = ["+33 6 11 22 33 44", "0033611223344", "06.11.22.33.44", "(06) 11 22-33-44"]
    assert {phone_key(text) for text in spellings} == {"611223344"}


@pytest.mark.parametrize("text", ["", "12345", "call me", "06 11 22 33 44 (evenings)"])
def test_what_is_no_phone_has_no_key(text: str) -> None:
    assert phone_key(text) == ""


def test_a_number_is_compared_without_its_signs() -> None:
    assert number_key(" 2 81-03.75 123 a ") == "2810375123A"


@given(st.text(max_size=30))
def test_an_end_never_tells_more_than_half(text: str) -> None:
    assert len(ending(text)) <= len(text) / 2


def test_a_search_text_is_read_in_every_way_it_may_be_meant() -> None:
    found = wanted("kowalska 7 3 81", today=TODAY)
    assert found.words == ("kowalska",)
    assert found.births == (date(1981, 3, 7), date(1981, 7, 3))
    assert wanted("0100000013", today=TODAY).digits == "0100000013"
    assert wanted("06 11 22 33 44", today=TODAY).phone == "611223344"
    assert wanted("XY 123456", today=TODAY).number == "XY123456"
    assert wanted("07031981", today=TODAY).births[0] == BORN
    assert wanted("  ", today=TODAY) == Wanted()


@given(st.text(max_size=90))
def test_reading_a_search_never_breaks(text: str) -> None:
    assert len(wanted(text, today=TODAY).words) <= 5


def test_unknown_people_are_told_apart_by_two_words() -> None:
    names = {unknown_name(number) for number in range(676)}
    assert len(names) == 676
    assert unknown_name(0) == "Alfa Alfa"


def test_a_child_is_no_mother() -> None:
    assert mother_fault(date(2020, 1, 1), date(2026, 1, 1))
    assert not mother_fault(date(1990, 1, 1), date(2026, 1, 1))
    assert not mother_fault(None, date(2026, 1, 1))
