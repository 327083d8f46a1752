"""The audit trail: who did what to whom, when, from where. No foreign keys, no changes."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.models import append_only


class Action(models.TextChoices):
    """FHIR AuditEvent.action."""

    CREATE = "C", _("Create")
    READ = "R", _("Read")
    UPDATE = "U", _("Update")
    DELETE = "D", _("Delete")
    EXECUTE = "E", _("Execute")


class Outcome(models.TextChoices):
    """FHIR AuditEvent.outcome."""

    SUCCESS = "0", _("Done")
    MINOR = "4", _("Refused")
    SERIOUS = "8", _("Failed")
    MAJOR = "12", _("Broken")


class AuditEvent(models.Model):
    """One act, as it was; rows are only ever added (trigger, and grants of the app's role)."""

    # In the database the key is (id, recorded_at): the table is partitioned by month, and has a
    # column `sealed_xid` that only the sealing reads (ADR 0017).
    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    act = models.CharField(max_length=80)
    action = models.CharField(max_length=1, choices=Action)
    outcome = models.CharField(max_length=2, choices=Outcome, default=Outcome.SUCCESS)
    actor = models.BigIntegerField(null=True)
    # Names as they were: the trail is read without asking who somebody is today.
    actor_name = models.CharField(max_length=170, blank=True, db_default="")
    role = models.CharField(max_length=200, blank=True)
    unit = models.BigIntegerField(null=True)
    unit_name = models.CharField(max_length=120, blank=True, db_default="")
    patient = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    # What was asked for in a search, a list or an export: terms, filters, order, count.
    query = models.JSONField(null=True)
    # Accounting of disclosures (45 CFR 164.528): to whom data went, and what for.
    recipient = models.CharField(max_length=200, blank=True, db_default="")
    purpose = models.CharField(max_length=200, blank=True, db_default="")
    door = models.CharField(max_length=100, blank=True, db_default="")
    source = models.CharField(max_length=20)
    address = models.CharField(max_length=45, blank=True)
    session = models.CharField(max_length=16, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id", "recorded_at"], name="audit_public_id"),
            models.CheckConstraint(
                condition=models.Q(action__in=["C", "R", "U", "D", "E"]), name="audit_action_known"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["0", "4", "8", "12"]), name="audit_outcome_known"
            ),
        ]
        indexes = [
            models.Index(fields=["occurred_at", "id"], name="audit_time"),
            models.Index(fields=["actor", "occurred_at"], name="audit_actor"),
            models.Index(
                fields=["patient", "occurred_at"],
                name="audit_patient",
                condition=models.Q(patient__isnull=False),
            ),
            models.Index(fields=["subject_type", "subject", "occurred_at"], name="audit_subject"),
            models.Index(
                fields=["request_id"], name="audit_request", condition=~models.Q(request_id="")
            ),
            models.Index(
                fields=["occurred_at", "id"],
                name="audit_disclosed",
                condition=~models.Q(recipient=""),
            ),
        ]
        triggers = [append_only("auditevent_append_only")]
        default_permissions = ()
        permissions = [
            ("view_trail", "Search the audit trail"),
            ("view_history", "See who changed people, roles, units and settings"),
            ("export_trail", "Export the audit trail"),
            ("record_disclosure", "Record to whom data of a patient was given"),
        ]

    def __str__(self) -> str:
        return f"{self.occurred_at:%Y-%m-%d %H:%M} {self.act}"


class Seal(models.Model):
    """The rows that one run of the sealing found in one table, chained to those before."""

    id = models.BigAutoField(primary_key=True)
    chain = models.CharField(max_length=63)
    number = models.BigIntegerField()
    cluster = models.CharField(max_length=20, blank=True)
    from_xid = models.BigIntegerField()
    to_xid = models.BigIntegerField()
    columns = ArrayField(models.CharField(max_length=63))
    ids = ArrayField(models.BigIntegerField())
    digests = models.BinaryField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    previous = models.BinaryField()
    head = models.BinaryField()
    mac = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="seal_one_of_a_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="seal_counts_from_one"),
        ]
        indexes = [models.Index(fields=["chain", "last_at"], name="seal_of_a_time")]
        triggers = [append_only("seal_append_only")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.chain} {self.number}"


class Retired(models.Model):
    """A month that was exported and dropped: its rows are missing by right."""

    id = models.BigAutoField(primary_key=True)
    chain = models.CharField(max_length=63)
    part = models.CharField(max_length=63)
    count = models.BigIntegerField()
    # First and last number of each unbroken run of rows.
    runs = ArrayField(models.BigIntegerField())
    export_name = models.CharField(max_length=200)
    export_sha256 = models.CharField(max_length=64)
    mac = models.BinaryField()
    retired_at = models.DateTimeField()

    class Meta:
        triggers = [append_only("retired_append_only")]
        default_permissions = ()
        verbose_name_plural = "retired"

    def __str__(self) -> str:
        return self.part


class VerifyRun(models.Model):
    """One check of every chain, and what it found."""

    class Result(models.TextChoices):
        CLEAN = "clean", _("Whole")
        BROKEN = "broken", _("Broken")

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    rows = models.BigIntegerField()
    unsealed = models.BigIntegerField()
    seals = models.BigIntegerField()
    chains = models.PositiveIntegerField()
    result = models.CharField(max_length=10, choices=Result)
    problem_count = models.BigIntegerField()
    problems = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(result__in=["clean", "broken"]), name="verifyrun_result_known"
            )
        ]
        triggers = [append_only("verifyrun_append_only")]
        default_permissions = ()
        permissions = [
            ("view_seals", "See whether the audit trail is whole, and check it"),
            ("acknowledge_break", "Acknowledge that the audit trail was found broken"),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.result}"
