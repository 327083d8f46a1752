"""Who may open a record that is not open to everybody: restrictions, and the broken glass."""

from datetime import timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from core.models import BaseModel, kept_history
from patients.models.identity import Patient
from patients.states import GlassKind, GlassState, RestrictionKind, Verdict

# No setting opens a record for longer.
LONGEST_GLASS = timedelta(hours=4)


@kept_history()
class Restriction(BaseModel):
    """A record that is open to few for a period (SEC-Z6); who keeps it open are its keepers.

    `carers_keep`: also whoever works in a unit while the patient is in its care.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20, choices=RestrictionKind)
    reason = models.CharField(max_length=300)
    period = DateTimeRangeField()
    carers_keep = models.BooleanField(default=True)
    set_by = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    lifted_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lift_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="restriction_one_at_a_time",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RestrictionKind.values), name="restriction_kind_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="restriction_has_reason"),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True, lift_reason="")
                | Q(lifted_by__isnull=False) & ~Q(lift_reason=""),
                name="restriction_lifted_with_reason",
            ),
        ]
        default_permissions = ()
        permissions = [("restrict_records", "Restrict records, and say who keeps them open")]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"


@kept_history()
class Keeper(BaseModel):
    """A person, or whoever works in a unit, to whom a restricted record stays open."""

    restriction = models.ForeignKey(Restriction, on_delete=models.PROTECT, related_name="keepers")
    user = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    unit = models.ForeignKey(
        "org.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True, unit__isnull=False)
                | Q(user__isnull=False, unit__isnull=True),
                name="keeper_person_or_unit",
            ),
            models.UniqueConstraint(fields=["restriction", "user"], name="keeper_one_of_a_person"),
            models.UniqueConstraint(fields=["restriction", "unit"], name="keeper_one_of_a_unit"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.restriction_id}: {self.user_id or self.unit_id}"


@kept_history()
class Glass(BaseModel):
    """Somebody opened a record that was not open to them, for a while and with a reason (SEC-Z7).

    Open while its state says so and `until_at` is not over; `ended_at` is when it really ended.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    user = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=GlassKind)
    words = models.CharField(max_length=500)
    is_restricted = models.BooleanField()
    state = models.CharField(max_length=10, choices=GlassState, default=GlassState.REQUESTED)
    granted_at = models.DateTimeField()
    until_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    verdict = models.CharField(max_length=15, choices=Verdict, blank=True)
    review_words = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=GlassState.values), name="glass_state_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=GlassKind.values), name="glass_kind_known"),
            models.CheckConstraint(condition=~Q(words=""), name="glass_has_words"),
            models.CheckConstraint(
                condition=Q(until_at__gt=F("granted_at"))
                & Q(until_at__lte=F("granted_at") + LONGEST_GLASS),
                name="glass_opens_for_a_while",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "granted"]) | Q(ended_at__isnull=False),
                name="glass_ended_has_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__lte=F("until_at")),
                name="glass_ends_in_time",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("user")),
                name="glass_reviewed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="reviewed")
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False)
                & Q(verdict__in=Verdict.values)
                & ~Q(review_words=""),
                name="glass_review_is_whole",
            ),
            ExclusionConstraint(
                name="glass_one_at_a_time",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    (
                        Func(
                            F("granted_at"),
                            Func(F("ended_at"), F("until_at"), function="COALESCE"),
                            function="tstzrange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["user", "until_at"], name="glass_of_a_person"),
            models.Index(fields=["due_at"], name="glass_to_review", condition=~Q(state="reviewed")),
        ]
        default_permissions = ()
        permissions = [
            ("break_glass", "Open a record that is not open to one, for a while and with a reason"),
            ("review_glass", "Judge whether a record was rightly opened"),
        ]
        verbose_name_plural = "glasses"

    def __str__(self) -> str:
        return f"{self.patient_id} {self.state}"
