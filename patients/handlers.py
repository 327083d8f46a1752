"""Doors for facts."""

from core import clock
from core.events import Fact
from patients import services


def glass_alert(fact: Fact) -> None:
    """Everybody who reviews broken glasses is told of this one."""
    services.glass_alert(fact.payload["glass_id"], at=clock.now())


def glass_alert_mail(fact: Fact) -> None:
    """One of them has the mail."""
    services.glass_alert_mail(fact.payload["glass_id"], user_id=fact.payload["user_id"])


def preregistration_mail(fact: Fact) -> None:
    """The invited person has the link by mail."""
    services.preregistration_mail(fact.payload["preregistration_id"], at=clock.now())
