"""Alerts: shown once for a patient and a rule, answered once, counted for the rule's score card."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, changes, record
from core.errors import Invalid, ServiceError, VersionConflict
from worklist.models import AlertEvent, AlertReview, AlertRuleSetting
from worklist.rules.alert_rules import ALERT_RULES, comes_again, group_key
from worklist.states import AlertAnswer, OverrideReason, Verdict

NEED_REASON = frozenset({AlertAnswer.OVERRIDDEN, AlertAnswer.DISMISSED})
_SETTINGS = ("is_on", "override_percent", "least_fired")
TRIES = 3


class UnknownRule(Invalid):
    """No alert rule has this name."""

    code = "unknown_rule"
    message = _("There is no such alert rule.")


class AlertAnswered(ServiceError):
    """The alert was answered, or ran out, before."""

    code = "alert_answered"
    message = _("This alert was answered already, or ran out.")


@dataclass(frozen=True, slots=True)
class Fired:
    """The alert that stands, and whether it has to be shown now."""

    event: AlertEvent | None
    is_new: bool


@transaction.atomic
def alert_fire(
    *,
    rule: str,
    at: datetime,
    by: int | None,
    patient_id: int | None = None,
    unit_id: int | None = None,
    subject: models.Model | tuple[str, str] | None = None,
    value: Decimal | None = None,
    to: int | None = None,
) -> Fired:
    """The alert is shown, unless the same one was shown lately and nothing is worse.

    `value` says how bad it is, higher is worse. Nothing is shown of a rule that is switched off.
    Raises UnknownRule.
    """
    declared = ALERT_RULES.get(rule)
    if declared is None:
        raise UnknownRule(field="rule")
    named = _named(subject)
    if not setting_of(rule).is_on:
        return Fired(None, is_new=False)
    key = group_key(rule, patient_id=patient_id, subject=named)
    for _attempt in range(TRIES):
        last = (
            AlertEvent.objects.select_for_update(no_key=True)
            .filter(group_key=key)
            .order_by("-shown_at", "-id")
            .first()
        )
        if last is not None and not comes_again(
            declared, shown_at=last.shown_at, was=last.value, now=value, at=at
        ):
            return Fired(last, is_new=False)
        if last is not None and not last.response:
            _answered(last, AlertAnswer.EXPIRED, "", by=None, at=at)
        row = AlertEvent(
            rule=rule,
            patient_id=patient_id,
            unit_id=unit_id,
            subject_type=named[0],
            subject_id=named[1],
            group_key=key,
            value=value,
            shown_to_id=to,
            shown_at=at,
            expires_at=at + declared.lives,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            if "alertevent_one_open" not in str(error):
                raise
            continue
        _noted("alert_fire", Action.CREATE, row, by=by, at=at, after={"rule": rule})
        return Fired(row, is_new=True)
    return Fired(AlertEvent.objects.filter(group_key=key, response="").first(), is_new=False)


def _named(subject: models.Model | tuple[str, str] | None) -> tuple[str, str]:
    if isinstance(subject, models.Model):
        return subject._meta.label_lower, str(getattr(subject, "public_id", "") or subject.pk)
    return subject or ("", "")


def _patient(row: AlertEvent) -> UUID | None:
    return row.patient.public_id if row.patient is not None else None


def _noted(act: str, action: Action, row: AlertEvent, **rest: Any) -> None:
    record(act, action=action, subject=row, patient=_patient(row), unit_id=row.unit_id, **rest)


@transaction.atomic
def alert_answer(
    event: AlertEvent, *, response: str, reason: str = "", by: int, at: datetime
) -> AlertEvent:
    """Somebody acted on the alert, overrode or dismissed it; the latter two with a coded reason.

    Raises AlertAnswered, Invalid.
    """
    if response not in set(AlertAnswer.values) - {AlertAnswer.EXPIRED}:
        raise Invalid(field="response")
    if response in NEED_REASON and reason not in OverrideReason.values:
        raise Invalid(_("Say why, from the list."), field="reason")
    row = AlertEvent.objects.select_for_update(no_key=True).get(pk=event.pk)
    if row.response:
        raise AlertAnswered()
    _answered(row, response, reason if response in NEED_REASON else "", by=by, at=at)
    after = {"response": response, "reason": row.reason}
    _noted("alert_answer", Action.UPDATE, row, by=by, at=at, after=after)
    return row


def _answered(row: AlertEvent, response: str, reason: str, *, by: int | None, at: datetime) -> None:
    row.response, row.reason, row.responded_at, row.responded_by_id = response, reason, at, by
    row.version += 1
    row.save(update_fields=["response", "reason", "responded_at", "responded_by", "version"])


def alerts_expire(*, at: datetime, limit: int = 500) -> int:
    """Alerts that nobody answered in time have run out; returns how many."""
    count = 0
    while count < limit:
        with transaction.atomic():
            rows = AlertEvent.objects.select_for_update(no_key=True, skip_locked=True)
            row = rows.filter(response="", expires_at__lte=at).order_by("expires_at").first()
            if row is None:
                break
            _answered(row, AlertAnswer.EXPIRED, "", by=None, at=at)
            count += 1
    return count


def setting_of(rule: str) -> AlertRuleSetting:
    """Return how the rule is set; a row that is not stored where nobody set it."""
    return AlertRuleSetting.objects.filter(rule=rule).first() or AlertRuleSetting(
        rule=rule, version=0
    )


@transaction.atomic
def alert_rule_set(
    *, rule: str, values: Mapping[str, Any], version: int | None, by: int, at: datetime
) -> AlertRuleSetting:
    """The rule is on or off, and looked at from this share of overrides.

    Raises UnknownRule, VersionConflict, Invalid.
    """
    row = _setting_locked(rule, version)
    given = {name: values[name] for name in _SETTINGS if name in values}
    if not 1 <= given.get("override_percent", row.override_percent) <= 100:
        raise Invalid(_("A share is from 1 to 100 percent."), field="override_percent")
    if given.get("least_fired", row.least_fired) < 1:
        raise Invalid(field="least_fired")
    was, now = changes({name: getattr(row, name) for name in given}, given)
    if now:
        for name, value in now.items():
            setattr(row, name, value)
        row.version += 1
        row.save()
        record(
            "alert_rule_set",
            action=Action.UPDATE,
            at=at,
            by=by,
            subject=row,
            before=was,
            after=now,
        )
    return row


def _setting_locked(rule: str, version: int | None) -> AlertRuleSetting:
    if rule not in ALERT_RULES:
        raise UnknownRule(field="rule")
    AlertRuleSetting.objects.get_or_create(rule=rule)
    row = AlertRuleSetting.objects.select_for_update(no_key=True).get(rule=rule)
    if version not in {None, row.version} and not (version == 0 and row.version == 1):
        raise VersionConflict(current=row.version)
    return row


@transaction.atomic
def alert_rule_review(
    *,
    rule: str,
    verdict: str,
    reason: str,
    fired: int,
    overridden: int,
    by: int,
    at: datetime,
) -> AlertReview:
    """What was decided about the rule is kept, with its figures; "off" switches it off.

    Raises UnknownRule, Invalid.
    """
    if verdict not in Verdict.values:
        raise Invalid(field="verdict")
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    setting = _setting_locked(rule, None)
    row = AlertReview.objects.create(
        rule=rule,
        verdict=verdict,
        reason=reason.strip()[:300],
        fired=fired,
        overridden=overridden,
        decided_at=at,
        decided_by_id=by,
    )
    record(
        "alert_rule_review",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=row,
        reason=row.reason,
        after={"rule": rule, "verdict": verdict},
    )
    if verdict == Verdict.OFF and setting.is_on:
        alert_rule_set(rule=rule, values={"is_on": False}, version=None, by=by, at=at)
    return row
