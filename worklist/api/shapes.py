"""How the API shows tasks: every field is named here, nothing else leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worklist.models import Delegation
    from worklist.selectors import Line, Shown


def task_json(shown: Shown) -> dict[str, Any]:
    """Return a task as a list shows it."""
    task = shown.task
    return {
        "public_id": task.public_id,
        "kind": task.kind,
        "title": shown.title,
        "detail": task.detail,
        "priority": task.priority,
        "state": task.state,
        "unit": shown.unit.public_id,
        "role": task.role,
        "owner": shown.owner,
        "is_mine": shown.is_mine,
        "patient": shown.patient.public_id if shown.patient else None,
        "hides_patient": shown.hides_patient,
        "subject_type": task.subject_type,
        "subject_id": task.subject_id,
        "times": task.times,
        "opened_at": task.occurred_at,
        "due_at": task.due_at,
        "first_touched_at": task.first_touched_at,
        "completed_at": task.completed_at,
        "cancelled_at": task.cancelled_at,
        "escalated_at": task.escalated_at,
        "wake_at": task.wake_at,
        "level": task.level,
        "next_level_at": shown.following.due_at if shown.following else None,
        "next_level_role": shown.following.level.role if shown.following else "",
        "version": task.version,
    }


def line_json(line: Line) -> dict[str, Any]:
    """Return one line of a timeline."""
    return {"at": line.at, "what": line.what, "by": line.by, "to": line.to, "text": line.text}


def whole_json(shown: Shown, lines: list[Line]) -> dict[str, Any]:
    """Return a task with its timeline."""
    return {**task_json(shown), "timeline": [line_json(line) for line in lines]}


def delegation_json(row: Delegation, to: str) -> dict[str, Any]:
    """Return who stands in, from when until when."""
    return {
        "public_id": row.public_id,
        "to": to,
        "starts_at": row.period.lower,
        "ends_at": row.period.upper,
        "reason": row.reason,
    }
