"""Late tasks go up one level at a time, on the task itself: never another alert (ROW-H3)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from audit.services import Action, record
from core.events import publish
from worklist.events import TaskEscalated
from worklist.models import Task, TaskEscalation
from worklist.rules import clock as rules
from worklist.rules.kinds import kind_of
from worklist.services.basis import patient_of, touched
from worklist.states import OPEN, TaskState

BATCH = 200


def tasks_escalate(*, at: datetime, limit: int = BATCH) -> int:
    """Every task whose time has come is at the level that the clock says. Returns how many rose.

    Repeating it changes nothing: a level is one row, whoever comes second finds it there. After a
    pause of the system a task rises once, to the level of now. What is on hold waits till it wakes.
    """
    count = 0
    while count < limit and _escalate_next(at):
        count += 1
    return count


@transaction.atomic
def _escalate_next(at: datetime) -> bool:
    rows = Task.objects.select_for_update(no_key=True, skip_locked=True)
    late = rows.filter(next_level_at__lte=at, state__in=OPEN)
    asleep = Q(state=TaskState.BLOCKED, wake_at__gt=at)
    task = late.exclude(asleep).order_by("next_level_at", "id").first()
    if task is None:
        return False
    task_escalate(task, at=at)
    return True


@transaction.atomic
def task_escalate(task: Task, *, at: datetime) -> TaskEscalation | None:
    """The task is at the level that the clock says; returns its row, None when it was there."""
    row = Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    if row.state not in OPEN:
        return None
    kind = kind_of(row.kind)
    step = rules.step_now(kind, due=row.due_at, reached=row.level, at=at)
    reached = step.number if step else row.level
    following = rules.next_step(kind, due=row.due_at, reached=reached)
    row.next_level_at = following.due_at if following else None
    if step is None:
        row.save(update_fields=["next_level_at"])
        return None
    row.level, row.escalated_at = step.number, row.escalated_at or at
    row.version += 1
    row.save(update_fields=["level", "escalated_at", "next_level_at", "version"])
    return _told(row, step, at=at)


def _told(row: Task, step: rules.Step, *, at: datetime) -> TaskEscalation:
    made = TaskEscalation.objects.create(
        task=row,
        number=step.number,
        role=step.level.role,
        channel=step.level.channel,
        due_at=step.due_at,
        made_at=max(at, step.due_at),
    )
    record(
        "task_escalate",
        action=Action.UPDATE,
        at=at,
        by=None,
        subject=row,
        patient=patient_of(row),
        unit_id=row.unit_id,
        after={"level": step.number, "role": step.level.role},
    )
    fact = TaskEscalated(
        task_id=row.pk,
        public_id=row.public_id,
        level=step.number,
        role=step.level.role,
        unit_id=row.unit_id,
        channel=step.level.channel,
    )
    publish(fact, at=at, order_key=f"task:{row.pk}")
    touched(row)
    return made
