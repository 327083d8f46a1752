"""Alert rules as data: their words, when they come again, until when they count. Pure.

Rooms that come later add their line here and call `alert_fire`; what makes a rule true is theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule: `again` is after how long the same alert may come again without being worse."""

    code: str
    words: str | Promise
    again: timedelta = timedelta(hours=8)
    lives: timedelta = timedelta(hours=24)


_ALL = (
    AlertRule("allergy_conflict", _("Ordered although an allergy is recorded")),
    AlertRule("drug_interaction", _("Two medicines that do not go together")),
    AlertRule("dose_limit", _("Dose outside of the limits")),
    AlertRule("duplicate_order", _("Ordered twice")),
    AlertRule(
        "early_warning",
        _("Early warning score"),
        again=timedelta(hours=1),
        lives=timedelta(hours=4),
    ),
    AlertRule(
        "critical_result", _("Critical result"), again=timedelta(hours=1), lives=timedelta(hours=12)
    ),
    AlertRule("duplicate_patient", _("Registered although a record looks alike")),
)
ALERT_RULES: Mapping[str, AlertRule] = {rule.code: rule for rule in _ALL}


def group_key(rule: str, *, patient_id: int | None, subject: tuple[str, str]) -> str:
    """Return what the same alert has in common: patient and rule, else what it is about."""
    about = f"patient:{patient_id}" if patient_id is not None else f"{subject[0]}:{subject[1]}"
    return f"{rule}:{about}"[:160]


def comes_again(
    rule: AlertRule,
    *,
    shown_at: datetime,
    was: Decimal | None,
    now: Decimal | None,
    at: datetime,
) -> bool:
    """Say whether the same alert is shown again: it is worse, or its interval has passed."""
    is_worse = now is not None and (was is None or now > was)
    return is_worse or at - shown_at >= rule.again
