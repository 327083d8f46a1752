"""Celery: everything that can wait. The database holds the work; the broker only nudges."""

import os
from typing import Any

from celery import Celery, signals
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")

app = Celery("hms")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hms", "org", "audit"])
app.conf.beat_schedule = {
    "relay-drain": {"task": "hms.tasks.relay_drain", "schedule": 10.0, "options": {"expires": 9}},
    "assignments-settle": {
        "task": "org.tasks.assignments_settle_due",
        "schedule": 30.0,
        "options": {"expires": 29},
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
    "audit-seal": {"task": "audit.tasks.seal_due", "schedule": 30.0, "options": {"expires": 29}},
    "audit-anchor": {
        "task": "audit.tasks.anchor_due",
        "schedule": float(os.environ.get("HMS_AUDIT_ANCHOR_SECONDS") or 600),
        "options": {"expires": 500},
    },
    "audit-verify": {
        "task": "audit.tasks.verify_due",
        "schedule": crontab(hour=2, minute=20),
        "options": {"expires": 3600},
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


@signals.task_prerun.connect
def in_the_house(task: Any = None, task_id: str | None = None, **_kwargs: Any) -> None:
    """What a worker writes is in the hospital's money, language and time, as on a page.

    On the trail and in the row history stands which task it was, and which run of it.
    """
    from core import context
    from org.middleware import enter_house

    if task is not None and not task.request.is_eager:
        enter_house()
        context.enter(request_id=str(task_id or ""), door=task.name)


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
