"""Notices to people, each way by which one was told, and how somebody wants to be told."""

from django.db import models
from django.db.models import Q

from core.models import BaseModel, kept_history
from worklist.states import Channel, DeliveryState, Priority, SkipReason

UNSENT = ["queued", "failed"]


class Notice(BaseModel):
    """Something a person is told. It names its subject by type and public id, never a patient.

    `facts` fill the words of its kind. `key` is what may be told a person only once.
    """

    user = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=Priority)
    facts = models.JSONField(default=dict, blank=True)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    unit = models.ForeignKey(
        "org.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    key = models.CharField(max_length=160, blank=True)
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], condition=~Q(key=""), name="notice_once_per_key"
            ),
            models.CheckConstraint(
                condition=Q(severity__in=Priority.values), name="notice_severity_known"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_user"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]
        default_permissions = ()
        permissions = [
            ("view_deliveries", "See how notices were delivered"),
            ("retry_delivery", "Have a notice delivered again"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class NoticeDelivery(BaseModel):
    """One way by which a notice goes to its person: where it stands, tries, times.

    `leased_until` is until when one worker has it. `confirm_until` is until when the provider
    should have said that it arrived; after that the next way is taken too.
    """

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    step = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    confirm_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=20, choices=SkipReason, blank=True)
    fault = models.CharField(max_length=60, blank=True)
    provider_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "step"], name="noticedelivery_step"),
            models.UniqueConstraint(fields=["notice", "channel"], name="noticedelivery_channel"),
            models.UniqueConstraint(
                fields=["channel", "provider_id"],
                condition=~Q(provider_id=""),
                name="noticedelivery_provider_id",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="noticedelivery_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(skip_reason=""),
                name="noticedelivery_skip_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="dead") | ~Q(fault="") & Q(dead_at__isnull=False),
                name="noticedelivery_dead_has_fault",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=UNSENT),
                name="noticedelivery_due",
            ),
            models.Index(
                fields=["confirm_until"],
                condition=Q(state="sent", confirm_until__isnull=False),
                name="noticedelivery_confirm",
            ),
            models.Index(fields=["channel", "-id"], name="noticedelivery_newest"),
        ]
        default_permissions = ()
        verbose_name_plural = "notice deliveries"

    def __str__(self) -> str:
        return f"{self.channel} of {self.notice_id}: {self.state}"


@kept_history()
class NoticeChoice(BaseModel):
    """How somebody wants to be told: ways per severity, and the hours without any but "stat"."""

    user = models.OneToOneField("org.User", on_delete=models.PROTECT, related_name="+")
    # Severity -> ways in the order in which they are tried, beside the list on the screen.
    ways = models.JSONField(default=dict, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="noticechoice_quiet_is_whole",
            )
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}"
