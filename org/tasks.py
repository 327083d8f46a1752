"""Background doors of this room."""

from datetime import timedelta

from celery import shared_task

from core import clock
from core.doors import System, requires
from org import services

LOOK_BACK = timedelta(hours=1)


@shared_task
@requires(System("assignments begin and end by the clock"), module=None, methods=())
def assignments_settle_due() -> int:
    """Group membership follows the assignments that began or ended lately."""
    now = clock.now()
    return services.assignments_settle(at=now, since=now - LOOK_BACK)
