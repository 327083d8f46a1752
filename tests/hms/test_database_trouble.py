"""What trouble of the database becomes at the doors: named refusals, never a bare 500."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from hms import problems, search
from org import services
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in

pytestmark = pytest.mark.django_db
CODES = [
    ("40001", 409, "busy"),
    ("40P01", 409, "busy"),
    ("55P03", 409, "busy"),
    ("57014", 503, "too_slow"),
    ("53200", 503, "unavailable"),
    ("53300", 503, "unavailable"),
    ("57P01", 503, "unavailable"),
]


def raising(code: str) -> Callable[..., Any]:
    def act(*_args: Any, **_given: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'Smith' USING ERRCODE = '{code}'; END $$")

    return act


@pytest.mark.parametrize(("sqlstate", "status", "code"), CODES)
def test_programs_get_a_code(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, sqlstate: str, status: int, code: str
) -> None:
    monkeypatch.setattr(services, "unit_create", raising(sqlstate))
    client = Client()
    sign_in(client, hospital.admin)
    body = {"parent": str(hospital.root.public_id), "code": "X", "name": "X", "kind": "ward"}
    answer = client.post("/api/v1/org/units/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.has_header("Retry-After") is (status == 503)
    assert "Smith" not in answer.content.decode()


@pytest.mark.parametrize(("sqlstate", "status", "_code"), CODES)
def test_people_get_a_page(
    as_role: Callable[[str], Client],
    monkeypatch: pytest.MonkeyPatch,
    sqlstate: str,
    status: int,
    _code: str,
) -> None:
    monkeypatch.setattr(search, "find", raising(sqlstate))
    answer = as_role("nurse").get("/search/?q=x")
    page = answer.content.decode()
    assert answer.status_code == status
    assert page.count("<h1>") == 1
    assert "Smith" not in page


def test_slow_and_busy_say_what_to_do() -> None:
    assert "took too long" in str(problems.TookTooLong())
    assert "Somebody else" in str(problems.Contended())


@pytest.mark.parametrize("error", [None, ValueError(), RuntimeError()])
def test_other_errors_are_not_the_databases(error: Exception | None) -> None:
    assert problems.of_database(error) is None
