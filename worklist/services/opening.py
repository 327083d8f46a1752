"""Tasks come to be: called down by every room, and opened by people."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.context import asker
from core.errors import Invalid
from core.events import publish
from core.states import move, state_change_record
from org.selectors import units_of
from worklist.events import TaskClosed, TaskOpened
from worklist.models import DuePolicy, Task
from worklist.rules import clock as rules
from worklist.rules.kinds import KINDS, Kind, group_key
from worklist.services.basis import TASK, entry, locked, patient_of, touched
from worklist.states import OPEN, SEVERITY, EntryKind, Priority, TaskState

TRIES = 5


class UnknownKind(Invalid):
    """No kind of task has this name."""

    code = "unknown_kind"
    message = _("There is no such kind of task.")


def task_open(
    *,
    kind: str,
    unit_id: int,
    at: datetime,
    by: int | None = None,
    patient_id: int | None = None,
    subject: models.Model | tuple[str, str] | None = None,
    facts: Mapping[str, object] | None = None,
    detail: str = "",
    priority: str = "",
    role: str | None = None,
    owner_id: int | None = None,
    due_at: datetime | None = None,
    key: str = "",
) -> Task:
    """Somebody has to do this; what is open already under the same group joins it and counts.

    `subject` is what it is about: a row, or its type and public id. `key` groups more finely than
    the kind does. Empty `priority` and None for `role` mean the kind's own. A `due_at` of the past
    is due at once. Raises UnknownKind, Invalid.
    """
    declared = KINDS.get(kind)
    if declared is None:
        raise UnknownKind(field="kind")
    wanted = priority or declared.priority
    if wanted not in Priority.values:
        raise Invalid(field="priority")
    named = _named(subject)
    group = (
        f"{kind}:{key}"
        if key
        else group_key(declared, unit_id=unit_id, patient_id=patient_id, subject=named)
    )
    task = Task(
        kind=kind,
        facts=dict(facts or {}),
        detail=detail.strip(),
        priority=wanted,
        unit_id=unit_id,
        role=declared.role if role is None else role,
        owner_id=owner_id,
        requester_id=by,
        recorded_by_id=by,
        patient_id=patient_id,
        subject_type=named[0],
        subject_id=named[1],
        group_key=group[:160],
        occurred_at=at,
        source=asker().source,
    )
    _timed(task, declared, due_at=due_at, at=at)
    return _stored(task, declared, by=by, at=at)


def _named(subject: models.Model | tuple[str, str] | None) -> tuple[str, str]:
    if isinstance(subject, models.Model):
        return subject._meta.label_lower, str(getattr(subject, "public_id", "") or subject.pk)
    return subject or ("", "")


def _timed(task: Task, kind: Kind, *, due_at: datetime | None, at: datetime) -> None:
    """When it is due, when it escalates, until when it is quiet, by the clock of its unit."""
    (unit,) = units_of({task.unit_id})
    own = DuePolicy.objects.filter(unit_id=task.unit_id, kind=task.kind, priority=task.priority)
    minutes = own.values_list("minutes", flat=True).first()
    usual = rules.due_at(kind, task.priority, opened=at, minutes=minutes)
    task.due_at = max(at, due_at) if due_at is not None else usual
    following = rules.next_step(kind, due=task.due_at, reached=0)
    task.next_level_at = following.due_at if following else None
    task.lane = 0 if task.priority == Priority.STAT else 1
    task.quiet_until = rules.quiet_until(kind, task.priority, at=at, zone=unit.site.time_zone)


def _stored(task: Task, kind: Kind, *, by: int | None, at: datetime) -> Task:
    """The first opening stores the row; a later one joins it, also when both come at once."""
    for _attempt in range(TRIES):
        with transaction.atomic():
            if task.group_key:
                found = (
                    Task.objects.select_for_update(no_key=True)
                    .filter(group_key=task.group_key, state__in=OPEN)
                    .first()
                )
                if found is not None:
                    return _joined(found, task, kind, by=by, at=at)
            try:
                with transaction.atomic():
                    task.save(force_insert=True)
            except IntegrityError as error:
                if "task_one_open_per_group" not in str(error):
                    raise
                task.pk = None
                continue
            return _announced(task, by=by, at=at)
    raise Invalid(_("This cannot be stored at the moment. Try again."))


def _announced(task: Task, *, by: int | None, at: datetime) -> Task:
    state_change_record(task, "", task.state, by=by, at=at, unit_id=task.unit_id)
    record(
        "task_open",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=task,
        patient=patient_of(task),
        unit_id=task.unit_id,
        after={
            "kind": task.kind,
            "priority": task.priority,
            "role": task.role,
            "due_at": task.due_at,
            "owner": task.owner_id,
        },
    )
    publish(
        TaskOpened(
            task_id=task.pk,
            public_id=task.public_id,
            kind=task.kind,
            priority=task.priority,
            unit_id=task.unit_id,
            role=task.role,
        ),
        at=at,
        order_key=f"task:{task.pk}",
    )
    touched(task)
    return task


def _joined(found: Task, again: Task, kind: Kind, *, by: int | None, at: datetime) -> Task:
    """It came again while it was open: one row, a higher count, and never less urgent."""
    found.times += 1
    found.last_joined_at = at
    found.facts = {**found.facts, **again.facts}
    written = ["times", "last_joined_at", "facts"]
    entry(found, EntryKind.JOINED, by=by, at=at)
    if SEVERITY[again.priority] > SEVERITY[found.priority]:
        entry(found, EntryKind.RAISED, by=by, at=at, text=f"{found.priority} > {again.priority}")
        found.priority, found.lane = again.priority, again.lane
        found.quiet_until = again.quiet_until
        if found.lane == 0 and found.state == TaskState.BLOCKED:
            _waken(found, by=by, at=at)
        written += ["priority", "lane", "quiet_until"]
    if again.due_at < found.due_at:
        found.due_at = again.due_at
        following = rules.next_step(kind, due=found.due_at, reached=found.level)
        found.next_level_at = following.due_at if following else None
        written += ["due_at", "next_level_at"]
    found.version += 1
    found.save(update_fields=[*written, "version"])
    record(
        "task_join",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=found,
        patient=patient_of(found),
        unit_id=found.unit_id,
        after={"times": found.times, "priority": found.priority},
    )
    touched(found)
    return found


def _waken(task: Task, *, by: int | None, at: datetime) -> None:
    to = TaskState.CLAIMED if task.owner_id else TaskState.RETURNED
    move(task, to, machine=TASK, by=by, at=at, unit_id=task.unit_id)
    Task.objects.filter(pk=task.pk).update(wake_at=None, hold_reason="")


@transaction.atomic
def task_cancel_by_source(
    *,
    kind: str,
    at: datetime,
    reason: str,
    by: int | None = None,
    subject: models.Model | tuple[str, str] | None = None,
    key: str = "",
) -> int:
    """What was to be done is no longer needed: whatever opened it took it back. Returns how many.

    Named by subject, or by the `key` it was opened with. Nothing open is no error.
    """
    rows = Task.objects.select_for_update(no_key=True).filter(kind=kind, state__in=OPEN)
    if key:
        rows = rows.filter(group_key=f"{kind}:{key}"[:160])
    else:
        subject_type, subject_id = _named(subject)
        rows = rows.filter(subject_type=subject_type, subject_id=subject_id)
    found = list(rows.order_by("pk"))
    for task in found:
        task_cancel(task, reason=reason, by=by, at=at)
    return len(found)


@transaction.atomic
def task_cancel(task: Task, *, reason: str, by: int | None, at: datetime) -> Task:
    """The task is no longer needed. Raises TransitionRefused."""
    row = locked(task)
    move(row, TaskState.CANCELLED, machine=TASK, by=by, at=at, reason=reason, unit_id=row.unit_id)
    closed(row, "task_cancel", reason=reason, by=by, at=at)
    return row


def closed(row: Task, act: str, *, reason: str = "", by: int | None, at: datetime) -> None:
    """The trail, the live lists and whoever subscribes learn that nobody has to do it any more."""
    row.next_level_at = row.wake_at = row.quiet_until = None
    row.version += 1
    row.save(update_fields=["next_level_at", "wake_at", "quiet_until", "version"])
    record(
        act,
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        patient=patient_of(row),
        unit_id=row.unit_id,
        reason=reason,
        after={"state": row.state},
    )
    publish(
        TaskClosed(task_id=row.pk, public_id=row.public_id, state=row.state),
        at=at,
        order_key=f"task:{row.pk}",
    )
    touched(row)
