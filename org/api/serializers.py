"""What the API takes and gives for people and places. Input and output are separate."""

from typing import Any

from rest_framework import serializers

from core.api import StrictSerializer
from core.forms import clean_text
from org.states import UnitKind


class CleanCharField(serializers.CharField):
    """Text in NFC, without control, direction or invisible characters (SEC-I2)."""

    def to_internal_value(self, data: Any) -> str:
        """Return the normal form. Raises ValidationError."""
        return clean_text(super().to_internal_value(data))


class UnitIn(StrictSerializer):
    """A new unit."""

    parent = serializers.UUIDField()
    code = CleanCharField(max_length=30)
    name = CleanCharField(max_length=120)
    kind = serializers.ChoiceField(choices=[c for c in UnitKind.choices if c[0] != "hospital"])
    beds = serializers.IntegerField(min_value=0, max_value=2000, required=False, default=0)


class UnitOut(serializers.Serializer[Any]):
    """A unit."""

    public_id = serializers.UUIDField()
    site = serializers.UUIDField()
    parent = serializers.UUIDField(allow_null=True)
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=UnitKind.choices)
    beds = serializers.IntegerField()
    is_active = serializers.BooleanField()
    version = serializers.IntegerField()


class UnitPageOut(serializers.Serializer[Any]):
    """One page of units."""

    items = UnitOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()
