"""Background doors of this room."""

from celery import shared_task

from core import clock
from core.doors import System, requires
from org import services


@shared_task
@requires(System("assignments begin and end by the clock"), module=None, methods=())
def assignments_settle_due() -> int:
    """Group membership follows the assignments that began or ended since the last time."""
    return services.assignments_settle(at=clock.now())


@shared_task
@requires(System("tokens die by the clock"), module=None, methods=(), always=True)
def tokens_purge_due() -> int:
    """Tokens and codes that nobody can use any more are gone."""
    return services.tokens_purge(at=clock.now())
