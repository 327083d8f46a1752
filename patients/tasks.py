"""Background doors of this room."""

from celery import shared_task

from core import clock
from core.doors import System, requires
from patients import services


@shared_task
@requires(System("a broken glass closes by the clock"), module=None, methods=())
def glasses_expire_due() -> int:
    """Glasses whose time is over wait for their review."""
    return services.glasses_expire(at=clock.now())


@shared_task
@requires(System("what nobody looked at in time is wiped"), module=None, methods=())
def preregistrations_expire_due() -> int:
    """Invitations and answers whose time is over are closed, and the answers gone."""
    return services.preregistrations_expire(at=clock.now())


@shared_task(time_limit=6 * 3600)
@requires(System("likely duplicates are looked for at night"), module=None, methods=())
def duplicates_scan_due() -> int:
    """The likeliest pairs of records are on the review list."""
    return services.duplicates_scan(at=clock.now())
