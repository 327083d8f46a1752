"""Facts that could not be delivered are seen by readiness, listed, and sent again."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import AuditEvent
from core import clock
from core.models import Delivery, Event


@pytest.fixture
def failed(db: None) -> Callable[[str], Delivery]:
    def make(handler: str) -> Delivery:
        event = Event.objects.create(
            name="org.UnitCreated",
            payload={"name": "Thistlewood"},
            occurred_at=clock.now() - timedelta(hours=3),
        )
        return Delivery.objects.create(
            event=event,
            handler=handler,
            state=Delivery.State.FAILED,
            attempts=5,
            last_error="IntegrityError [23505]: duplicate key",
        )

    return make


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("deliveries", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_nothing_given_up() -> None:
    assert run() == "No delivery was given up.\n"


def test_the_list_says_what_failed_and_not_about_whom(failed: Callable[[str], Delivery]) -> None:
    row = failed("org.arrival_note")
    head, line = run().splitlines()
    assert head.split() == ["id", "fact", "handler", "tries", "error", "age"]
    assert line.split() == [
        *(str(row.pk), "org.UnitCreated", "org.arrival_note", "5"),
        *("IntegrityError", "[23505]", "3:00:00"),
    ]


def test_one_is_sent_again_and_the_trail_says_so(failed: Callable[[str], Delivery]) -> None:
    first, second = failed("a"), failed("b")
    assert run("--retry", str(first.pk)) == "Due again: 1.\n"
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.attempts, second.state) == ("pending", 0, "failed")
    trail = AuditEvent.objects.get(act="delivery_retry")
    assert (trail.after, trail.action) == ({"delivery": first.pk}, "E")


def test_all_are_sent_again(failed: Callable[[str], Delivery]) -> None:
    failed("a")
    failed("b")
    assert run("--retry", "all") == "Due again: 2.\n"
    assert AuditEvent.objects.filter(act="delivery_retry").count() == 2
    assert run() == "No delivery was given up.\n"


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["7", "0", "x", "-1"])
def test_what_has_not_failed_is_not_sent_again(number: str) -> None:
    with pytest.raises(CommandError):
        run("--retry", number)
    assert not AuditEvent.objects.filter(act="delivery_retry").exists()


@pytest.mark.usefixtures("transactional_db")
def test_readiness_points_at_them(failed: Callable[[str], Delivery]) -> None:
    failed("a")
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["deliveries"] == {
        "status": "degraded",
        "code": "given_up",
        "detail": "1 given up: manage.py deliveries.",
    }
