"""Who looked at this, and who changed it: for the page of a record, and for its subject.

The door that asks has already decided that the asker may see the record.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from audit.models import Action, AuditEvent, Outcome
from audit.permissions import Reach, visible_to
from audit.selectors import names
from core.paging import DEFAULT_SIZE, Page, page

LOOKS = frozenset({"view", "list", "search", "print", "download", "export"})


def looks_at(
    *,
    subject_type: str = "",
    subject: str = "",
    patient: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """Return each successful look at one thing or at one patient, the newest first."""
    rows = _about(subject_type, subject, patient).filter(act__in=LOOKS, outcome=Outcome.SUCCESS)
    return _within(rows, since, until)


def changes_of(
    *,
    subject_type: str = "",
    subject: str = "",
    patient: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """Return each act that changed one thing, or something of one patient, the newest first."""
    rows = _about(subject_type, subject, patient).filter(
        action__in=[Action.CREATE, Action.UPDATE, Action.DELETE], outcome=Outcome.SUCCESS
    )
    return _within(rows, since, until)


@dataclass(frozen=True, slots=True)
class Looker:
    """One person who looked: as what, how often, first and last."""

    actor: int | None
    name: str
    role: str
    unit: str
    times: int
    first_at: datetime
    last_at: datetime


def lookers(looks: QuerySet[AuditEvent]) -> list[Looker]:
    """Return who is behind the looks, whoever looked last first: "who opened my record"."""
    rows = (
        looks.order_by()
        .values("actor", "actor_name", "role", "unit_name")
        .annotate(times=Count("id"), first_at=Min("occurred_at"), last_at=Max("occurred_at"))
        .order_by("-last_at", "actor")
    )
    return [
        Looker(
            actor=row["actor"],
            name=row["actor_name"],
            role=row["role"],
            unit=row["unit_name"],
            times=row["times"],
            first_at=row["first_at"],
            last_at=row["last_at"],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Seen:
    """Which looks at a record, and changes of it, are wanted; empty values let everything through.

    `what`: looks, changes, glass (what happened through a broken glass only).
    """

    person: str = ""
    since: datetime | None = None
    until: datetime | None = None
    what: str = ""


def seen_of(patient: UUID, *, reach: Reach, wanted: Seen | None = None) -> QuerySet[AuditEvent]:
    """Return who saw or changed the record of a patient, within reach; nothing refused."""
    asked = wanted or Seen()
    rows = visible_to(reach).filter(patient=patient, outcome=Outcome.SUCCESS)
    if asked.what == "looks":
        rows = rows.filter(act__in=LOOKS)
    elif asked.what == "changes":
        rows = rows.exclude(act__in=LOOKS)
    elif asked.what == "glass":
        rows = rows.exclude(purpose="")
    if asked.person:
        people = names.people_named(asked.person)
        rows = rows.filter(Q(actor_name__icontains=asked.person) | Q(actor__in=people))
    return _within(rows, asked.since, asked.until)


def seen_page(
    rows: QuerySet[AuditEvent], *, cursor: str = "", size: int = DEFAULT_SIZE
) -> Page[AuditEvent]:
    """Cut one page out of the rows, the newest first. Raises Invalid for a damaged cursor."""
    return page(rows, order=("-occurred_at", "-id"), cursor=cursor, size=size)


def done_for(purpose: str, *, patient: UUID, since: datetime) -> QuerySet[AuditEvent]:
    """Return what was seen and done of a patient for one purpose: through one broken glass."""
    rows = AuditEvent.objects.filter(patient=patient, purpose=purpose, occurred_at__gte=since)
    return rows.order_by("-occurred_at", "-id")


def _about(subject_type: str, subject: str, patient: UUID | None) -> QuerySet[AuditEvent]:
    if patient is not None:
        return AuditEvent.objects.filter(patient=patient)
    if not (subject_type and subject):
        raise ValueError("Name a thing by type and id, or a patient.")
    return AuditEvent.objects.filter(subject_type=subject_type, subject=subject)


def _within(
    rows: QuerySet[AuditEvent], since: datetime | None, until: datetime | None
) -> QuerySet[AuditEvent]:
    if since is not None:
        rows = rows.filter(occurred_at__gte=since)
    if until is not None:
        rows = rows.filter(occurred_at__lt=until)
    return rows.order_by("-occurred_at", "-id")
