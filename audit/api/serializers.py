"""What the API takes and gives for the trail. Input and output are separate."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from audit.services import Action, Outcome, Standing
from core.api import StrictSerializer
from core.forms import clean_text


class TextField(serializers.CharField):
    """Text in NFC, without control, direction or invisible characters (SEC-I2)."""

    def to_internal_value(self, data: Any) -> str:
        """Return the normal form. Raises ValidationError."""
        return clean_text(super().to_internal_value(data), multiline=False).strip()


class EventOut(serializers.Serializer[Any]):
    """One row of the trail."""

    public_id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    act = serializers.CharField()
    action = serializers.ChoiceField(choices=Action.choices, help_text="FHIR AuditEvent.action")
    outcome = serializers.ChoiceField(choices=Outcome.choices, help_text="FHIR AuditEvent.outcome")
    actor = serializers.UUIDField(allow_null=True, help_text=_("The person, where known."))
    actor_name = serializers.CharField(help_text=_("The name as it was."))
    role = serializers.CharField()
    unit_name = serializers.CharField()
    patient = serializers.UUIDField(allow_null=True)
    subject_type = serializers.CharField()
    subject = serializers.CharField()
    reason = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    query = serializers.JSONField(allow_null=True)
    recipient = serializers.CharField()
    purpose = serializers.CharField()
    door = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    address = serializers.CharField()
    session = serializers.CharField()
    request_id = serializers.CharField()


class SealOfOut(serializers.Serializer[Any]):
    """The seal that vouches for a row."""

    standing = serializers.ChoiceField(choices=[one.value for one in Standing])
    number = serializers.IntegerField(allow_null=True)
    sealed_at = serializers.DateTimeField(allow_null=True)


class EventDetailOut(EventOut):
    """One row of the trail with its seal."""

    seal = SealOfOut()


class _PageOut(serializers.Serializer[Any]):
    next = serializers.CharField(help_text=_("Cursor of the next page, empty on the last."))
    previous = serializers.CharField(help_text=_("Cursor of the page before, empty on the first."))


class EventPageOut(_PageOut):
    """One page of rows of the trail."""

    items = EventOut(many=True)


class ChangeOut(serializers.Serializer[Any]):
    """One version of one row of the configuration."""

    kind = serializers.CharField(help_text="Label of the table.")
    row = serializers.CharField(help_text="Number of the row in its table.")
    name = serializers.CharField(help_text="What the row was called.")
    change = serializers.ChoiceField(choices=["insert", "update", "delete"])
    changed_at = serializers.DateTimeField()
    by = serializers.UUIDField(allow_null=True)
    by_name = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    reason = serializers.CharField()
    door = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    address = serializers.CharField()
    request_id = serializers.CharField()


class ChangePageOut(_PageOut):
    """One page of changes."""

    items = ChangeOut(many=True)


class DisclosureIn(StrictSerializer):
    """Who was given what about whom, and what for."""

    patient = serializers.UUIDField(required=False, allow_null=True)
    subject_type = TextField(max_length=60, required=False, default="")
    subject = TextField(max_length=64, required=False, default="")
    what = TextField(max_length=2_000)
    recipient = TextField(max_length=200)
    purpose = TextField(max_length=200)
    given_at = serializers.CharField(
        max_length=40, required=False, help_text="ISO 8601 with its time zone; now when left out."
    )


class ChainOut(serializers.Serializer[Any]):
    """The newest seal of one table."""

    chain = serializers.CharField()
    number = serializers.IntegerField()
    head = serializers.CharField()
    sealed_at = serializers.DateTimeField()


class RunOut(serializers.Serializer[Any]):
    """One check of the trail."""

    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    result = serializers.ChoiceField(choices=["clean", "broken"])
    rows = serializers.IntegerField()
    seals = serializers.IntegerField()
    unsealed = serializers.IntegerField()
    problem_count = serializers.IntegerField()
    problems = serializers.ListField(child=serializers.CharField())


class SealsOut(serializers.Serializer[Any]):
    """How the trail stands."""

    is_broken = serializers.BooleanField(help_text="Broken, and not acknowledged.")
    waiting_seconds = serializers.FloatField(help_text="Age of the oldest row without a seal.")
    anchored_at = serializers.DateTimeField(allow_null=True)
    chains = ChainOut(many=True)
    runs = RunOut(many=True)
