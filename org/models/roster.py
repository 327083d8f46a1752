"""Who stands in which shift of a unit, who is on call, and who is away."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from core.models import BaseModel, Source, kept_history
from org.models.people import Role, User
from org.models.places import Site, Unit
from org.states import AbsenceKind, ShiftGroup


@kept_history()
class Shift(BaseModel):
    """A part of the day by the clock of its site; one may go over midnight."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    from_time = models.TimeField()
    to_time = models.TimeField()
    group = models.CharField(max_length=10, choices=ShiftGroup, default=ShiftGroup.DAY)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("site", Lower("code"), name="shift_code_per_site"),
            models.CheckConstraint(condition=Q(group__in=ShiftGroup.values), name="shift_group"),
        ]
        ordering = ["from_time", "code"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def hours(self) -> str:
        """Return its clock times: 22:00–06:00."""
        return f"{self.from_time:%H:%M}\u2013{self.to_time:%H:%M}"


@kept_history()
class RosterEntry(BaseModel):
    """One person in one shift of a unit: on duty there, or on call for it.

    `period` is the real time of the shift on that day. Nobody stands in two places at once unless
    the planner said so (`is_double`). One that was taken off counts nowhere: `removed_at` says so.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    day_on = models.DateField()
    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    on_call = models.BooleanField(default=False)
    is_double = models.BooleanField(default=False)
    period = DateTimeRangeField()
    source = models.CharField(max_length=20, choices=Source)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="rosterentry_one_place",
                condition=Q(removed_at__isnull=True, is_double=False),
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(
                fields=["unit", "day_on", "shift", "user", "role"],
                condition=Q(removed_at__isnull=True),
                name="rosterentry_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    period__isempty=False, period__lower_inf=False, period__upper_inf=False
                ),
                name="rosterentry_period_real",
            ),
        ]
        indexes = [models.Index(fields=["unit", "day_on"], name="rosterentry_unit_day")]
        default_permissions = ()
        permissions = [
            ("view_roster", "See who is on duty and on call"),
            ("manage_roster", "Plan shifts and absences"),
        ]

    def __str__(self) -> str:
        return f"{self.day_on}: {self.user_id}@{self.unit_id}"


# The kind may say that somebody is ill: it is not copied into a history that lasts longer.
@kept_history("kind")
class Absence(BaseModel):
    """From when until when a person is away; one that was taken back counts nowhere."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=AbsenceKind)
    period = DateTimeRangeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="absence_no_overlap",
                condition=Q(cancelled_at__isnull=True),
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="absence_period"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AbsenceKind.values), name="absence_kind_known"
            ),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}: {self.period}"
