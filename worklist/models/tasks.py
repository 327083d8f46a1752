"""Tasks: what somebody has to do about something, until when, and what became of it."""

from django.db import models
from django.db.models import F, Q

from core.models import BaseModel, HappenedModel, append_only
from worklist.states import OPEN, Channel, EntryKind, Priority, TaskState

OPEN_STATES = sorted(OPEN)


class Task(HappenedModel):
    """A piece of work. `occurred_at` is when it was opened, `recorded_by` who opened it.

    It names its subject by type and public id: the rooms above stay unknown here (house 3).
    `facts` fill the words of its kind. Somebody may be its owner without having taken it: then it
    was handed to them. Until `quiet_until` nobody is told of it. `lane` is 0 for what cannot wait:
    it stands before everything else.
    """

    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.ROUTINE)
    lane = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=TaskState, default=TaskState.READY)
    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+")
    # The code of a role; empty: anybody of the unit.
    role = models.CharField(max_length=40, blank=True)
    owner = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    requester = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    group_key = models.CharField(max_length=160, blank=True)
    times = models.PositiveIntegerField(default=1, db_default=1)
    last_joined_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    first_touched_at = models.DateTimeField(null=True, blank=True)
    first_touched_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    handed_at = models.DateTimeField(null=True, blank=True)
    handed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    level = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_level_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    hold_reason = models.CharField(max_length=300, blank=True)
    quiet_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group_key"],
                condition=Q(state__in=OPEN_STATES) & ~Q(group_key=""),
                name="task_one_open_per_group",
            ),
            models.CheckConstraint(
                condition=Q(state__in=TaskState.values), name="task_state_known"
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="task_priority_known"
            ),
            models.CheckConstraint(
                condition=Q(priority="stat", lane=0) | ~Q(priority="stat") & Q(lane=1),
                name="task_lane_follows_priority",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(owner__isnull=False),
                name="task_claimed_has_owner",
            ),
            models.CheckConstraint(
                condition=~Q(state="blocked") | (Q(wake_at__isnull=False) & ~Q(hold_reason="")),
                name="task_on_hold_has_reason_and_end",
            ),
            models.CheckConstraint(
                condition=~Q(priority="stat") | (~Q(state="blocked") & Q(quiet_until__isnull=True)),
                name="task_stat_is_never_hidden",
            ),
            models.CheckConstraint(
                condition=~Q(state="done")
                | Q(completed_at__isnull=False, completed_by__isnull=False),
                name="task_done_says_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | Q(cancelled_at__isnull=False),
                name="task_cancelled_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="error") | Q(voided_at__isnull=False, voided_by__isnull=False),
                name="task_in_error_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(first_touched_at__isnull=True, first_touched_by__isnull=True)
                | Q(first_touched_at__isnull=False, first_touched_by__isnull=False),
                name="task_touched_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("occurred_at")), name="task_due_after_opening"
            ),
            models.CheckConstraint(
                condition=Q(level=0, escalated_at__isnull=True)
                | Q(level__gt=0, escalated_at__isnull=False),
                name="task_level_says_when",
            ),
            models.CheckConstraint(
                condition=Q(subject_type="", subject_id="")
                | (~Q(subject_type="") & ~Q(subject_id="")),
                name="task_subject_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["unit", "lane", "due_at", "id"],
                condition=Q(state__in=OPEN_STATES),
                name="task_open_of_unit",
            ),
            models.Index(
                fields=["owner", "lane", "due_at", "id"],
                condition=Q(state__in=OPEN_STATES),
                name="task_open_of_owner",
            ),
            models.Index(
                fields=["next_level_at"],
                condition=Q(state__in=OPEN_STATES, next_level_at__isnull=False),
                name="task_next_level",
            ),
            models.Index(fields=["wake_at"], condition=Q(state="blocked"), name="task_wakes"),
            models.Index(fields=["subject_type", "subject_id"], name="task_subject"),
            models.Index(fields=["patient", "-id"], name="task_patient"),
            models.Index(fields=["unit", "-id"], name="task_unit_newest"),
        ]
        default_permissions = ("view",)
        permissions = [
            ("work_task", "Take tasks, do them, hand them over, put them on hold"),
            ("manage_tasks", "Move the tasks of others, and set how soon tasks are due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to do it."""
        return self.state in OPEN


class TaskEscalation(BaseModel):
    """One level that a late task has reached, on the task itself: never another alert (ROW-H3).

    `due_at` is when the clock reached the level, `made_at` when it was noticed.
    """

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="escalations")
    number = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    due_at = models.DateTimeField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="taskescalation_once_a_level"),
            models.CheckConstraint(
                condition=Q(number__gte=1) & Q(made_at__gte=F("due_at")),
                name="taskescalation_after_its_time",
            ),
        ]
        triggers = [append_only("taskescalation_append_only")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.task_id} level {self.number}"


class TaskEntry(BaseModel):
    """What happened to a task beside the steps of its state: seen, handed over, a note."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind)
    happened_at = models.DateTimeField()
    by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_user = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "by"], condition=Q(kind="seen"), name="taskentry_seen_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=EntryKind.values), name="taskentry_kind_known"
            ),
        ]
        indexes = [models.Index(fields=["task", "id"], name="taskentry_task")]
        triggers = [append_only("taskentry_append_only")]
        default_permissions = ()
        verbose_name_plural = "task entries"

    def __str__(self) -> str:
        return f"{self.task_id} {self.kind}"
