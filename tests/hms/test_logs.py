"""Lines of the log hold no search term, no name, no row (SEC-U8, SEC-P6)."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.test import Client

from core import idempotency
from hms import tasks
from org import selectors
from org.models import User
from tests.fixtures.log_lines import log_of_production

SECRETS = ("Thistlewood", "thistlewood", "Agatha")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return what the log of production would hold by now."""
    with log_of_production() as text:
        yield lambda: [json.loads(line) for line in text().splitlines()]


def broken_row(*_args: Any, **_given: Any) -> None:
    User.objects.create(username="t1", family_name=SECRETS[0], state="nonsense")


def silent(found: list[dict[str, Any]]) -> str:
    """Return all lines as one text; no secret is in there."""
    text = json.dumps(found, ensure_ascii=False)
    assert [word for word in SECRETS if word in text] == []
    return text


def test_a_page_that_breaks_tells_where_and_not_for_whom(
    as_role: Callable[[str], Client], lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_role("system_administrator")
    client.raise_request_exception = False
    monkeypatch.setattr(selectors, "people_list", broken_row, raising=False)
    monkeypatch.setattr(selectors, "person_list", broken_row, raising=False)
    answer = client.get("/people/?q=Thistlewood+Agatha")
    assert answer.status_code == 500
    found = lines()
    text = silent(found)
    [error] = [line for line in found if line["logger"] == "django.request"]
    assert error["event"] == "Internal Server Error: /people/"
    assert error["request_id"] == answer["X-Request-Id"]
    assert "IntegrityError [23514]" in error["exception"]
    assert "test_logs.py" in error["exception"]
    assert "Failing row" not in text
    [request] = [line for line in found if line["event"] == "request"]
    assert (request["route"], request["status"]) == ("people/", 500)


@pytest.mark.django_db
def test_a_task_that_breaks_is_named(lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "purge", broken_row)
    tasks.keys_purge.apply()
    found = lines()
    silent(found)
    [line] = [line for line in found if line["logger"] == "celery.app.trace"]
    assert line["event"].startswith("Task hms.tasks.keys_purge[")
    assert "IntegrityError [23514]" in line["exception"]


def test_objects_are_named_by_their_type(lines: Any) -> None:
    person = User(username="t", family_name="Thistlewood")
    log = logging.getLogger("hms.test")
    log.error("broken", extra={"person": person, "why": ValueError("for 'Thistlewood'")})
    log.error("cannot: %s", ValueError("for 'Thistlewood'"))
    log.error("Error handling request %s", "/people/?q=Thistlewood")
    structlog.get_logger("hms.test").error("said", error=KeyError("Thistlewood"), who=person)
    found = lines()
    silent(found)
    assert (found[0]["person"], found[0]["why"]) == ("User", "ValueError: for …")
    assert found[1]["event"] == "cannot: ValueError: for …"
    assert found[2]["event"] == "Error handling request /people/?…"
    assert (found[3]["error"], found[3]["who"]) == ("KeyError: …", "User")
