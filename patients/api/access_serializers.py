"""What the API takes and gives about who may open a record, and who did."""

from rest_framework import serializers

from core.api import StrictSerializer
from org.api.serializers import CleanCharField, InstantField
from patients.api.serializers import NAME, REASON, SHORT, BirthIn
from patients.forms.access import MOST_PEOPLE, WORDS_LIMIT
from patients.states import GlassKind, RestrictionKind, Verdict


class KeptIn(StrictSerializer):
    """Why a record is restricted, until when, and who keeps it open."""

    kind = serializers.ChoiceField(choices=RestrictionKind.choices)
    reason = CleanCharField(max_length=REASON)
    until = InstantField(required=False, allow_null=True)
    carers_keep = serializers.BooleanField(required=False)
    units = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_PEOPLE
    )
    people = serializers.ListField(
        child=CleanCharField(max_length=SHORT), required=False, max_length=MOST_PEOPLE
    )


class RestrictionIn(KeptIn):
    """A record that shall be restricted; `people` are user names."""

    number = CleanCharField(max_length=40)


class LiftIn(StrictSerializer):
    """Why a restriction ends."""

    reason = CleanCharField(max_length=REASON)


class GlassIn(StrictSerializer):
    """Whose record is needed: a number, or names and the whole day of birth; and why."""

    number = CleanCharField(max_length=40, required=False)
    family = CleanCharField(max_length=NAME, required=False)
    given = CleanCharField(max_length=NAME, required=False)
    birth = BirthIn(required=False, max_length=40)
    kind = serializers.ChoiceField(choices=GlassKind.choices)
    words = CleanCharField(max_length=WORDS_LIMIT)


class ReviewIn(StrictSerializer):
    """What the review says."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    words = CleanCharField(max_length=WORDS_LIMIT)


class SeenIn(StrictSerializer):
    """Which looks and changes are wanted."""

    person = CleanCharField(max_length=SHORT, required=False)
    since = InstantField(required=False)
    until = InstantField(required=False)
    what = serializers.ChoiceField(choices=["looks", "changes", "glass"], required=False)


class RestrictionOut(serializers.Serializer):
    """A restriction."""

    public_id = serializers.UUIDField()
    patient = serializers.UUIDField()
    mrn = serializers.CharField()
    kind = serializers.CharField()
    reason = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    carers_keep = serializers.BooleanField()
    units = serializers.ListField(child=serializers.UUIDField())
    people = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()


class RestrictionPageOut(serializers.Serializer):
    """One page of restrictions."""

    items = RestrictionOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class GlassOut(serializers.Serializer):
    """A broken glass."""

    public_id = serializers.UUIDField()
    patient = serializers.UUIDField()
    person = serializers.UUIDField()
    unit = serializers.UUIDField()
    kind = serializers.CharField()
    words = serializers.CharField()
    is_restricted = serializers.BooleanField()
    state = serializers.CharField()
    is_late = serializers.BooleanField()
    granted_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField()
    verdict = serializers.CharField()
    review_words = serializers.CharField()
    reviewed_at = serializers.DateTimeField(allow_null=True)


class GlassPageOut(serializers.Serializer):
    """One page of broken glasses."""

    items = GlassOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class SeenOut(serializers.Serializer):
    """One look at a record, or one change of it."""

    public_id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    act = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    unit = serializers.CharField()
    address = serializers.CharField()
    door = serializers.CharField()
    subject_type = serializers.CharField()
    reason = serializers.CharField()
    purpose = serializers.CharField()


class SeenPageOut(serializers.Serializer):
    """One page of looks and changes, the newest first."""

    items = SeenOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()
