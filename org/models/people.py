"""Logins, roles, and who works where as what."""

import uuid

from django.contrib.auth.models import AbstractBaseUser, Group, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import BaseModel, kept_history
from org.models.places import Unit
from org.states import (
    AccountState,
    ShiftGroup,
)


@kept_history("password", "quick_pin", "last_login", "theme", "density", "single_keys")
class User(AbstractBaseUser, PermissionsMixin):
    """A login: a member of staff, an integration client, later a patient."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    username = models.CharField(max_length=64, unique=True)
    family_name = models.CharField(max_length=80)
    given_name = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    staff_number = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=12, choices=AccountState, default=AccountState.INVITED)
    is_demo = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)
    theme = models.CharField(max_length=10, default="light")
    density = models.CharField(max_length=12, default="standard")
    single_keys = models.BooleanField(default=True)
    quick_pin = models.CharField(max_length=128, blank=True, default="", db_default="")

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["family_name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AccountState.values), name="user_state_known"
            ),
            models.CheckConstraint(
                condition=Q(username__regex=r"^[a-z0-9._@-]+$"), name="user_name_plain"
            ),
            models.UniqueConstraint(
                fields=["staff_number"], condition=~Q(staff_number=""), name="user_staff_number"
            ),
        ]
        indexes = [models.Index(fields=["family_name", "given_name", "id"], name="user_name_order")]
        default_permissions = ()
        permissions = [
            ("view_people", "See people and where they work"),
            ("manage_people", "Create and change people"),
            ("import_people", "Import people from a file"),
            ("end_sessions", "See and end the sessions of others"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.state == AccountState.ACTIVE

    @property
    def full_name(self) -> str:
        family = self.family_name.upper()
        return f"{family}, {self.given_name}" if self.given_name else family

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]).upper()


@kept_history()
class Practitioner(BaseModel):
    """A licensed person: what their profession adds to their login."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="practitioner")
    profession = models.CharField(max_length=60)
    specialty = models.CharField(max_length=60, blank=True)
    licence_number = models.CharField(max_length=40, blank=True)
    licence_issuer = models.CharField(max_length=80, blank=True)
    licence_until_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.profession} {self.licence_number}".strip()


@kept_history()
class Role(models.Model):
    """What kind of act: a named set of permissions, kept in config/roles.yaml."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="+")
    # Minutes without a key or click after which a screen of this role locks (SEC-A7).
    idle_minutes = models.PositiveSmallIntegerField(default=15, db_default=15)
    needs_second_factor = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(idle_minutes__gte=1, idle_minutes__lte=720), name="role_idle_minutes"
            )
        ]
        ordering = ["code"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


@kept_history()
class RolePlace(models.Model):
    """One role in one unit: the group that holds guardian's grants on that unit and those below."""

    id = models.BigAutoField(primary_key=True)
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "unit"], name="roleplace_role_unit")]

    def __str__(self) -> str:
        return f"{self.role_id}@{self.unit_id}"


@kept_history()
class RolePermission(Group.permissions.through):  # type: ignore[misc,name-defined]
    """Which permission a role's group holds: Django's table, with history."""

    class Meta:
        proxy = True
        default_permissions = ()


@kept_history()
class Assignment(BaseModel):
    """Who works where as what, from when until when; the only membership table (decisions 25).

    One that was cancelled before it began counts nowhere: `cancelled_at` says so.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    place = models.ForeignKey(RolePlace, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    period = DateTimeRangeField()
    shift_group = models.CharField(max_length=10, choices=ShiftGroup, default=ShiftGroup.DAY)
    reason = models.CharField(max_length=300, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="assignment_no_overlap",
                condition=Q(cancelled_at__isnull=True),
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False), name="assignment_period_not_empty"
            ),
        ]
        indexes = [models.Index(fields=["unit", "role"], name="assignment_unit_role")]
        default_permissions = ()
        permissions = [("manage_assignments", "Start and end assignments")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role_id}@{self.unit_id}"
