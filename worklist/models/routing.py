"""Who does whose tasks while somebody is away, and how soon tasks are due in a unit."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from core.models import BaseModel, kept_history
from worklist.states import Priority


@kept_history()
class Delegation(BaseModel):
    """Somebody is away: their tasks are also shown to, and may be taken by, somebody else."""

    from_user = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    to_user = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    period = DateTimeRangeField()
    reason = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="delegation_one_at_a_time",
                condition=Q(cancelled_at__isnull=True),
                expressions=[
                    ("from_user", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(
                    period__isempty=False, period__lower_inf=False, period__upper_inf=False
                ),
                name="delegation_from_until",
            ),
            models.CheckConstraint(
                condition=~Q(from_user=F("to_user")), name="delegation_to_somebody_else"
            ),
        ]
        indexes = [models.Index(fields=["to_user"], name="delegation_to_user")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.from_user_id} -> {self.to_user_id}"


@kept_history()
class DuePolicy(BaseModel):
    """In this unit tasks of this kind and priority are due after so many minutes."""

    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    priority = models.CharField(max_length=10, choices=Priority)
    minutes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "kind", "priority"], name="duepolicy_one_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=525600), name="duepolicy_minutes"
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="duepolicy_priority_known"
            ),
        ]
        default_permissions = ()
        verbose_name_plural = "due policies"

    def __str__(self) -> str:
        return f"{self.kind} {self.priority}@{self.unit_id}"
