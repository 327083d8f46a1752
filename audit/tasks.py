"""Background doors of this room."""

import structlog
from celery import shared_task

from audit import services
from core import clock
from core.doors import System, requires

log = structlog.get_logger("audit.trail")


@shared_task
@requires(System("the trail has room for the coming months"), module=None, methods=(), always=True)
def months_make_due() -> int:
    """The coming months of the trail have their tables."""
    return services.months_make()


@shared_task
@requires(System("what was written is sealed"), module=None, methods=(), always=True)
def seal_due() -> int:
    """Rows of transactions that are over are sealed."""
    return services.seal(at=clock.now())


@shared_task
@requires(System("heads of the chains leave the database"), module=None, methods=(), always=True)
def anchor_due() -> str:
    """The heads stand in the anchor file."""
    return services.anchor(at=clock.now()).name


@shared_task
@requires(System("looks kept aside come onto the trail"), module=None, methods=(), always=True)
def looks_bring_due() -> int:
    """What was seen while the trail took no rows is on it."""
    return services.looks_bring(at=clock.now()).count


@shared_task(time_limit=6 * 3600)
@requires(System("the trail is checked against its seals"), module=None, methods=(), always=True)
def verify_due() -> bool:
    """The trail was checked, and a break is announced."""
    anchored, extra = services.anchors_read(services.anchor_files())
    run = services.verify_and_note(at=clock.now(), anchored=anchored, extra=extra)
    if run.problem_count:
        log.error("trail_broken", run=run.pk, problems=run.problem_count)
    return not run.problem_count
