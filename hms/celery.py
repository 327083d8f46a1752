"""Celery: everything that can wait. The database holds the work; the broker only nudges."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")

app = Celery("hms")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hms", "org"])
app.conf.beat_schedule = {
    "relay-drain": {"task": "hms.tasks.relay_drain", "schedule": 10.0, "options": {"expires": 9}},
    "assignments-settle": {
        "task": "org.tasks.assignments_settle_due",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "heartbeat": {"task": "hms.tasks.heartbeat", "schedule": 10.0, "options": {"expires": 9}},
    "keys-purge": {
        "task": "hms.tasks.keys_purge",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
}
