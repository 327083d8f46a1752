"""Score cards: how often a rule fired, what became of it, how long it took (ROW-H5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.functional import Promise

from worklist.models import AlertReview, AlertRuleSetting
from worklist.rules.alert_rules import ALERT_RULES
from worklist.rules.kinds import KINDS

WINDOW = timedelta(days=90)
DEFAULT_PERCENT, DEFAULT_FIRED = 60, 20
_ALERTS = """
    SELECT rule, count(*) AS fired, count(DISTINCT patient_id) AS patients,
      count(*) FILTER (WHERE response = 'accepted') AS acted,
      count(*) FILTER (WHERE response IN ('overridden', 'dismissed')) AS overridden,
      count(*) FILTER (WHERE response = 'expired') AS expired,
      percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(epoch FROM responded_at - shown_at) / 60
      ) FILTER (WHERE response = 'accepted') AS minutes
    FROM worklist_alertevent
    WHERE shown_at >= %(since)s AND shown_at < %(until)s
    GROUP BY rule
"""
_TASKS = """
    SELECT kind, count(*) AS opened, count(DISTINCT patient_id) AS patients,
      count(*) FILTER (WHERE state = 'done') AS done,
      count(*) FILTER (WHERE escalated_at IS NOT NULL) AS escalated,
      count(*) FILTER (WHERE state = 'done' AND completed_at <= due_at) AS in_time,
      percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(epoch FROM completed_at - occurred_at) / 60
      ) FILTER (WHERE state = 'done') AS minutes
    FROM worklist_task
    WHERE occurred_at >= %(since)s AND occurred_at < %(until)s AND state <> 'error'
    GROUP BY kind
"""


@dataclass(frozen=True, slots=True)
class AlertScore:
    """One rule over the last 90 days. Shares are of the alerts that were answered or ran out."""

    rule: str
    words: str | Promise
    fired: int
    patients: int
    acted: int
    overridden: int
    expired: int
    minutes: float | None
    setting: AlertRuleSetting
    last_review: AlertReview | None

    @property
    def closed(self) -> int:
        return self.acted + self.overridden + self.expired

    @property
    def acted_percent(self) -> int | None:
        return round(100 * self.acted / self.closed) if self.closed else None

    @property
    def overridden_percent(self) -> int | None:
        return round(100 * self.overridden / self.closed) if self.closed else None

    @property
    def is_noisy(self) -> bool:
        """Say whether it is overridden so often that somebody has to look at it."""
        share = self.overridden_percent
        is_enough = self.fired >= self.setting.least_fired
        return is_enough and share is not None and share >= self.setting.override_percent


@dataclass(frozen=True, slots=True)
class TaskScore:
    """One kind of task that was opened in the last 90 days."""

    kind: str
    words: str | Promise
    opened: int
    patients: int
    done: int
    escalated: int
    in_time: int
    minutes: float | None


def alert_scores(*, at: datetime) -> list[AlertScore]:
    """Return every rule with its figures, those that fired most first."""
    found = _rows(_ALERTS, at)
    settings = {row.rule: row for row in AlertRuleSetting.objects.all()}
    reviews: dict[str, AlertReview] = {}
    for review in AlertReview.objects.order_by("decided_at", "id").select_related("decided_by"):
        reviews[review.rule] = review
    scores = [
        _score(code, found.get(code, {}), settings.get(code), reviews.get(code))
        for code in ALERT_RULES
    ]
    return sorted(scores, key=lambda score: (-score.fired, score.rule))


def _score(
    code: str,
    row: Mapping[str, Any],
    setting: AlertRuleSetting | None,
    review: AlertReview | None,
) -> AlertScore:
    return AlertScore(
        rule=code,
        words=ALERT_RULES[code].words,
        fired=row.get("fired", 0),
        patients=row.get("patients", 0),
        acted=row.get("acted", 0),
        overridden=row.get("overridden", 0),
        expired=row.get("expired", 0),
        minutes=row.get("minutes"),
        setting=setting or AlertRuleSetting(rule=code, version=0),
        last_review=review,
    )


def to_review(scores: list[AlertScore], *, at: datetime) -> list[AlertScore]:
    """Return the noisy rules on which nobody decided within the window, and that are on."""
    return [
        score
        for score in scores
        if score.is_noisy
        and score.setting.is_on
        and (score.last_review is None or at - score.last_review.decided_at > WINDOW)
    ]


def alert_score(rule: str, *, at: datetime) -> AlertScore | None:
    """Return the figures of one rule, None for an unknown one."""
    return next((score for score in alert_scores(at=at) if score.rule == rule), None)


def task_scores(*, at: datetime) -> list[TaskScore]:
    """Return the kinds of tasks that were opened, most first."""
    scores = [
        TaskScore(
            kind=kind,
            words=KINDS[kind].title({}) if kind in KINDS else kind,
            opened=row["opened"],
            patients=row["patients"],
            done=row["done"],
            escalated=row["escalated"],
            in_time=row["in_time"],
            minutes=row["minutes"],
        )
        for kind, row in _rows(_TASKS, at).items()
    ]
    return sorted(scores, key=lambda score: (-score.opened, score.kind))


def _rows(statement: str, at: datetime) -> dict[str, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": at - WINDOW, "until": at})
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {str(next(iter(row.values()))): row for row in rows}


def reviews_of(rule: str) -> list[AlertReview]:
    """Return what was decided about the rule, newest first."""
    rows = AlertReview.objects.filter(rule=rule).select_related("decided_by")
    return list(rows.order_by("-decided_at", "-id")[:50])
