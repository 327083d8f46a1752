"""Doors for facts of the rooms below: what they announce may be work for somebody."""

from core import clock
from core.events import Fact
from worklist import services


def glass_review_open(fact: Fact) -> None:
    """The privacy officer looks at why a restricted record was opened in an emergency."""
    said = fact.payload
    services.task_open(
        kind="glass_review",
        unit_id=said["unit_id"],
        patient_id=said["patient_id"],
        subject=("patients.glass", str(said["public_id"])),
        at=fact.occurred_at,
    )


def glass_review_close(fact: Fact) -> None:
    """Somebody has looked: nobody else has to."""
    services.task_cancel_by_source(
        kind="glass_review",
        subject=("patients.glass", str(fact.payload["public_id"])),
        reason="reviewed",
        at=fact.occurred_at,
    )


def escalation_tell(fact: Fact) -> None:
    """Whoever answers for the level is told that the task is late."""
    said = fact.payload
    services.escalation_tell(task_id=said["task_id"], level=said["level"], at=clock.now())


def handover_tell(fact: Fact) -> None:
    """The person to whom the task was handed is told."""
    said = fact.payload
    services.handover_tell(task_id=said["task_id"], to_user_id=said["to_user_id"], at=clock.now())
