"""What the API takes and gives for people and places. Input and output are separate."""

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core import clock
from core.api import StrictSerializer
from core.forms import clean_text
from org.rules import NO_DAY, hours_fault
from org.services import BlackoutFromTo, HolidayOn
from org.states import AccountState, Level, Module, ShiftGroup, UnitKind

YEARS = range(1900, 2200)


class CleanCharField(serializers.CharField):
    """Text in NFC, without control, direction or invisible characters (SEC-I2)."""

    def __init__(self, *, multiline: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.multiline = multiline

    def to_internal_value(self, data: Any) -> str:
        """Return the normal form. Raises ValidationError."""
        return clean_text(super().to_internal_value(data), multiline=self.multiline).strip()


class CleanEmailField(serializers.EmailField):
    """An e-mail address without characters that cannot be seen (SEC-I2)."""

    def to_internal_value(self, data: Any) -> str:
        """Return the normal form. Raises ValidationError."""
        return clean_text(super().to_internal_value(data), multiline=False)


class InstantField(serializers.DateTimeField):
    """An instant in ISO 8601 that says its time zone, 1900 to 2199 (SEC-I3)."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "form": _("Write the time as ISO 8601, like 2026-11-25T08:30:00+01:00."),
        "zone": _("The time needs its time zone, like +01:00 or Z."),
        "year": _("The year must be from 1900 to 2199."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        """Return the instant in UTC. Raises ValidationError."""
        try:
            found = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None:
            self.fail("form")
        if found.tzinfo is None:
            self.fail("zone")
        if found.year not in YEARS:
            self.fail("year")
        return found.astimezone(UTC)


class DayField(serializers.DateField):
    """A day in ISO 8601, 1900 to 2199 (SEC-I3)."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Write the day as ISO 8601, like 2026-11-25."),
        "year": _("The year must be from 1900 to 2199."),
    }

    def to_internal_value(self, value: Any) -> date:
        """Return the day. Raises ValidationError."""
        if not isinstance(value, str):
            self.fail("invalid")
        found = super().to_internal_value(value)
        if found.year not in YEARS:
            self.fail("year")
        return found


class HoursField(serializers.JSONField):
    """Business hours: weekday ("1" is Monday) to intervals of two times; see org/README.md."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "shape": _("Give an object of weekdays: “1” is Monday, “7” is Sunday."),
        "hours": _("Day %(day)s: write intervals like [[“08:00”, “12:00”]], in order and apart."),
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return the hours. Raises ValidationError."""
        fault = hours_fault(data)
        if fault == NO_DAY:
            self.fail("shape")
        if fault:
            message = self.error_messages["hours"] % {"day": fault}
            raise serializers.ValidationError(message)
        return data


class HolidayIn(StrictSerializer):
    """A day without business hours."""

    day_on = DayField()
    name = CleanCharField(max_length=80)


class BlackoutIn(StrictSerializer):
    """Days without changes to the system, the last one included."""

    starts_on = DayField()
    ends_on = DayField()
    reason = CleanCharField(max_length=200)


class SiteChangeIn(StrictSerializer):
    """What changes about a site; fields left out stay, holidays and blackouts are given whole."""

    code = serializers.RegexField(r"\A[A-Za-z0-9][A-Za-z0-9-]{0,19}\Z", required=False)
    name = CleanCharField(max_length=120, required=False)
    time_zone = CleanCharField(max_length=60, required=False)
    week_start = serializers.IntegerField(min_value=1, max_value=7, required=False)
    business_hours = HoursField(required=False)
    holidays = serializers.ListField(child=HolidayIn(), required=False, max_length=500)
    blackouts = serializers.ListField(child=BlackoutIn(), required=False, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values with days as the services take them."""
        kinds = {"holidays": HolidayOn, "blackouts": BlackoutFromTo}
        for name in kinds.keys() & attrs.keys():
            attrs[name] = [kinds[name](**item) for item in attrs[name]]
        return attrs


class SiteIn(SiteChangeIn):
    """A new site; whoever makes it becomes its system administrator."""

    code = serializers.RegexField(r"\A[A-Za-z0-9][A-Za-z0-9-]{0,19}\Z")
    name = CleanCharField(max_length=120)
    time_zone = CleanCharField(max_length=60)


class UnitHoursIn(StrictSerializer):
    """The business hours of a unit; `{}` for those of its site."""

    business_hours = HoursField()


class UnitIn(StrictSerializer):
    """A new unit below `parent`."""

    parent = serializers.UUIDField()  # type: ignore[assignment]
    code = CleanCharField(max_length=30)
    name = CleanCharField(max_length=120)
    kind = serializers.ChoiceField(choices=UnitKind.choices)
    beds = serializers.IntegerField(min_value=0, max_value=2000, required=False, default=0)


class UnitChangeIn(StrictSerializer):
    """What changes about a unit; fields left out stay."""

    parent = serializers.UUIDField(required=False)  # type: ignore[assignment]
    code = CleanCharField(max_length=30, required=False)
    name = CleanCharField(max_length=120, required=False)
    kind = serializers.ChoiceField(choices=UnitKind.choices, required=False)
    beds = serializers.IntegerField(min_value=0, max_value=2000, required=False)


class InvitedIn(StrictSerializer):
    """Who of a unit is invited; everybody who waits, when nobody is named."""

    people = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=200, allow_empty=False
    )


class InvitedOut(serializers.Serializer[Any]):
    """How many mails are on their way, and who has no address."""

    sent = serializers.IntegerField()
    without_address = serializers.ListField(child=serializers.UUIDField())


class ReasonIn(StrictSerializer):
    """Why it is done; the audit trail keeps it."""

    reason = CleanCharField(max_length=300, multiline=True)


class PersonIn(StrictSerializer):
    """A new login, invited and without a password."""

    username = CleanCharField(max_length=64)
    family_name = CleanCharField(max_length=80)
    given_name = CleanCharField(max_length=80, required=False, allow_blank=True)
    title = CleanCharField(max_length=20, required=False, allow_blank=True)
    email = CleanEmailField(max_length=254, required=False, allow_blank=True)
    staff_number = CleanCharField(max_length=30, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False, allow_blank=True)


class PersonChangeIn(StrictSerializer):
    """What changes about a person; fields left out stay."""

    family_name = CleanCharField(max_length=80, required=False)
    given_name = CleanCharField(max_length=80, required=False, allow_blank=True)
    title = CleanCharField(max_length=20, required=False, allow_blank=True)
    email = CleanEmailField(max_length=254, required=False, allow_blank=True)
    staff_number = CleanCharField(max_length=30, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False, allow_blank=True)


class AssignmentIn(StrictSerializer):
    """Somebody works somewhere as something; from now on when `starts_at` is left out."""

    person = serializers.UUIDField()
    role = CleanCharField(max_length=40)
    unit = serializers.UUIDField()
    starts_at = InstantField(required=False)
    ends_at = InstantField(required=False, allow_null=True)
    shift_group = serializers.ChoiceField(choices=ShiftGroup.choices, required=False)
    reason = CleanCharField(max_length=300, multiline=True, required=False, allow_blank=True)


class AssignmentEndIn(StrictSerializer):
    """When the assignment ends (now when left out), and why."""

    ends_at = InstantField(required=False)
    reason = CleanCharField(max_length=300, multiline=True)


class LevelIn(StrictSerializer):
    """The new level of a module, and why; `drain_until` belongs to read_only only."""

    level = serializers.ChoiceField(choices=Level.choices)
    reason = CleanCharField(max_length=300, multiline=True)
    drain_until = InstantField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Raises ValidationError for a draining time that cannot be."""
        until = attrs.get("drain_until")
        if until is not None and attrs["level"] != Level.READ_ONLY:
            raise serializers.ValidationError(
                {"drain_until": [_("Only a module that is read-only drains.")]}
            )
        if until is not None and until <= clock.now():
            raise serializers.ValidationError(
                {"drain_until": [_("This time must be in the future.")]}
            )
        return attrs


class PlaceOut(serializers.Serializer[Any]):
    """A unit as others refer to it."""

    public_id = serializers.UUIDField()
    name = serializers.CharField()


class HoursOut(serializers.DictField):
    """Weekday ("1" is Monday) to intervals of two times."""

    child = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)
    )


class HolidayOut(serializers.Serializer[Any]):
    """A day without business hours."""

    day_on = serializers.DateField()
    name = serializers.CharField()


class BlackoutOut(serializers.Serializer[Any]):
    """Days without changes to the system, the last one included."""

    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    reason = serializers.CharField()


class SiteOut(serializers.Serializer[Any]):
    """A site."""

    public_id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    week_start = serializers.IntegerField(help_text=_("1 is Monday."))
    business_hours = HoursOut(help_text=_("Empty: round the clock."))
    holidays = HolidayOut(many=True)
    blackouts = BlackoutOut(many=True)
    is_active = serializers.BooleanField()
    version = serializers.IntegerField()


class UnitOut(serializers.Serializer[Any]):
    """A unit."""

    public_id = serializers.UUIDField()
    site = serializers.UUIDField()
    parent = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=UnitKind.choices)
    beds = serializers.IntegerField()
    business_hours = HoursOut(help_text=_("Empty: those of the site."))
    is_active = serializers.BooleanField()
    version = serializers.IntegerField()


class PersonOut(serializers.Serializer[Any]):
    """A person."""

    public_id = serializers.UUIDField()
    username = serializers.CharField()
    name = serializers.CharField()
    family_name = serializers.CharField()
    given_name = serializers.CharField()
    title = serializers.CharField()
    email = serializers.CharField()
    staff_number = serializers.CharField()
    language = serializers.CharField()
    state = serializers.ChoiceField(choices=AccountState.choices)
    version = serializers.IntegerField()


class WorkOut(serializers.Serializer[Any]):
    """An assignment in force."""

    public_id = serializers.UUIDField()
    role = serializers.CharField()
    unit = PlaceOut()


class PersonRowOut(PersonOut):
    """A person with the assignments in force that the caller may know of."""

    assignments = WorkOut(many=True)


class RoleOut(serializers.Serializer[Any]):
    """A role with what it permits."""

    code = serializers.CharField()
    name = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())


class WhoOut(serializers.Serializer[Any]):
    """A person as others refer to them."""

    public_id = serializers.UUIDField()
    name = serializers.CharField()


class AssignmentOut(serializers.Serializer[Any]):
    """Who works where as what, from when until when."""

    public_id = serializers.UUIDField()
    person = WhoOut()
    role = serializers.CharField()
    unit = PlaceOut()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)
    shift_group = serializers.ChoiceField(choices=ShiftGroup.choices)
    reason = serializers.CharField()
    version = serializers.IntegerField()


class ModuleLevelOut(serializers.Serializer[Any]):
    """The level of one module; version 0 when nobody ever set one."""

    module = serializers.ChoiceField(choices=Module.choices)
    level = serializers.ChoiceField(choices=Level.choices)
    since = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    drain_until = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class LevelOut(ModuleLevelOut):
    """The level of one module in one unit."""

    unit = PlaceOut()


class UnitLevelsOut(serializers.Serializer[Any]):
    """One unit with the level of every module."""

    unit = PlaceOut()
    site = serializers.UUIDField()
    levels = ModuleLevelOut(many=True)


class LevelChangeOut(serializers.Serializer[Any]):
    """One change of one level."""

    unit = PlaceOut()
    module = serializers.ChoiceField(choices=Module.choices)
    from_level = serializers.ChoiceField(choices=Level.choices)
    to_level = serializers.ChoiceField(choices=Level.choices)
    reason = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    by = serializers.CharField(help_text=_("Empty when the system did it."))


class MyRoleOut(serializers.Serializer[Any]):
    """A role of the caller, where it is held and what it permits."""

    role = serializers.CharField()
    unit = PlaceOut()
    permissions = serializers.ListField(child=serializers.CharField())


class MeOut(serializers.Serializer[Any]):
    """Whom the system takes the caller for."""

    public_id = serializers.UUIDField()
    username = serializers.CharField()
    name = serializers.CharField()
    language = serializers.CharField()
    roles = MyRoleOut(many=True)


class PageOut(serializers.Serializer[Any]):
    """Cursors to the pages beside this one."""

    next = serializers.CharField(help_text=_("Cursor of the next page, empty on the last."))
    previous = serializers.CharField(help_text=_("Cursor of the page before, empty on the first."))


class SitePageOut(PageOut):
    """One page of sites."""

    items = SiteOut(many=True)


class UnitPageOut(PageOut):
    """One page of units."""

    items = UnitOut(many=True)


class PersonPageOut(PageOut):
    """One page of people."""

    items = PersonRowOut(many=True)


class RolePageOut(PageOut):
    """One page of roles."""

    items = RoleOut(many=True)


class AssignmentPageOut(PageOut):
    """One page of assignments."""

    items = AssignmentOut(many=True)


class UnitLevelsPageOut(PageOut):
    """One page of units with their levels."""

    items = UnitLevelsOut(many=True)


class LevelChangePageOut(PageOut):
    """One page of changes of levels."""

    items = LevelChangeOut(many=True)


class SessionOut(serializers.Serializer[Any]):
    """One browser in which the caller is signed in."""

    public_id = serializers.UUIDField()
    agent = serializers.CharField(help_text="Browser and system, as the browser says.")
    address = serializers.CharField()
    started_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    is_here = serializers.BooleanField(help_text="The session of this request.")
