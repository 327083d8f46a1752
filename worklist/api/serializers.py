"""What the API takes and gives for tasks. Input and output are separate."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api import StrictSerializer
from org.api.serializers import CleanCharField, InstantField
from worklist.rules.kinds import KINDS, MANUAL
from worklist.states import Priority, TaskState

REASON = 300
KIND_CHOICES = [(code, code) for code in sorted(KINDS)]
MANUAL_CHOICES = [(kind.code, kind.code) for kind in MANUAL]


class TaskIn(StrictSerializer):
    """Something to do, opened by hand."""

    kind = serializers.ChoiceField(choices=MANUAL_CHOICES)
    detail = CleanCharField(max_length=REASON)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    unit = serializers.UUIDField()
    role = CleanCharField(max_length=40, required=False, allow_blank=True)
    patient = serializers.UUIDField(required=False)


class TaskReasonIn(StrictSerializer):
    """Why."""

    reason = CleanCharField(max_length=REASON)


class TaskReleaseIn(StrictSerializer):
    """Why, if there is something to say."""

    reason = CleanCharField(max_length=REASON, required=False, allow_blank=True)


class TaskDoneIn(StrictSerializer):
    """What is to be known of how it was done."""

    note = CleanCharField(max_length=500, required=False, allow_blank=True)


class TaskNoteIn(StrictSerializer):
    """A note."""

    text = CleanCharField(max_length=500)


class TaskHandOverIn(TaskReasonIn):
    """To whom, and why."""

    to = serializers.UUIDField()


class TaskMoveIn(TaskReasonIn):
    """For which unit and role, and why; an empty role: anybody of the unit."""

    unit = serializers.UUIDField()
    role = CleanCharField(max_length=40, required=False, allow_blank=True)


class TaskHoldIn(TaskReasonIn):
    """Until when, and why."""

    until = InstantField()


class DelegationIn(StrictSerializer):
    """Who stands in for the caller, from when until when."""

    to = serializers.UUIDField()
    starts_at = InstantField()
    ends_at = InstantField()
    reason = CleanCharField(max_length=REASON, required=False, allow_blank=True)


class TaskOut(serializers.Serializer[Any]):
    """A task. `patient` is null where there is none, or where the caller may not see the record."""

    public_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KIND_CHOICES)
    title = serializers.CharField()
    detail = serializers.CharField()
    priority = serializers.ChoiceField(choices=Priority.choices)
    state = serializers.ChoiceField(choices=TaskState.choices)
    unit = serializers.UUIDField()
    role = serializers.CharField()
    owner = serializers.CharField(help_text=_("Name of who has it; empty for nobody."))
    is_mine = serializers.BooleanField()
    patient = serializers.UUIDField(allow_null=True)
    hides_patient = serializers.BooleanField()
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    times = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    first_touched_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)
    escalated_at = serializers.DateTimeField(allow_null=True)
    wake_at = serializers.DateTimeField(allow_null=True)
    level = serializers.IntegerField()
    next_level_at = serializers.DateTimeField(allow_null=True)
    next_level_role = serializers.CharField()
    version = serializers.IntegerField()


class TaskLineOut(serializers.Serializer[Any]):
    """One line of a task's timeline."""

    at = serializers.DateTimeField()
    what = serializers.CharField()
    by = serializers.CharField()
    to = serializers.CharField()
    text = serializers.CharField()


class TaskWholeOut(TaskOut):
    """A task with its timeline, the newest line first."""

    timeline = TaskLineOut(many=True)


class TaskPageOut(serializers.Serializer[Any]):
    """One page of tasks."""

    items = TaskOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class TaskCountsOut(serializers.Serializer[Any]):
    """How many tasks each part of the caller's inbox holds."""

    mine = serializers.IntegerField()
    handed = serializers.IntegerField()
    role = serializers.IntegerField()
    unit = serializers.IntegerField()
    late = serializers.IntegerField()
    hidden = serializers.IntegerField()


class DelegationOut(serializers.Serializer[Any]):
    """Who stands in for whom."""

    public_id = serializers.UUIDField()
    to = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField()


class DelegationsOut(serializers.Serializer[Any]):
    """The caller's stand-ins, now and later."""

    items = DelegationOut(many=True)
