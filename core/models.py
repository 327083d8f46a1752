"""Tables of the shared kernel: facts and their deliveries, state changes, number series, keys."""

import uuid
from collections.abc import Callable

import pghistory
import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Source(models.TextChoices):
    """How a row came into the system (decisions 22)."""

    SCREEN = "screen", _("Screen")
    API = "api", _("API")
    DEVICE = "device", _("Device")
    IMPORT = "import", pgettext_lazy("where a row came from", "Import")
    MESSAGE = "message", _("Message")
    OBSERVE = "observe", _("Observe page")
    DOWNTIME_BACKFILL = "downtime_backfill", _("Entered after a downtime")
    PAPER_BACKFILL = "paper_backfill", _("Entered from paper")
    TASK = "task", _("Background task")


class BaseModel(models.Model):
    """A row with a number inside, an opaque id outside and a version for concurrent edits."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class HappenedModel(BaseModel):
    """A clinical row: when it happened and when it was typed are two things (house 7)."""

    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    recorded_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=20, choices=Source)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


def append_only(name: str) -> pgtrigger.Protect:
    """Return a trigger that refuses UPDATE and DELETE, whoever asks."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


def kept_history[M: models.Model](*exclude: str) -> Callable[[type[M]], type[M]]:
    """Return a decorator: triggers keep every version of a row, also a deleted one (SEC-U2).

    Columns named in `exclude` (secrets, looks) are left out of the history. The migration that
    adds the history table also guards it against TRUNCATE (docs/recipes/add_a_field.md).
    """
    track: Callable[[type[M]], type[M]] = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=[*exclude],
        append_only=True,
    )
    return track


class StateChange(models.Model):
    """One step of one state machine: the source of every turnaround time."""

    id = models.BigAutoField(primary_key=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    from_state = models.CharField(max_length=40, blank=True)
    to_state = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    by_user = models.BigIntegerField(null=True)
    unit = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=20, choices=Source)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["subject_type", "subject_id", "occurred_at"], name="statechange_subject"
            ),
            models.Index(
                fields=["subject_type", "to_state", "occurred_at"], name="statechange_reached"
            ),
        ]
        triggers = [append_only("statechange_append_only")]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}: {self.from_state} -> {self.to_state}"


class Event(models.Model):
    """A fact that a room announced, written in the transaction that made it true."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    payload = models.JSONField()
    order_key = models.CharField(max_length=80, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["name", "recorded_at"], name="event_name_time")]
        triggers = [append_only("event_append_only")]

    def __str__(self) -> str:
        return f"{self.name} {self.public_id}"


class Delivery(models.Model):
    """One fact for one handler: pending until done; failed after five tries."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Delivered")
        FAILED = "failed", _("Failed")

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    handler = models.CharField(max_length=120)
    order_key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_once_per_handler"),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "done", "failed"]),
                name="delivery_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="done", done_at__isnull=False)
                | (~models.Q(state="done") & models.Q(done_at__isnull=True)),
                name="delivery_done_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="delivery_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(
                fields=["order_key", "id"],
                name="delivery_undone_key",
                condition=~models.Q(state="done"),
            ),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.handler} <- {self.event_id} ({self.state})"


class NumberSeries(models.Model):
    """A counter people see: MRN per site, invoices per series and fiscal year."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=60)
    period = models.CharField(max_length=10, blank=True)
    prefix = models.CharField(max_length=12, blank=True)
    width = models.PositiveSmallIntegerField(default=6)
    has_check_digit = models.BooleanField(default=False)
    next_value = models.BigIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "period"], name="numberseries_code_period"),
            models.CheckConstraint(
                condition=models.Q(next_value__gte=1), name="numberseries_positive"
            ),
        ]
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return f"{self.code} {self.period}".strip()


class IdempotencyKey(models.Model):
    """The answer to a POST that carried an Idempotency-Key, kept for the repeat."""

    id = models.BigAutoField(primary_key=True)
    user = models.BigIntegerField()
    key = models.CharField(max_length=80)
    door = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotencykey_once_per_user")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotencykey_age")]

    def __str__(self) -> str:
        return self.key


class Heartbeat(models.Model):
    """The last sign of life of a background process, written to the database by itself."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


@kept_history()
class SystemMode(models.Model):
    """Whether the whole system takes anything new: one row, written by one service (SEC-V6)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    is_read_only = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    expected_until = models.DateTimeField(null=True, blank=True)
    by_user = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="systemmode_one_row"),
            models.CheckConstraint(
                condition=models.Q(is_read_only=False) | ~models.Q(reason=""),
                name="systemmode_read_only_has_reason",
            ),
        ]
        default_permissions = ()
        permissions = [
            ("view_operations", "See backups, drills and the state of the system"),
            ("set_mode", "Switch the whole system to read-only and back"),
            ("run_drill", "Start a backup or a restore drill"),
        ]

    def __str__(self) -> str:
        return "read-only" if self.is_read_only else "open"


class BackupJob(BaseModel):
    """One full backup or one restore drill: asked for, carried out, ended (SEC-O1, SEC-O2)."""

    class Kind(models.TextChoices):
        FULL = "full", _("Full backup")
        DRILL = "drill", _("Restore drill")

    kind = models.CharField(max_length=5, choices=Kind)
    asked_at = models.DateTimeField()
    asked_by = models.BigIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Why it failed; empty when it went well, and while it has not ended.
    error = models.CharField(max_length=500, blank=True)
    step = models.CharField(max_length=20, blank=True)
    label = models.CharField(max_length=60, blank=True)
    bytes = models.BigIntegerField(default=0)
    plain_bytes = models.BigIntegerField(default=0)
    report = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["full", "drill"]), name="backupjob_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(error="") | models.Q(finished_at__isnull=False),
                name="backupjob_failure_has_ended",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(finished_at__isnull=True),
                name="backupjob_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["kind", "-asked_at"], name="backupjob_newest")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} of {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_good(self) -> bool:
        """Say whether it ended well."""
        return self.finished_at is not None and not self.error

    @property
    def seconds(self) -> float | None:
        """Return how long it took."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class BackupWatch(models.Model):
    """What the keeper saw last: until when everything is archived, and what is wrong. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    checked_at = models.DateTimeField()
    covered_until = models.DateTimeField(null=True)
    last_segment = models.CharField(max_length=24, blank=True)
    fulls = models.PositiveIntegerField(default=0)
    full_bytes = models.BigIntegerField(default=0)
    wal_bytes = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    has_copy = models.BooleanField(default=False)
    can_delete = models.BooleanField(default=True)
    can_delete_copy = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="backupwatch_one_row"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"archived until {self.covered_until}"
