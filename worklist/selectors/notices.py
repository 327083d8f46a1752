"""Questions about notices: what a person was told, how it went, whether the ways work."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from org.permissions import Grants, people_visible_to
from worklist.models import Notice, NoticeChoice, NoticeDelivery
from worklist.permissions import Perm
from worklist.states import UNSENT, Channel, DeliveryState

# A way that has had something to send for so long and sent nothing is broken.
LATE = timedelta(minutes=15)
QUEUE_LONG = 500
RECENT = timedelta(hours=24)
MOST_COUNTED = 99


def notices_of(user_id: int, *, only_unread: bool = False) -> QuerySet[Notice]:
    """Return what the person was told, newest first."""
    rows = Notice.objects.filter(user_id=user_id)
    return rows.filter(read_at__isnull=True) if only_unread else rows


def notice_get(user_id: int, public_id: UUID) -> Notice | None:
    """Return a notice of the person, or None."""
    return Notice.objects.filter(user_id=user_id, public_id=public_id).first()


def unread_count(user_id: int) -> int:
    """Return how many notices the person has not read, 100 at most."""
    return Notice.objects.filter(user_id=user_id, read_at=None)[: MOST_COUNTED + 1].count()


def choice_of(user_id: int) -> NoticeChoice | None:
    """Return how the person wants to be told, None for the usual way."""
    return NoticeChoice.objects.filter(user_id=user_id).first()


def deliveries(
    *,
    grants: Grants,
    state: str = "",
    channel: str = "",
    permission: str = Perm.VIEW_DELIVERIES,
) -> QuerySet[NoticeDelivery]:
    """Return ways out of the house taken to people of the asker's units, newest first."""
    people = people_visible_to(grants, permission=permission)
    rows = NoticeDelivery.objects.exclude(channel=Channel.APP).filter(
        notice__user__in=people.values("pk")
    )
    rows = rows.select_related("notice__user")
    if state:
        rows = rows.filter(state=state)
    return rows.filter(channel=channel) if channel else rows


def delivery_get(*, grants: Grants, public_id: UUID) -> NoticeDelivery | None:
    """Return a delivery that the asker may have tried again, or None."""
    rows = deliveries(grants=grants, permission=Perm.RETRY_DELIVERY)
    return rows.filter(public_id=public_id).first()


@dataclass(frozen=True, slots=True)
class Beat:
    """How one way out of the house does: what waits, since when, what went out and what did not."""

    channel: str
    waiting: int
    oldest: datetime | None
    last_sent_at: datetime | None
    failed: int
    dead: int
    is_late: bool

    @property
    def is_well(self) -> bool:
        """Say whether nobody needs to look."""
        return not self.is_late and self.waiting < QUEUE_LONG


def heartbeat(*, at: datetime) -> list[Beat]:
    """Return how each way out of the house does, in one query.

    Late is a way on which something has been due for a quarter of an hour.
    """
    due = Q(state__in=UNSENT, due_at__lte=at)
    rows = (
        NoticeDelivery.objects.exclude(channel=Channel.APP)
        .filter(Q(state__in=UNSENT) | Q(created_at__gt=at - RECENT))
        .values("channel")
        .annotate(
            waiting=Count("pk", filter=due),
            oldest=Min("due_at", filter=due),
            first_made=Min("created_at", filter=due),
            last_sent_at=Max("sent_at"),
            failed=Count("pk", filter=Q(state=DeliveryState.FAILED)),
            dead=Count("pk", filter=Q(state=DeliveryState.DEAD)),
        )
        .order_by("channel")
    )
    return [
        Beat(
            channel=row["channel"],
            waiting=row["waiting"],
            oldest=row["oldest"],
            last_sent_at=row["last_sent_at"],
            failed=row["failed"],
            dead=row["dead"],
            is_late=_is_late(row["oldest"], row["failed"], row["last_sent_at"], at),
        )
        for row in rows
    ]


def _is_late(
    oldest: datetime | None, failed: int, last_sent_at: datetime | None, at: datetime
) -> bool:
    """Something has been due for long; or tries keep failing and nothing went out meanwhile."""
    if oldest is not None and at - oldest > LATE:
        return True
    return failed > 0 and last_sent_at is not None and at - last_sent_at > RECENT
