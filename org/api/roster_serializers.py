"""What the API takes and gives for the roster. Input and output are separate."""

from typing import Any

from rest_framework import serializers

from core.api import StrictSerializer
from org.api.serializers import CleanCharField, InstantField, PageOut, PlaceOut, WhoOut
from org.states import AbsenceKind, ShiftGroup


class DayField(serializers.DateField):
    """A day in ISO 8601."""


class RosterIn(StrictSerializer):
    """Somebody stands in a shift of a unit."""

    unit = serializers.UUIDField()
    day_on = DayField()
    shift = serializers.UUIDField()
    person = serializers.UUIDField()
    role = CleanCharField(max_length=40)
    on_call = serializers.BooleanField(required=False, default=False)
    is_double = serializers.BooleanField(required=False, default=False)


class RosterMoveIn(StrictSerializer):
    """Where the entry stands from now on; what is left out stays."""

    day_on = DayField(required=False)
    shift = serializers.UUIDField(required=False)
    person = serializers.UUIDField(required=False)
    role = CleanCharField(max_length=40, required=False)
    on_call = serializers.BooleanField(required=False)
    is_double = serializers.BooleanField(required=False)


class RosterRemoveIn(StrictSerializer):
    """Why somebody is taken off."""

    reason = CleanCharField(max_length=300, multiline=True)


class RosterCopyIn(StrictSerializer):
    """Which seven days become like which seven."""

    unit = serializers.UUIDField()
    from_day = DayField()
    to_day = DayField()


class ShiftIn(StrictSerializer):
    """A shift of a site by its clock."""

    site = serializers.UUIDField()
    code = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$", max_length=20)
    name = CleanCharField(max_length=60)
    from_time = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])
    to_time = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])
    group = serializers.ChoiceField(choices=ShiftGroup.choices, required=False)


class ShiftEditIn(StrictSerializer):
    """What of a shift changes."""

    code = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$", max_length=20, required=False)
    name = CleanCharField(max_length=60, required=False)
    from_time = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"], required=False)
    to_time = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"], required=False)
    group = serializers.ChoiceField(choices=ShiftGroup.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class AbsenceIn(StrictSerializer):
    """From when until when somebody is away."""

    person = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=AbsenceKind.choices)
    starts_at = InstantField()
    ends_at = InstantField(required=False, allow_null=True)


class AbsenceEndIn(StrictSerializer):
    """When the absence ends; now when left out."""

    ends_at = InstantField(required=False)


class ShiftOut(serializers.Serializer[Any]):
    """A shift of a site."""

    public_id = serializers.UUIDField()
    site = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    from_time = serializers.CharField()
    to_time = serializers.CharField()
    group = serializers.ChoiceField(choices=ShiftGroup.choices)
    is_active = serializers.BooleanField()
    version = serializers.IntegerField()


class ShiftsOut(serializers.Serializer[Any]):
    """The shifts of a site."""

    items = ShiftOut(many=True)


class RosterOut(serializers.Serializer[Any]):
    """Who stands in which shift of a unit."""

    public_id = serializers.UUIDField()
    unit = PlaceOut()
    day_on = serializers.DateField()
    shift = serializers.CharField(help_text="Its code.")
    person = WhoOut()
    role = serializers.CharField()
    on_call = serializers.BooleanField()
    is_double = serializers.BooleanField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    origin = serializers.CharField(help_text="Where it came from: screen, api, import.")
    removed_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class RosterPageOut(PageOut):
    """One page of the roster."""

    items = RosterOut(many=True)


class StandingOut(serializers.Serializer[Any]):
    """Somebody who stands in a shift now."""

    person = WhoOut()
    role = serializers.CharField()
    unit = serializers.CharField(help_text="The name of the unit whose roster says so.")
    shift = serializers.CharField()
    ends_at = serializers.DateTimeField()


class OnNowOut(serializers.Serializer[Any]):
    """Who is on duty in a unit and who is on call for it."""

    on_duty = StandingOut(many=True)
    on_call = StandingOut(many=True)


class NotCopiedOut(serializers.Serializer[Any]):
    """An entry that was left out, and why."""

    entry = serializers.UUIDField()
    reason = serializers.CharField()


class RosterCopyOut(serializers.Serializer[Any]):
    """What came of copying a week."""

    made = serializers.IntegerField()
    already = serializers.IntegerField()
    refused = NotCopiedOut(many=True)


class AbsenceOut(serializers.Serializer[Any]):
    """From when until when somebody is away."""

    public_id = serializers.UUIDField()
    person = WhoOut()
    kind = serializers.ChoiceField(choices=AbsenceKind.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class AbsencePageOut(PageOut):
    """One page of absences."""

    items = AbsenceOut(many=True)
