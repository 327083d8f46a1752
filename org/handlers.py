"""Doors for facts. A fact that arrives leaves one row: a second arrival would show."""

from uuid import UUID

from core import clock
from core.events import Fact
from org import services


def arrival_note(fact: Fact) -> None:
    """The change of people or places is on the list of arrived facts, once per fact."""
    services.arrival_record(fact_id=UUID(fact.id), name=fact.name, at=clock.now())


def trail_alarm(fact: Fact) -> None:
    """Everybody who watches over the trail is told that it was found broken."""
    services.trail_alarm(run_id=fact.payload["run_id"], at=clock.now())


def trail_alarm_mail(fact: Fact) -> None:
    """One of them has the mail."""
    services.trail_alarm_mail(fact.payload["user_id"], problems=fact.payload["problems"])


def account_notice_mail(fact: Fact) -> None:
    """The owner of the login was told by mail."""
    services.notice_mail(fact.payload["notice_id"])


def account_key_mail(fact: Fact) -> None:
    """The link to choose a password is with its person."""
    said = fact.payload
    services.key_mail(said["user_id"], kind=said["kind"], by=said["by"], at=clock.now())
