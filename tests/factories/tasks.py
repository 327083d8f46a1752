"""The smallest legal tasks, made by the real services."""

from datetime import datetime
from typing import Any

from org import levels
from org import services as places
from org.models import Unit, User
from tests.factories.org import STARTED
from worklist import services
from worklist.models import Notice, NoticeDelivery, Task


def switched_on(*units: Unit) -> None:
    """Tasks are live in the units."""
    for unit in units:
        places.activation_set(
            unit=unit, module="tasks", level="live", reason="for the test", by=None, at=STARTED
        )
    levels.forget()


def task(unit: Unit, *, kind: str = "request", at: datetime = STARTED, **rest: Any) -> Task:
    """An open task of the unit."""
    return services.task_open(kind=kind, unit_id=unit.pk, at=at, **rest)


def way_given_up(user: User, *, at: datetime = STARTED) -> NoticeDelivery:
    """A mail to the person that nobody took."""
    notice = Notice.objects.create(user=user, kind="trial", severity="routine", told_at=at)
    return NoticeDelivery.objects.create(
        notice=notice,
        step=1,
        channel="mail",
        state="dead",
        due_at=at,
        dead_at=at,
        fault="refused",
    )
