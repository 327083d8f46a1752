"""Doors for facts of this room."""

from celery import current_app

from core.events import Fact

TASK = "audit.tasks.verify_due"


def verify_start(_fact: Fact) -> None:
    """The check that somebody asked for is with the workers: it may take minutes."""
    current_app.send_task(TASK, retry=False)
