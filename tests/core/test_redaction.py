"""Errors say their kind and their place, and no value that a person or a patient gave."""

from collections.abc import Callable

import psycopg2
import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from core.models import Delivery
from core.redaction import said, sqlstate, told, without_queries


def failing(statement: str) -> Exception:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


@pytest.mark.django_db
def test_a_broken_rule_names_the_rule_and_not_the_row() -> None:
    error = failing("INSERT INTO core_heartbeat (name, beat_at) VALUES ('Smith', NULL)")
    assert "Smith" in str(error)
    assert said(error) == (
        'IntegrityError [23502]: null value in column "beat_at" of relation "core_heartbeat" '
        "violates not-null constraint"
    )


@pytest.mark.django_db
def test_a_value_of_the_wrong_kind_is_not_repeated() -> None:
    error = failing("SELECT 'Smith'::uuid")
    assert (type(error), sqlstate(error)) == (DataError, "22P02")
    assert said(error) == "DataError [22P02]: invalid input syntax for type uuid: …"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("Smith"), "KeyError: …"),
        (ValueError("the name 'Smith' is odd\nand more"), "ValueError: the name … is odd"),
        (ValueError("no user {'name': 'Smith"), "ValueError: no user …"),
        (RuntimeError(), "RuntimeError"),
        (OperationalError("no answer in 3 s"), "OperationalError: no answer in 3 s"),
        (psycopg2.OperationalError(), "OperationalError"),
        (IntegrityError("odd (Smith)"), "IntegrityError: odd …"),
    ],
)
def test_quoted_words_are_cut(error: Exception, text: str) -> None:
    assert said(error) == text


def test_an_error_that_cannot_say_what_it_is_is_named() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert said(Mute()) == "Mute"


NAME = "Agatha Thistlewood"


def traceback_of(act: Callable[[], object]) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # any error has a traceback
        act()
    return told((caught.type, caught.value, caught.tb))


@pytest.mark.django_db
def test_a_traceback_keeps_its_places_and_causes_without_values() -> None:
    def act() -> None:
        try:
            Delivery.objects.create(event_id=0, handler=NAME, state="nonsense")
        except IntegrityError as error:
            raise ValueError(f"not '{NAME}'") from error

    text = traceback_of(act)
    assert text.startswith("Traceback (most recent call last):\n")
    assert "test_redaction.py" in text
    assert "ValueError: not …" in text
    assert "IntegrityError [23514]" in text
    assert "CheckViolation [23514]" in text
    assert "Failing row" not in text
    assert NAME not in text


def test_a_hidden_cause_stays_hidden() -> None:
    def act() -> None:
        try:
            raise KeyError
        except KeyError:
            raise ValueError from None

    assert traceback_of(act).splitlines()[-1] == "ValueError"
    assert traceback_of(act).count("Traceback") == 1


def test_addresses_lose_their_questions() -> None:
    line = "Error handling request /people/?q=Smith+Jane&page=2 from 10.0.0.1? yes"
    assert without_queries(line) == "Error handling request /people/?… from 10.0.0.1? yes"
