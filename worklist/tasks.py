"""Background doors of this room."""

from celery import shared_task

from core import clock
from core.doors import System, requires
from worklist import services
from worklist.adapters import ready_ways, send

MOST_SENT = 200


@shared_task
@requires(System("late tasks go up by the clock"), module=None, methods=())
def tasks_escalate_due() -> int:
    """Late tasks are at the level that the clock says."""
    return services.tasks_escalate(at=clock.now())


@shared_task
@requires(System("what is on hold comes back by the clock"), module=None, methods=())
def tasks_wake_due() -> int:
    """Tasks that were on hold until now are back."""
    return services.tasks_wake(at=clock.now())


@shared_task
@requires(System("notices go out by their ways"), module=None, methods=())
def notices_deliver_due() -> int:
    """Every notice that is due went out, or waits for its next try or way; returns how many."""
    count = 0
    while count < MOST_SENT:
        errand = services.delivery_take(at=clock.now(), ready=ready_ways())
        if errand is None:
            break
        services.delivery_settle(errand.delivery_id, send(errand), at=clock.now())
        count += 1
    services.deliveries_unconfirmed(at=clock.now())
    return count


@shared_task
@requires(System("ways that do not deliver become a task"), module=None, methods=())
def ways_watch() -> int:
    """A way that does not deliver is a task of whoever runs the system; returns how many are."""
    return services.ways_watched(at=clock.now())


@shared_task
@requires(System("alerts that nobody answered run out by the clock"), module=None, methods=())
def alerts_expire_due() -> int:
    """Alerts that were not answered in time have run out."""
    return services.alerts_expire(at=clock.now())
