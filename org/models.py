"""People, places, roles, who works where as what, and which module is on where."""

import uuid
import zoneinfo

from django.contrib.auth.models import AbstractBaseUser, Group, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase

from core.models import BaseModel, append_only, kept_history
from org.states import (
    AccountState,
    ClientKind,
    Level,
    Module,
    NoticeKind,
    ShiftGroup,
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


@kept_history()
class ModuleActivation(BaseModel):
    """At which level one module runs in one unit; no row means off."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    module = models.CharField(max_length=20, choices=Module)
    level = models.CharField(max_length=10, choices=Level, default=Level.OFF)
    live_for = models.CharField(max_length=12, default="all")
    since = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    wave_unit = models.UUIDField(null=True, blank=True)
    config_version = models.CharField(max_length=40, blank=True)
    drain_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "module"], name="activation_unit_module"),
            models.CheckConstraint(
                condition=Q(level__in=Level.values), name="activation_level_known"
            ),
            models.CheckConstraint(
                condition=Q(module__in=Module.values), name="activation_module_known"
            ),
            models.CheckConstraint(
                condition=Q(live_for__in=["all", "super_users"]), name="activation_live_for_known"
            ),
            models.CheckConstraint(
                condition=Q(drain_until__isnull=True) | Q(level="read_only"),
                name="activation_drains_read_only",
            ),
        ]
        default_permissions = ()
        permissions = [
            ("view_activation", "See the level of each module"),
            ("set_activation", "Set the level of a module in a unit"),
        ]

    def __str__(self) -> str:
        return f"{self.module}@{self.unit_id}: {self.level}"


class ActivationEvent(models.Model):
    """One change of one level, for ever."""

    id = models.BigAutoField(primary_key=True)
    unit = models.BigIntegerField()
    module = models.CharField(max_length=20)
    from_level = models.CharField(max_length=10)
    to_level = models.CharField(max_length=10)
    reason = models.CharField(max_length=300)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    by_user = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["unit", "module", "-id"], name="activationevent_unit")]
        triggers = [append_only("activationevent_append_only")]

    def __str__(self) -> str:
        return f"{self.module}@{self.unit}: {self.from_level} -> {self.to_level}"


class ActivationVersion(models.Model):
    """Counts changes of levels; the caches of every process compare with it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="activationversion_one_row")]

    def __str__(self) -> str:
        return str(self.value)


class FactArrival(models.Model):
    """A fact of this room that reached its reader; the unique id shows a double at once."""

    id = models.BigAutoField(primary_key=True)
    fact = models.UUIDField(unique=True)
    name = models.CharField(max_length=80)
    arrived_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.fact}"


class LoginSession(AbstractBaseSession):
    """A browser in which somebody is, or was about to be, signed in: Django's session and its list.

    The row is the session itself (org/adapters/sessions.py): ending one is deleting its row.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    started_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    # From here on the session opens nothing but its own unlocking.
    locked_at = models.DateTimeField(null=True)
    pin_misses = models.PositiveSmallIntegerField(default=0, db_default=0)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        indexes = [models.Index(fields=["user", "-last_seen_at"], name="loginsession_user")]
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> type:
        raise NotImplementedError("Sessions are made through org.adapters.sessions.SessionStore.")


class AccountKey(models.Model):
    """A link that lets one person choose a password once; only its digest is stored (SEC-A10)."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("First password")
        RESET = "reset", _("Forgotten password")

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    by_user = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["invitation", "reset"]), name="accountkey_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="accountkey_expires"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(used_at__isnull=True), name="accountkey_one_open"
            ),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"


class _OfLogin(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.user_id}"


class RecoveryCode(_OfLogin):
    """A way in for somebody whose phone and key are lost: works once, kept as digest (SEC-A4)."""

    digest = models.CharField(max_length=64)
    key_name = models.CharField(max_length=16, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(_OfLogin.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recoverycode_user_digest")
        ]


class FactorTries(models.Model):
    """When one person's last wrong codes were typed; its row is locked while a code is checked."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    wrong = models.JSONField(default=list)  # seconds since 1970, oldest first

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}"


class AccountNotice(_OfLogin):
    """Something that happened to a login, for its owner to be told at the next sign-in."""

    kind = models.CharField(max_length=30, choices=NoticeKind)
    occurred_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta(_OfLogin.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="accountnotice_kind_known"
            )
        ]
        indexes = [
            models.Index(
                fields=["user", "id"], condition=Q(told_at=None), name="accountnotice_untold"
            )
        ]


class KnownPlace(_OfLogin):
    """A browser at an address from which somebody has signed in, as a keyed digest of both."""

    mark = models.CharField(max_length=64)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta(_OfLogin.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["user", "mark"], name="knownplace_once")]


@kept_history("last_used_at")
class ApiClient(BaseModel):
    """What the house knows of an OAuth2 application: what for, which scopes, whether it is open."""

    application = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.PROTECT, related_name="+"
    )
    purpose = models.CharField(max_length=300)
    contact = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Codes of the closed list in org.rules; what a token may do is this AND what its person may do.
    scopes = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.BigIntegerField(null=True, blank=True)
    close_reason = models.CharField(max_length=300, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, close_reason="")
                | Q(closed_at__isnull=False) & ~Q(close_reason=""),
                name="apiclient_closed_has_reason",
            )
        ]
        default_permissions = ()
        permissions = [("view_clients", "See API clients"), ("manage_clients", "Edit API clients")]

    def __str__(self) -> str:
        return self.purpose

    @property
    def kind(self) -> str:
        """What sort of program it is, read from how it asks for tokens."""
        if self.application.authorization_grant_type == "client-credentials":
            return ClientKind.SYSTEM
        return ClientKind.APP if self.application.client_type == "public" else ClientKind.SERVER


@kept_history()
class RolePermission(Group.permissions.through):  # type: ignore[misc,name-defined]
    """Which permission a role's group holds: Django's table, with history."""

    class Meta:
        proxy = True
        default_permissions = ()
