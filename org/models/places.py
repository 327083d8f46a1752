"""The hospital, its sites with their clocks, and its units."""

import zoneinfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from guardian.models import GroupObjectPermissionBase

from core.models import BaseModel, kept_history
from org.states import (
    UnitKind,
)


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone) for zone in sorted(zoneinfo.available_timezones())]


@kept_history("logo")
class Installation(models.Model):
    """The hospital itself: one row, written by `manage.py setup`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=10, default="en")
    logo = models.BinaryField(null=True, blank=True)
    logo_type = models.CharField(max_length=20, blank=True)
    is_demo = models.BooleanField(default=False)
    set_up_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="installation_one_row")]

    def __str__(self) -> str:
        return self.name


@kept_history()
class Site(BaseModel):
    """A hospital building or campus with its own clock and business hours."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60)
    week_start = models.PositiveSmallIntegerField(default=1)
    business_hours = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(week_start__gte=1, week_start__lte=7), name="site_week_start"
            )
        ]
        permissions = [("manage_sites", "Create and change sites")]

    def __str__(self) -> str:
        return self.name


@kept_history()
class Holiday(models.Model):
    """A day on which a site keeps no business hours."""

    id = models.BigAutoField(primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="holidays")
    day_on = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "day_on"], name="holiday_once_per_site")
        ]
        ordering = ["day_on"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day_on} {self.name}"


@kept_history()
class Blackout(models.Model):
    """Days on which a site takes no change of its system: no go-live, no gate."""

    id = models.BigAutoField(primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="blackouts")
    period = DateRangeField()
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="blackout_no_overlap",
                expressions=[
                    ("site", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(
                    period__isempty=False, period__lower_inf=False, period__upper_inf=False
                ),
                name="blackout_from_day_to_day",
            ),
        ]
        ordering = ["period"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.period} {self.reason}"


@kept_history()
class Unit(BaseModel):
    """An organisational place with staff and a budget; units of a site form a tree."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=UnitKind)
    business_hours = models.JSONField(default=dict, blank=True)
    beds = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("site", Lower("code"), name="unit_code_per_site"),
            models.UniqueConstraint(
                fields=["site"], condition=Q(parent__isnull=True), name="unit_one_root_per_site"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True, kind="hospital")
                | Q(parent__isnull=False) & ~Q(kind="hospital"),
                name="unit_root_is_hospital",
            ),
            models.CheckConstraint(condition=Q(kind__in=UnitKind.values), name="unit_kind_known"),
        ]
        indexes = [models.Index(fields=["name", "id"], name="unit_name")]
        default_permissions = ("view",)
        permissions = [
            ("act_in_unit", "Act in this unit"),
            ("manage_units", "Create and change units"),
        ]

    def __str__(self) -> str:
        return self.name


@kept_history()
class UnitGroupGrant(GroupObjectPermissionBase):
    """guardian's grant of `act_in_unit` to the group of one role in one place, with a real key."""

    # guardian finds this table through the reverse name: a hidden one ("+") would not be seen.
    content_object = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="group_grants")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False
        indexes = [models.Index(fields=["content_object", "group"], name="unitgrant_unit_group")]
