"""Celery: everything that can wait. The database holds the work; the broker only nudges."""

import os
import socket
from typing import Any

import structlog
from celery import Celery, Task, signals
from celery.schedules import crontab
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

log = structlog.get_logger("hms.tasks")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")


class PausingTask(Task):  # type: ignore[misc]
    """A task that writes rests while the whole system is read-only, unless its door says always."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, or leave everything for later. Raises DatabaseError."""
        from core import mode
        from core.doors import door_of

        door, found = door_of(self.run), mode.state()
        if found.is_database or (found.is_switched and not (door and door.always)):
            log.info("task_paused", task=self.name)
            return None
        return super().__call__(*args, **kwargs)


app = Celery("hms", task_cls=PausingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hms", "org", "audit", "patients", "worklist"])
app.conf.beat_schedule = {
    "relay-drain": {"task": "hms.tasks.relay_drain", "schedule": 10.0, "options": {"expires": 9}},
    "assignments-settle": {
        "task": "org.tasks.assignments_settle_due",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "tasks-escalate": {
        "task": "worklist.tasks.tasks_escalate_due",
        "schedule": 20.0,
        "options": {"expires": 19},
    },
    "exceptions-settle": {
        "task": "hms.tasks.exceptions_settle",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "tasks-wake": {
        "task": "worklist.tasks.tasks_wake_due",
        "schedule": 20.0,
        "options": {"expires": 19},
    },
    "glasses-expire": {
        "task": "patients.tasks.glasses_expire_due",
        "schedule": 60.0,
        "options": {"expires": 59},
    },
    "preregistrations-expire": {
        "task": "patients.tasks.preregistrations_expire_due",
        "schedule": 600.0,
        "options": {"expires": 599},
    },
    "notices-deliver": {
        "task": "worklist.tasks.notices_deliver_due",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
    "ways-watch": {
        "task": "worklist.tasks.ways_watch",
        "schedule": 120.0,
        "options": {"expires": 119},
    },
    "alerts-expire": {
        "task": "worklist.tasks.alerts_expire_due",
        "schedule": 300.0,
        "options": {"expires": 299},
    },
    "tokens-purge": {
        "task": "org.tasks.tokens_purge_due",
        "schedule": 600.0,
        "options": {"expires": 599},
    },
    "heartbeat": {"task": "hms.tasks.heartbeat", "schedule": 10.0, "options": {"expires": 9}},
    "keys-purge": {
        "task": "hms.tasks.keys_purge",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "restore-drill": {
        "task": "hms.tasks.drill_due",
        "schedule": crontab(day_of_week="sunday", hour=3, minute=10),
        "options": {"expires": 3600},
    },
    "audit-seal": {"task": "audit.tasks.seal_due", "schedule": 30.0, "options": {"expires": 29}},
    "audit-anchor": {
        "task": "audit.tasks.anchor_due",
        "schedule": float(settings.AUDIT_ANCHOR_SECONDS),
        "options": {"expires": 500},
    },
    "audit-verify": {
        "task": "audit.tasks.verify_due",
        "schedule": crontab(hour=2, minute=20),
        "options": {"expires": 3600},
    },
    "duplicates-scan": {
        "task": "patients.tasks.duplicates_scan_due",
        "schedule": crontab(hour=1, minute=40),
        "options": {"expires": 3600},
    },
    "looks-bring": {
        "task": "audit.tasks.looks_bring_due",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "audit-months": {
        "task": "audit.tasks.months_make_due",
        "schedule": 86400.0,
        "options": {"expires": 80000},
    },
}


@signals.worker_init.connect
@signals.worker_process_init.connect
@signals.beat_init.connect
def bound_waits(**_kwargs: Any) -> None:
    """No wait for the database lasts for ever."""
    from hms.database import waits

    waits.install()


@signals.before_task_publish.connect
def with_the_request(headers: Any = None, **_kwargs: Any) -> None:
    """The task knows the request it comes from, also over a handler (SEC-O9)."""
    from core import context

    request_id = context.asker().request_id
    if headers is not None and request_id:
        headers["hms_request"] = request_id


@signals.task_prerun.connect
def in_the_house(task: Any = None, **_kwargs: Any) -> None:
    """What a worker writes is in the hospital's money, language and time, as on a page.

    On the trail and in the row history stands which task it was, and for which request: where none
    asked, which run of it.
    """
    from core import context
    from org.middleware import enter_house

    if task is not None and not task.request.is_eager:
        enter_house()
        request_id = getattr(task.request, "hms_request", "") or task.request.id or ""
        context.enter(request_id=str(request_id), door=task.name, source="task")


@signals.worker_init.connect
def counters_begin(**_kwargs: Any) -> None:
    """What the pool of an earlier start counted is gone."""
    from hms import metrics

    metrics.forget(_place(""), folder=settings.METRICS_DIR)


@signals.worker_process_init.connect
def counters_share(**_kwargs: Any) -> None:
    """This process of the pool counts at its place, which its successor takes over."""
    from billiard import current_process

    from hms import metrics

    number = getattr(current_process(), "index", 0)
    metrics.share(_place(f"-{number}"), folder=settings.METRICS_DIR)


def _place(end: str) -> str:
    return f"worker-{socket.gethostname()}{end}"


@signals.task_postrun.connect
def count_task(task: Any = None, state: str | None = None, **_kwargs: Any) -> None:
    """One task more, by how it ended."""
    from hms import metrics

    metrics.task_ended(str(getattr(task, "name", "")), state or "")


@signals.worker_init.connect
@signals.beat_init.connect
def refuse_demo(**_kwargs: Any) -> None:
    """A production worker or beat ends at once when the demo is in the database."""
    from hms import startup

    try:
        startup.refuse_demo()
    except ImproperlyConfigured as error:
        # Celery swallows errors of its signals, but not this one.
        raise SystemExit(str(error)) from error
