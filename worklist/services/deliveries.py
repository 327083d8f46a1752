"""One way of telling somebody: taken by one worker, sent, confirmed, tried again, given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from audit.services import Action, record
from core.states import Machine, move
from org import house
from org.services import phone_of
from worklist.models import Notice, NoticeChoice, NoticeDelivery
from worklist.rules import telling
from worklist.rules.notice_kinds import notice_kind
from worklist.states import (
    DELIVERY_STEPS,
    MISSED,
    UNSENT,
    Channel,
    DeliveryState,
    SkipReason,
)

DELIVERY = Machine(
    column="state",
    table=DELIVERY_STEPS,
    words=DeliveryState,
)
LEASE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Errand:
    """What a worker sends: by which way, where to, in which language, which words.

    `phrase` is looked up in the language of the person by whoever sends.
    """

    delivery_id: int
    channel: str
    address: str
    language: str
    phrase: Any
    link: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """What the other side said: taken (under its own number), or not and whether for good."""

    is_taken: bool
    provider_id: str = ""
    fault: str = ""
    is_final: bool = False


def delivery_moved(row: NoticeDelivery, to: str, *, at: datetime, **values: Any) -> None:
    """The delivery is in the state, with these columns, in the caller's transaction."""
    reason = str(values.get("skip_reason") or values.get("fault") or "")
    # Columns first: a state without its reason is refused by the table.
    NoticeDelivery.objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
    move(row, to, machine=DELIVERY, by=None, at=at, reason=reason)


def next_way(notice: Notice, *, ways: Sequence[str], at: datetime) -> NoticeDelivery | None:
    """The next way that was not taken yet waits for a worker, when its hour has come.

    A way that is not set up, or has no address, is left out with its reason, and the one after it
    waits. Inside the caller's transaction, which holds the notice.
    """
    taken = set(notice.deliveries.values_list("channel", flat=True))
    for channel in ways:
        if channel not in taken:
            return NoticeDelivery.objects.create(
                notice=notice,
                step=len(taken),
                channel=channel,
                state=DeliveryState.QUEUED,
                due_at=_hour(notice, at=at),
            )
    return None


def _hour(notice: Notice, *, at: datetime) -> datetime:
    choice = NoticeChoice.objects.filter(user_id=notice.user_id).first()
    quiet = None
    if choice is not None and choice.quiet_from is not None and choice.quiet_to is not None:
        quiet = (choice.quiet_from, choice.quiet_to)
    found = house.current()
    zone = found.time_zone if found and found.time_zone else "UTC"
    return telling.not_before(notice.severity, at=at, quiet=quiet, zone=zone)


@transaction.atomic
def delivery_take(*, at: datetime, ready: frozenset[str]) -> Errand | None:
    """The delivery that has waited longest is this worker's for three minutes; None if none is.

    Ways that are not `ready`, have no address, or were read meanwhile are left out on the way, and
    the next way of the person waits instead. A worker that died loses its lease: what it had is
    sent again, because nobody knows whether it went out.
    """
    while True:
        row = _due(at)
        if row is None:
            return None
        reason, address = _address(row, ready)
        if reason:
            _settled(row, DeliveryState.SKIPPED, at=at, skip_reason=reason)
            continue
        if row.state == DeliveryState.FAILED:
            delivery_moved(row, DeliveryState.QUEUED, at=at)
        row.tries += 1
        row.leased_until = at + LEASE
        row.save(update_fields=["tries", "leased_until"])
        kind = notice_kind(row.notice.kind)
        return Errand(
            delivery_id=row.pk,
            channel=row.channel,
            address=address,
            language=row.notice.user.language,
            phrase=kind.title,
            link=(kind.url_name, row.notice.subject_id),
        )


def _due(at: datetime) -> NoticeDelivery | None:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
    rows = NoticeDelivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    rows = rows.filter(free, state__in=UNSENT, due_at__lte=at).select_related("notice__user")
    return rows.order_by("due_at", "id").first()


def _address(row: NoticeDelivery, ready: frozenset[str]) -> tuple[str, str]:
    """Return why the way is not taken, or where it goes."""
    user = row.notice.user
    if row.notice.read_at is not None:
        return SkipReason.READ, ""
    if not user.is_active:
        return SkipReason.LEFT, ""
    if row.channel not in ready:
        return SkipReason.OFF, ""
    address = user.email if row.channel == Channel.MAIL else phone_of(user.pk)
    return ("", address) if address else (SkipReason.NO_ADDRESS, "")


def _settled(row: NoticeDelivery, to: str, *, at: datetime, **values: Any) -> None:
    """It stands so; when it reached nobody, the next way waits."""
    delivery_moved(row, to, at=at, leased_until=None, **values)
    if to in MISSED and values.get("skip_reason") not in {SkipReason.READ, SkipReason.LEFT}:
        _next(row.notice, at=at)


def _next(notice: Notice, *, at: datetime) -> None:
    choice = NoticeChoice.objects.filter(user_id=notice.user_id).first()
    ways = telling.ways(notice.severity, choice.ways if choice else {})
    next_way(notice, ways=ways, at=at)


@transaction.atomic
def delivery_settle(delivery_id: int, sent: Sent, *, at: datetime) -> str:
    """What the other side said is kept: sent, tried again, or given up and the next way waits.

    A word of the provider that came before this one holds. Returns the state.
    """
    row = _locked(delivery_id)
    if row.state not in UNSENT:
        # The provider's report was faster than its answer.
        if sent.provider_id and not row.provider_id:
            NoticeDelivery.objects.filter(pk=row.pk).update(provider_id=sent.provider_id)
        return row.state
    if sent.is_taken:
        wait = at + telling.CONFIRM_WITHIN if row.channel == Channel.SMS else None
        _settled(
            row,
            DeliveryState.SENT,
            at=at,
            sent_at=at,
            provider_id=sent.provider_id[:64],
            confirm_until=wait,
            fault="",
        )
        return row.state
    again = None if sent.is_final else telling.next_try(row.tries, at=at)
    fault = (sent.fault or "failed")[:60]
    if again is not None:
        _settled(row, DeliveryState.FAILED, at=at, fault=fault, due_at=again)
    else:
        _settled(row, DeliveryState.DEAD, at=at, fault=fault, dead_at=at)
    return row.state


def _locked(delivery_id: int) -> NoticeDelivery:
    rows = NoticeDelivery.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("notice__user").get(pk=delivery_id)


@transaction.atomic
def delivery_confirm(
    *, channel: str, provider_id: str, said: str, fault: str = "", at: datetime
) -> bool:
    """The provider reported what became of a message; says whether anything changed.

    Reports come twice, late and in any order: what is known already, or would be a step back,
    changes nothing. A number of nobody's is no error: it may be older than this database.
    """
    rows = NoticeDelivery.objects.select_for_update(no_key=True, of=("self",))
    row = (
        rows.select_related("notice__user")
        .filter(channel=channel, provider_id=provider_id)
        .exclude(provider_id="")
        .first()
    )
    if row is None or said not in DELIVERY_STEPS[row.state]:
        return False
    if said == DeliveryState.DELIVERED:
        _settled(row, said, at=at, delivered_at=at, confirm_until=None)
    elif said == DeliveryState.READ:
        _settled(row, said, at=at, read_at=at, confirm_until=None)
    elif said == DeliveryState.DEAD:
        fault = fault[:60] or "undelivered"
        _settled(row, said, at=at, fault=fault, dead_at=at, confirm_until=None)
    else:
        return False
    record(
        "delivery_confirm",
        action=Action.UPDATE,
        at=at,
        by=None,
        subject=row,
        after={"channel": channel, "state": said},
    )
    return True


@transaction.atomic
def deliveries_unconfirmed(*, at: datetime, limit: int = 100) -> int:
    """Of what was not reported as arrived in time the next way waits too; returns how many.

    The report may still come: the row stays as it is.
    """
    rows = NoticeDelivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    found = list(
        rows.filter(state=DeliveryState.SENT, confirm_until__lte=at)
        .select_related("notice")
        .order_by("confirm_until", "id")[:limit]
    )
    for row in found:
        NoticeDelivery.objects.filter(pk=row.pk).update(confirm_until=None)
        _next(row.notice, at=at)
    return len(found)


@transaction.atomic
def delivery_retry(row: NoticeDelivery, *, by: int, at: datetime) -> NoticeDelivery:
    """A delivery that was given up waits again, from its first try. Raises TransitionRefused."""
    found = _locked(row.pk)
    move(found, DeliveryState.QUEUED, machine=DELIVERY, by=by, at=at, reason="by hand")
    NoticeDelivery.objects.filter(pk=found.pk).update(tries=0, due_at=at, fault="", dead_at=None)
    found.refresh_from_db()
    record("notice_retry", action=Action.UPDATE, at=at, by=by, subject=found)
    return found
