"""What the API takes and gives for notices, deliveries and score cards."""

from typing import Any

from rest_framework import serializers

from core.api import StrictSerializer
from org.api.serializers import CleanCharField, PageOut, WhoOut
from worklist.states import Channel, DeliveryState, Priority, SkipReason, Verdict


class NoticeOut(serializers.Serializer[Any]):
    """Something the caller was told."""

    public_id = serializers.UUIDField()
    kind = serializers.CharField()
    text = serializers.CharField()
    severity = serializers.ChoiceField(choices=Priority.choices)
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    told_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class NoticePageOut(PageOut):
    """One page of notices."""

    items = NoticeOut(many=True)


class NoticesReadOut(serializers.Serializer[Any]):
    """How many notices became read."""

    count = serializers.IntegerField()


class NoticeChoiceIn(StrictSerializer):
    """By which ways the caller is told of what; what is immediate is not for choosing."""

    asap = serializers.ListField(
        child=serializers.ChoiceField(choices=Channel.choices), max_length=2
    )
    urgent = serializers.ListField(
        child=serializers.ChoiceField(choices=Channel.choices), max_length=2
    )
    routine = serializers.ListField(
        child=serializers.ChoiceField(choices=Channel.choices), max_length=2
    )
    quiet_from = serializers.TimeField(
        format="%H:%M", input_formats=["%H:%M"], required=False, allow_null=True
    )
    quiet_to = serializers.TimeField(
        format="%H:%M", input_formats=["%H:%M"], required=False, allow_null=True
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Raises ValidationError for one time without the other."""
        begins, ends = attrs.get("quiet_from"), attrs.get("quiet_to")
        if (begins is None) != (ends is None) or (begins is not None and begins == ends):
            raise serializers.ValidationError({"quiet_to": ["Enter both times, or none."]})
        return attrs


class NoticeChoiceOut(serializers.Serializer[Any]):
    """By which ways the caller is told of what."""

    asap = serializers.ListField(child=serializers.CharField())
    urgent = serializers.ListField(child=serializers.CharField())
    routine = serializers.ListField(child=serializers.CharField())
    quiet_from = serializers.CharField(allow_null=True)
    quiet_to = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()


class DeliveryOut(serializers.Serializer[Any]):
    """One way by which a notice went to its person."""

    public_id = serializers.UUIDField()
    person = WhoOut()
    kind = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    tries = serializers.IntegerField()
    skip_reason = serializers.ChoiceField(choices=SkipReason.choices, allow_blank=True)
    fault = serializers.CharField()
    due_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class DeliveryPageOut(PageOut):
    """One page of deliveries."""

    items = DeliveryOut(many=True)


class AlertScoreOut(serializers.Serializer[Any]):
    """One alert rule over the last 90 days."""

    rule = serializers.CharField()
    words = serializers.CharField()
    fired = serializers.IntegerField()
    patients = serializers.IntegerField()
    acted = serializers.IntegerField()
    overridden = serializers.IntegerField()
    expired = serializers.IntegerField()
    median_minutes = serializers.FloatField(allow_null=True)
    is_on = serializers.BooleanField()
    override_percent = serializers.IntegerField()
    least_fired = serializers.IntegerField()
    is_noisy = serializers.BooleanField()
    version = serializers.IntegerField()


class TaskScoreOut(serializers.Serializer[Any]):
    """One kind of task over the last 90 days."""

    kind = serializers.CharField()
    opened = serializers.IntegerField()
    patients = serializers.IntegerField()
    done = serializers.IntegerField()
    in_time = serializers.IntegerField()
    escalated = serializers.IntegerField()
    median_minutes = serializers.FloatField(allow_null=True)


class ScoresOut(serializers.Serializer[Any]):
    """How alert rules and kinds of tasks do."""

    alerts = AlertScoreOut(many=True)
    tasks = TaskScoreOut(many=True)


class RuleSettingIn(StrictSerializer):
    """How an alert rule is set."""

    is_on = serializers.BooleanField(required=False)
    override_percent = serializers.IntegerField(min_value=1, max_value=100, required=False)
    least_fired = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)


class RuleReviewIn(StrictSerializer):
    """What is decided about an alert rule."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reason = CleanCharField(max_length=300, multiline=True)
