"""Looks: what was seen through a page or an API door, and what was refused (SEC-U1)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import models

from audit.models import Action, AuditEvent, Outcome
from core.context import Asker, asker

MOST_PATIENTS = 500
Row = AuditEvent


@dataclass(frozen=True, slots=True)
class Look:
    """One look, as the door and the address tell of it."""

    kind: str
    at: datetime
    outcome: Outcome = Outcome.SUCCESS
    reason: str = ""
    subject_type: str = ""
    subject: str = ""
    patients: tuple[UUID, ...] = ()
    query: Mapping[str, object] | None = None
    here: Asker = field(default_factory=asker)


@dataclass(slots=True)
class Seen:
    """What the door itself said about the look under way."""

    kind: str = ""
    subject_type: str = ""
    subject: str = ""
    count: int | None = None
    patients: dict[UUID, None] = field(default_factory=dict)

    def added_to(self, found: Look) -> Look:
        """Return the look with what the door knew better than the address."""
        query = found.query
        if self.count is not None:
            query = {**(query or {}), "count": self.count}
        return replace(
            found,
            kind=self.kind or found.kind,
            subject_type=self.subject_type or found.subject_type,
            subject=self.subject or found.subject,
            patients=tuple(self.patients) or found.patients,
            query=query,
        )


_seen: ContextVar[Seen | None] = ContextVar("seen", default=None)


@contextmanager
def looking() -> Iterator[Seen]:
    """Inside the block `look()` collects what doors say of the look under way."""
    seen = Seen()
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)


def look(
    *,
    subject: models.Model | None = None,
    patient: UUID | None = None,
    patients: Iterable[UUID] = (),
    kind: str = "",
    count: int | None = None,
) -> None:
    """The row of this look will say what was seen: called by doors, costs nothing.

    A search that showed several patients names each of them, and leaves one row for each (BALP);
    `kind` is view, list, search, print, download or export where the address does not tell.
    """
    seen = _seen.get()
    if seen is None:
        return
    if subject is not None:
        seen.subject_type = subject._meta.label_lower
        seen.subject = str(getattr(subject, "public_id", "") or subject.pk)
    seen.kind = kind or seen.kind
    seen.count = count if count is not None else seen.count
    for each in (patient, *patients):
        if each is not None:
            seen.patients[each] = None


def looks_of(found: Look) -> list[AuditEvent]:
    """Return the rows of a look, not stored yet: one, or one for each patient who was shown."""
    here = found.here
    return [
        AuditEvent(
            act=found.kind,
            action=Action.EXECUTE if found.kind in {"export", "search"} else Action.READ,
            outcome=found.outcome,
            occurred_at=found.at,
            actor=here.user_id,
            actor_name=here.user_name[:170],
            role=here.role,
            unit=here.unit_id,
            unit_name=here.unit_name[:120],
            patient=patient,
            subject_type=found.subject_type,
            subject=found.subject[:64],
            reason=found.reason[:500],
            query=dict(found.query) if found.query else None,
            purpose=here.purpose[:200],
            door=here.door[:100],
            source=here.source,
            address=here.address,
            session=here.session,
            request_id=here.request_id,
        )
        for patient in found.patients[:MOST_PATIENTS] or (None,)
    ]


def looks_store(events: Sequence[AuditEvent]) -> None:
    """The looks are on the trail, in one INSERT. Raises DatabaseError when they cannot be."""
    if len(events) == 1:
        events[0].save(force_insert=True)
    elif events:
        AuditEvent.objects.bulk_create(events)
