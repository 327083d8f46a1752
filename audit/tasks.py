"""Background doors of this room."""

from celery import shared_task

from audit import services
from core.doors import System, requires


@shared_task
@requires(System("the trail has room for the coming months"), module=None, methods=())
def months_make_due() -> int:
    """The coming months of the trail have their tables."""
    return services.months_make()
