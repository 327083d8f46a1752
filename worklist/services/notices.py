"""People are told: a row for each person, ways of telling tried one after the other.

Nothing is sent here: rows are made in the transaction of the act; `worklist.tasks` sends after the
commit what is due, and whoever comes second finds the row taken.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, time

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, changes, record
from core import live
from core.errors import Invalid, ServiceError, VersionConflict
from core.states import state_change_record
from worklist.marks import person_mark
from worklist.models import Notice, NoticeChoice, NoticeDelivery
from worklist.rules import telling
from worklist.rules.notice_kinds import NOTICE_KINDS
from worklist.services.deliveries import delivery_moved, next_way
from worklist.states import UNSENT, Channel, DeliveryState, Priority, SkipReason

MOST_PEOPLE = 200


class UnknownNotice(Invalid):
    """No kind of notice has this name."""

    code = "unknown_notice"
    message = _("There is no such kind of notice.")


class NotYourNotice(ServiceError):
    """The notice is somebody else's."""

    code = "not_your_notice"
    status = 404
    message = _("This notice is not yours.")


class SmsOff(ServiceError):
    """No text messages go out of this hospital."""

    code = "sms_off"
    message = _("Text messages are not set up in this hospital.")


class SmsFailed(ServiceError):
    """The provider did not take the message."""

    code = "sms_failed"
    message = _("The message could not be sent. Check the number, or try again later.")


@transaction.atomic
def notice_send(
    *,
    to: Collection[int],
    kind: str,
    severity: str,
    subject: models.Model | tuple[str, str] | None,
    at: datetime,
    by: int | None,
    facts: Mapping[str, object] | None = None,
    unit_id: int | None = None,
    channel: str = "",
    key: str = "",
) -> list[Notice]:
    """Each of these people is told: at once on the screen, then by the ways of the severity.

    `channel` is a way that is tried first (an escalation names one). The same `key` is told a
    person once, however often it comes. Words hold no patient's name: only `facts`
    that the kind's words ask for. Raises UnknownNotice, Invalid.
    """
    if kind not in NOTICE_KINDS:
        raise UnknownNotice(field="kind")
    if severity not in Priority.values:
        raise Invalid(field="severity")
    named = _named(subject)
    made = []
    for user_id in sorted(set(to))[:MOST_PEOPLE]:
        row = Notice(
            user_id=user_id,
            kind=kind,
            severity=severity,
            facts=dict(facts or {}),
            subject_type=named[0],
            subject_id=named[1],
            unit_id=unit_id,
            key=key[:160],
            told_at=at,
        )
        if _stored(row):
            _ways_begun(row, channel, at=at)
            live.changed(person_mark(user_id))
            made.append(row)
    if made:
        after = {"kind": kind, "severity": severity, "people": len(made)}
        record(
            "notice_send",
            action=Action.CREATE,
            at=at,
            by=by,
            subject=made[0],
            unit_id=unit_id,
            after=after,
        )
    return made


def _named(subject: models.Model | tuple[str, str] | None) -> tuple[str, str]:
    if isinstance(subject, models.Model):
        return subject._meta.label_lower, str(getattr(subject, "public_id", "") or subject.pk)
    return subject or ("", "")


def _stored(row: Notice) -> bool:
    """Say whether the row is new; the person was told of the same key before otherwise."""
    if not row.key:
        row.save(force_insert=True)
        return True
    values = {
        field.attname: getattr(row, field.attname)
        for field in Notice._meta.concrete_fields
        if field.attname not in {"id", "user_id", "key", "created_at"}
    }
    found, is_new = Notice.objects.get_or_create(user_id=row.user_id, key=row.key, defaults=values)
    row.pk = found.pk
    return is_new


def _ways_begun(row: Notice, first: str, *, at: datetime) -> None:
    """It stands in the person's list; the first way out of the house waits for the worker."""
    shown = NoticeDelivery.objects.create(
        notice=row,
        step=0,
        channel=Channel.APP,
        state=DeliveryState.DELIVERED,
        due_at=at,
        sent_at=at,
        delivered_at=at,
    )
    state_change_record(shown, "", shown.state, by=None, at=at, unit_id=row.unit_id)
    next_way(row, ways=ways_of(row, first=first), at=at)


def ways_of(row: Notice, *, first: str = "") -> list[str]:
    """Return the ways in which this person is told of this."""
    choice = NoticeChoice.objects.filter(user_id=row.user_id).first()
    return telling.ways(row.severity, choice.ways if choice else {}, first=first)


@transaction.atomic
def notice_read(notice: Notice, *, by: int, at: datetime) -> Notice:
    """The person has read it: ways that were not taken yet are left out. Raises NotYourNotice."""
    row = Notice.objects.select_for_update(no_key=True).get(pk=notice.pk)
    if row.user_id != by:
        raise NotYourNotice()
    if row.read_at is not None:
        return row
    _read(row, at=at)
    record("notice_read", action=Action.UPDATE, at=at, by=by, subject=row, unit_id=row.unit_id)
    live.changed(person_mark(by))
    return row


@transaction.atomic
def notices_read(*, by: int, at: datetime) -> int:
    """Everything that was told the person is read; returns how much it was."""
    rows = Notice.objects.select_for_update(no_key=True).filter(user_id=by, read_at=None)
    found = list(rows.order_by("pk")[:500])
    for row in found:
        _read(row, at=at)
    record("notices_read", action=Action.UPDATE, at=at, by=by, after={"count": len(found)})
    live.changed(person_mark(by))
    return len(found)


def _read(row: Notice, *, at: datetime) -> None:
    row.read_at = at
    row.version += 1
    row.save(update_fields=["read_at", "version"])
    for way in row.deliveries.select_for_update(no_key=True).order_by("step"):
        if way.state in UNSENT and way.leased_until is None:
            delivery_moved(way, DeliveryState.SKIPPED, at=at, skip_reason=SkipReason.READ)
        elif way.channel == Channel.APP and way.state == DeliveryState.DELIVERED:
            delivery_moved(way, DeliveryState.READ, at=at, read_at=at)
        elif way.state == DeliveryState.SENT and way.confirm_until is not None:
            NoticeDelivery.objects.filter(pk=way.pk).update(confirm_until=None)


@transaction.atomic
def notice_choose(
    *,
    user_id: int,
    ways: Mapping[str, Collection[str]],
    quiet: tuple[time, time] | None,
    version: int | None,
    by: int,
    at: datetime,
) -> NoticeChoice:
    """The person is told by these ways, and in the quiet hours only of what is immediate.

    Raises VersionConflict, Invalid.
    """
    given = _ways_checked(ways)
    row, _new = NoticeChoice.objects.select_for_update(no_key=True).get_or_create(user_id=user_id)
    if version is not None and not _new and row.version != version:
        raise VersionConflict(current=row.version)
    before = {"ways": row.ways, "quiet_from": row.quiet_from, "quiet_to": row.quiet_to}
    row.ways = given
    row.quiet_from, row.quiet_to = quiet or (None, None)
    after = {"ways": given, "quiet_from": row.quiet_from, "quiet_to": row.quiet_to}
    was, now = changes(before, after)
    if now:
        row.version += 0 if _new else 1
        row.save(update_fields=["ways", "quiet_from", "quiet_to", "version"])
    record(
        "notice_choose",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        before={name: str(value) for name, value in was.items()},
        after={name: str(value) for name, value in now.items()},
    )
    return row


def _ways_checked(ways: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    given = {severity: list(dict.fromkeys(chosen)) for severity, chosen in ways.items()}
    if set(given) - set(telling.CHOSEN):
        raise Invalid(field="ways")
    if any(set(chosen) - {Channel.MAIL, Channel.SMS} for chosen in given.values()):
        raise Invalid(field="ways")
    return given


__all__ = [
    "NotYourNotice",
    "SmsFailed",
    "SmsOff",
    "UnknownNotice",
    "notice_choose",
    "notice_read",
    "notice_send",
    "notices_read",
]
