"""Alerts that were shown and what became of them; how a rule is set; verdicts on noisy rules."""

from django.db import models
from django.db.models import Q

from core.models import BaseModel, append_only, kept_history
from worklist.states import AlertAnswer, OverrideReason, Verdict


class AlertEvent(BaseModel):
    """One alert that somebody was shown (rollout-spec 4.3: alert_event).

    `group_key` is what the same alert about the same patient has in common; `value` says how bad it
    is, higher is worse. Open until it was answered or ran out.
    """

    rule = models.CharField(max_length=60)
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    unit = models.ForeignKey(
        "org.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    group_key = models.CharField(max_length=160)
    value = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    shown_to = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    shown_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    response = models.CharField(max_length=12, choices=AlertAnswer, blank=True)
    reason = models.CharField(max_length=20, choices=OverrideReason, blank=True)
    responded_at = models.DateTimeField(null=True, blank=True)
    responded_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group_key"], condition=Q(response=""), name="alertevent_one_open"
            ),
            models.CheckConstraint(
                condition=Q(response="", responded_at__isnull=True)
                | ~Q(response="") & Q(responded_at__isnull=False),
                name="alertevent_answer_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(response__in=["overridden", "dismissed"]) | ~Q(reason=""),
                name="alertevent_override_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(response="") | Q(response__in=AlertAnswer.values),
                name="alertevent_answer_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("shown_at")), name="alertevent_runs_out"
            ),
        ]
        indexes = [
            models.Index(fields=["rule", "-shown_at"], name="alertevent_rule"),
            models.Index(fields=["group_key", "-shown_at"], name="alertevent_group"),
            models.Index(fields=["expires_at"], condition=Q(response=""), name="alertevent_open"),
        ]
        default_permissions = ()
        permissions = [
            ("view_scores", "See how alerts and kinds of tasks do"),
            ("review_rules", "Decide on alert rules that are overridden too often"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.public_id}"


@kept_history()
class AlertRuleSetting(BaseModel):
    """How one rule is set here: on or off, and from which share of overrides it is looked at."""

    rule = models.CharField(max_length=60, unique=True)
    is_on = models.BooleanField(default=True)
    override_percent = models.PositiveSmallIntegerField(default=60)
    least_fired = models.PositiveIntegerField(default=20)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(override_percent__gte=1, override_percent__lte=100),
                name="alertrulesetting_percent",
            ),
            models.CheckConstraint(
                condition=Q(least_fired__gte=1), name="alertrulesetting_least_fired"
            ),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return self.rule


class AlertReview(BaseModel):
    """What was decided about a rule, with the figures that were before the decider, for ever."""

    rule = models.CharField(max_length=60)
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=300)
    fired = models.PositiveIntegerField()
    overridden = models.PositiveIntegerField()
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="alertreview_verdict_known"
            )
        ]
        indexes = [models.Index(fields=["rule", "-decided_at"], name="alertreview_rule")]
        triggers = [append_only("alertreview_append_only")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.verdict}"
