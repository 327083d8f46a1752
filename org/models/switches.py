"""Which module is on where, and the facts of this room that arrived."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import BaseModel, append_only, kept_history
from org.models.places import Unit
from org.states import (
    Level,
    Module,
)


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
