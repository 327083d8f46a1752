"""What the API takes and gives for patients. Input and output are separate."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core import clock
from core.api import StrictSerializer
from org.api.serializers import CleanCharField, DayField, InstantField
from patients.forms import LANGUAGES, NOTES_LIMIT
from patients.rules.identity import parse_birth
from patients.states import (
    AccessNeed,
    BirthPrecision,
    ChangeKind,
    ContactKind,
    IdentifierSystem,
    IdentityState,
    Oddity,
    Sex,
)

NAME, SHORT, REASON = 200, 80, 300


class BirthIn(serializers.CharField):
    """A day (1981-03-07), a month (1981-03), a year (1981) or an age (45y, 6m)."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "birth": _("Write the birth as 1981-03-07, 1981-03, 1981, or an age like 45y or 6m."),
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return day and precision. Raises ValidationError."""
        found = parse_birth(super().to_internal_value(data), clock.today())
        if found is None:
            self.fail("birth")
        return found


def _optional(limit: int) -> CleanCharField:
    return CleanCharField(max_length=limit, required=False, allow_blank=True)


class WhoIn(StrictSerializer):
    """Who somebody is; fields left out stay."""

    family = _optional(NAME)
    given = _optional(NAME)
    title = _optional(20)
    birth = BirthIn(required=False, allow_blank=True, max_length=40)
    sex = serializers.ChoiceField(choices=Sex.choices, required=False)
    mobile = _optional(40)
    phone = _optional(40)
    street = _optional(NAME)
    house_number = _optional(20)
    postcode = _optional(20)
    locality = _optional(120)
    region = _optional(120)
    country = serializers.RegexField(r"\A([A-Za-z]{2})?\Z", required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False, allow_blank=True)
    interpreter = serializers.ChoiceField(choices=LANGUAGES, required=False, allow_blank=True)
    needs = serializers.ListField(
        child=serializers.ChoiceField(choices=AccessNeed.choices), required=False, max_length=10
    )


class MatchIn(WhoIn):
    """Whatever is known of somebody, to find the records that may be theirs."""

    national = _optional(40)


class PatientIn(MatchIn):
    """A new record. `seen` and `reason` answer duplicates_found, `sure` answers unusual."""

    birth_family = _optional(NAME)
    national_issuer = _optional(SHORT)
    kin_name = _optional(NAME)
    kin_relationship = _optional(60)
    kin_phone = _optional(40)
    comes_to = serializers.UUIDField(required=False)
    seen = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=20)
    sure = serializers.ListField(
        child=serializers.ChoiceField(choices=Oddity.values), required=False, max_length=10
    )
    reason = _optional(REASON)


class PatientChangeIn(WhoIn):
    """What changes about who somebody is, and whether it was wrong or has become so."""

    kind = serializers.ChoiceField(choices=ChangeKind.choices, required=False)
    sure = serializers.ListField(
        child=serializers.ChoiceField(choices=Oddity.values), required=False, max_length=10
    )
    reason = _optional(REASON)


class UnknownIn(StrictSerializer):
    """Somebody whom nobody knows."""

    sex = serializers.ChoiceField(choices=Sex.choices)
    birth = BirthIn(required=False, allow_blank=True, max_length=40)
    description = CleanCharField(max_length=REASON)


class NewbornIn(StrictSerializer):
    """A child of this mother."""

    sex = serializers.ChoiceField(choices=Sex.choices)
    born_at = InstantField()
    birth_order = serializers.IntegerField(min_value=1, max_value=9, required=False)
    given = _optional(NAME)
    sure = serializers.ListField(
        child=serializers.ChoiceField(choices=Oddity.values), required=False, max_length=10
    )


class VerifyIn(StrictSerializer):
    """Which papers were seen."""

    paper = CleanCharField(max_length=REASON)


class DeathIn(StrictSerializer):
    """When somebody died; null takes a death back that was recorded by mistake."""

    died_on = DayField(allow_null=True)
    died_at = InstantField(required=False)
    reason = CleanCharField(max_length=REASON)


class ContactIn(StrictSerializer):
    """Somebody who matters to the patient."""

    name = CleanCharField(max_length=NAME)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=ContactKind.choices), min_length=1, max_length=5
    )
    relationship = _optional(60)
    phone = _optional(40)
    address = _optional(REASON)


class IdentifierIn(StrictSerializer):
    """A number of the patient."""

    system = serializers.ChoiceField(choices=IdentifierSystem.choices)
    value = CleanCharField(max_length=40)
    issuer = _optional(SHORT)
    since_on = DayField(required=False)
    until_on = DayField(required=False)


class EndIn(StrictSerializer):
    """Why something counts no longer."""

    reason = CleanCharField(max_length=REASON)


class CareNotesIn(StrictSerializer):
    """Notes of special care."""

    text = CleanCharField(max_length=NOTES_LIMIT, allow_blank=True)


class PatientRowOut(serializers.Serializer[Any]):
    """A patient in a list."""

    public_id = serializers.UUIDField()
    mrn = serializers.CharField()
    family = serializers.CharField()
    given = serializers.CharField()
    title = serializers.CharField()
    sex = serializers.ChoiceField(choices=Sex.choices)
    birth_on = serializers.DateField(allow_null=True)
    birth_precision = serializers.ChoiceField(choices=BirthPrecision.choices)
    died_on = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(choices=IdentityState.choices)
    version = serializers.IntegerField()


class PatientPageOut(serializers.Serializer[Any]):
    """One page of patients; of a search the best, without further pages."""

    items = PatientRowOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class LineOut(serializers.Serializer[Any]):
    """A name, number, phone or address; masked for whoever may not see it in full."""

    public_id = serializers.UUIDField()
    kind = serializers.CharField()
    text = serializers.CharField()
    issuer = serializers.CharField()
    since = serializers.DateField(allow_null=True)
    until = serializers.DateField(allow_null=True)
    is_current = serializers.BooleanField()


class ContactOut(serializers.Serializer[Any]):
    """Somebody who matters to a patient."""

    public_id = serializers.UUIDField()
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    relationship = serializers.CharField()
    phone = serializers.CharField()
    other = serializers.UUIDField(allow_null=True)


class PatientOut(PatientRowOut):
    """A patient."""

    language = serializers.CharField()
    interpreter = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField()
    died_at = serializers.DateTimeField(allow_null=True)
    names = LineOut(many=True)
    numbers = LineOut(many=True)
    phones = LineOut(many=True)
    addresses = LineOut(many=True)
    people = ContactOut(many=True)
    care_notes = serializers.CharField(allow_null=True)


class ReasonOut(serializers.Serializer[Any]):
    """One comparison of two records: of what, how it came out, what it weighs."""

    what = serializers.CharField()
    how = serializers.CharField()
    weight = serializers.FloatField()


class MatchOut(serializers.Serializer[Any]):
    """A record that may be of this person; `level` is warn, review or certain."""

    patient = PatientRowOut()
    score = serializers.FloatField()
    level = serializers.CharField()
    reasons = ReasonOut(many=True)


class MatchesOut(serializers.Serializer[Any]):
    """The likely duplicates, the likeliest first."""

    items = MatchOut(many=True)
