"""The one way into the audit trail."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import models

from audit.models import Action, AuditEvent, Outcome
from core.context import SYSTEM, asker


def record(
    act: str,
    *,
    action: Action,
    at: datetime,
    by: int | None,
    subject: models.Model | None = None,
    patient: UUID | None = None,
    unit_id: int | None = None,
    reason: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    outcome: Outcome = Outcome.SUCCESS,
    by_name: str = "",
    query: Mapping[str, object] | None = None,
    recipient: str = "",
    purpose: str = "",
    named: tuple[str, str] = ("", ""),
) -> AuditEvent:
    """The act is on the trail, in the caller's transaction: if this row fails, so does the act.

    `before` and `after` hold only the changed fields. Never pass secrets. `by_name` names an actor
    whom the request does not know yet; `query` says what was asked for, `recipient` and `purpose`
    to whom data went and what for; `named` is type and id of a subject that is not at hand.
    """
    here = asker()
    if subject is not None:
        named = (subject._meta.label_lower, str(getattr(subject, "public_id", "") or subject.pk))
    return AuditEvent.objects.create(
        act=act,
        action=action,
        outcome=outcome,
        occurred_at=at,
        actor=by if by is not None else here.user_id,
        actor_name=(by_name or actor_name(by))[:170],
        role=here.role,
        unit=unit_id if unit_id is not None else here.unit_id,
        unit_name=here.unit_name if unit_id in {None, here.unit_id} else "",
        patient=patient,
        subject_type=named[0],
        subject=named[1],
        reason=reason,
        before=_plain(before),
        after=_plain(after),
        query=_plain(query),
        recipient=recipient[:200],
        purpose=(purpose or here.purpose)[:200],
        door=here.door,
        source=here.source,
        address=here.address,
        session=here.session,
        request_id=here.request_id,
    )


def actor_name(by: int | None) -> str:
    """Return the name of who acts: known of whoever asks, and of the system itself."""
    here = asker()
    if by is None and here.user_id is None and here.source == "task":
        return here.user_name or SYSTEM
    return here.user_name if by in {None, here.user_id} else ""


def changes(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Return only the fields whose values differ, as they were and as they are."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _plain(values: Mapping[str, object] | None) -> dict[str, object] | None:
    if values is None:
        return None
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
