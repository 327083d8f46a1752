"""Two records, one person? The reasons, and figures on published sets with known truth."""

import csv
import itertools
import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.rules.matching import (
    REVIEW,
    WARN,
    Birth,
    Level,
    Match,
    Person,
    compare,
    keys,
)

SHARED = Path(os.environ.get("HMS_SHARED", Path(__file__).resolve().parents[3] / "shared"))
ANNA = Person(
    given="Anna Maria",
    family="Kowalska-Nowak",
    birth=Birth(1981, 3, 7),
    sex="female",
    street="Long Lane",
    number="12",
    locality="Riverside",
    postcode="4011",
    phones=frozenset({"+33611223344"}),
    identifiers=frozenset({("national", "281037512345")}),
)


def how(match: Match) -> dict[str, str]:
    return {reason.what: reason.how for reason in match.reasons}


def test_the_same_record_is_certain() -> None:
    assert compare(ANNA, ANNA).level == Level.CERTAIN


def test_nothing_known_says_nothing() -> None:
    assert compare(Person(), Person()) == Match(0.0, ())
    assert compare(ANNA, Person()).score == 0.0


@pytest.mark.parametrize(
    ("changes", "what", "outcome"),
    [
        ({"given": "Ana Maria"}, "given", "near"),
        ({"family": "Kowalska"}, "family", "same"),
        ({"family": "Nowak Kowalska"}, "family", "same"),
        ({"given": "Kowalska Nowak", "family": "Anna Maria"}, "order", "swapped"),
        ({"birth": Birth(1981, 7, 3)}, "birth", "swapped"),
        ({"birth": Birth(1981, 3, 17)}, "birth", "near"),
        ({"birth": Birth(1981)}, "birth", "year"),
        ({"birth": Birth(1981, 3)}, "birth", "month"),
        ({"identifiers": frozenset({("national", "281037513245")})}, "identifier:national", "near"),
        ({"given": "A."}, "given", "initial"),
        ({"family": "Ковальская-Новак"}, "family", "sound"),
    ],
)
def test_what_people_mistype_still_speaks_for_one_person(
    changes: dict[str, object], what: str, outcome: str
) -> None:
    found = compare(ANNA, replace(ANNA, **changes))  # type: ignore[arg-type]
    assert how(found)[what] == outcome
    assert found.level in {Level.REVIEW, Level.CERTAIN}


def test_another_person_in_the_same_house_is_not_one() -> None:
    husband = replace(
        ANNA, given="Piotr", birth=Birth(1979, 11, 30), sex="male", identifiers=frozenset()
    )
    assert compare(ANNA, husband).level == Level.NONE


def test_twins_are_asked_about_and_never_certain() -> None:
    one = replace(ANNA, identifiers=frozenset(), given="Anna")
    two = replace(one, given="Zofia")
    found = compare(one, two)
    assert found.level == Level.WARN
    assert how(found)["twins"] == "possible"


def test_two_different_national_numbers_speak_against() -> None:
    other = replace(ANNA, identifiers=frozenset({("national", "155068811111")}))
    assert compare(ANNA, other).score < compare(ANNA, ANNA).score - 15


words = st.text(st.characters(codec="utf-8"), max_size=40)
births = st.builds(Birth, st.integers(0, 2026), st.integers(0, 12), st.integers(0, 31))
people = st.builds(
    Person,
    given=words,
    family=words,
    birth=births,
    sex=st.sampled_from(["", "male", "female", "other"]),
    street=words,
    number=words,
    locality=words,
    postcode=words,
    phones=st.frozensets(words.filter(bool), max_size=2),
    identifiers=st.frozensets(st.tuples(st.just("national"), words.filter(bool)), max_size=1),
)


@given(people, people)
@settings(max_examples=300, deadline=None)
def test_it_does_not_matter_who_is_first(one: Person, two: Person) -> None:
    assert compare(one, two).score == pytest.approx(compare(two, one).score, abs=0.02)


@given(people)
@settings(max_examples=200, deadline=None)
def test_the_score_is_the_sum_of_its_reasons(one: Person) -> None:
    found = compare(one, ANNA)
    assert found.score == pytest.approx(sum(reason.weight for reason in found.reasons), abs=0.01)
    assert all(reason.how for reason in found.reasons)


# Published sets ----------------------------------------------------------------------------


def _person(row: dict[str, str], *, has_number: bool) -> Person:
    day = row["date_of_birth"]
    is_whole = len(day) == 8 and day.isdecimal()
    number = row["soc_sec_id"]
    return Person(
        given=row["given_name"],
        family=row["surname"],
        birth=Birth(int(day[:4]), int(day[4:6]), int(day[6:])) if is_whole else Birth(),
        street=row["address_1"],
        number=row["street_number"],
        locality=row["suburb"],
        postcode=row["postcode"],
        region=row["state"],
        identifiers=frozenset({("national", number)}) if has_number and number else frozenset(),
    )


def figures(folder: Path, *, number: int, has_number: bool, least: float) -> tuple[float, float]:
    """Return precision and recall of all pairs that share a key and reach `least`."""
    with (folder / f"dataset{number}.csv").open(encoding="utf-8") as file:
        people = {
            row["rec_id"]: _person(row, has_number=has_number) for row in csv.DictReader(file)
        }
    with (folder / f"dataset{number}_true_pairs.csv").open(encoding="utf-8") as file:
        true = {frozenset(row.values()) for row in csv.DictReader(file)}
    blocks: dict[str, list[str]] = defaultdict(list)
    for record, found in people.items():
        for key in keys(found):
            blocks[key].append(record)
    pairs = {
        frozenset(pair) for block in blocks.values() for pair in itertools.combinations(block, 2)
    }
    linked = {pair for pair in pairs if compare(*(people[each] for each in pair)).score >= least}
    right = len(linked & true)
    return right / len(linked), right / len(true)


@pytest.mark.parametrize(("number", "has_number"), [(1, True), (1, False), (2, True), (2, False)])
def test_on_febrl_it_finds_the_pairs_and_no_others(number: int, has_number: bool) -> None:
    folder = SHARED / "data" / "febrl"
    if not folder.is_dir():
        pytest.skip("the shared data are not here: ../shared/data/febrl")
    precision, recall = figures(folder, number=number, has_number=has_number, least=WARN)
    assert 2 * precision * recall / (precision + recall) >= 0.985
    # What a clerk is not asked about must be right.
    precision, _recall = figures(folder, number=number, has_number=has_number, least=REVIEW)
    assert precision >= 0.998
