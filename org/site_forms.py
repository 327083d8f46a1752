"""Forms of sites and business hours: intervals, holidays and blackouts as people type them."""

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import clock
from core.forms import EARLIEST_YEAR, LATEST_YEAR, Form, parse_date
from core.templatetags.formats import date_text
from org import rules
from org.services.sites import BlackoutFromTo, HolidayOn

if TYPE_CHECKING:
    from org.models import Site

LONGEST_LIST = 20_000
LONGEST_NAME, LONGEST_REASON = 80, 200
_DASH = "[-\u2010-\u2015\u2212]"
_TIME = r"(\d{1,2})(?:[:.hH]?(\d\d))?\s*[hH]?"
_INTERVAL = re.compile(rf"\s*{_TIME}\s*{_DASH}\s*{_TIME}\s*")
_CODE = r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$"


def hours_text(intervals: Sequence[Sequence[str]]) -> str:
    """Write the intervals of a day: `08:00–12:00, 13:00–17:00`."""
    return ", ".join(f"{opens}\u2013{closes}" for opens, closes in intervals)


def weekday_word(weekday: str) -> Any:
    """Return the name of a weekday ("1" is Monday) as it stands before a value."""
    return capfirst(WEEKDAYS[int(weekday) - 1])


def parse_hours(text: str) -> list[list[str]] | None:
    """Read the intervals of a day: `8-12, 13:30-17`; None when it cannot be read."""
    intervals = []
    for part in re.split("[,;]", text) if text.strip() else ():
        match = _INTERVAL.fullmatch(part)
        if match is None:
            return None
        hour, minute, to_hour, to_minute = (int(number or 0) for number in match.groups())
        intervals.append([f"{hour:02}:{minute:02}", f"{to_hour:02}:{to_minute:02}"])
    return intervals


class HoursField(forms.CharField):
    """The business hours of one weekday; empty means closed."""

    def __init__(self, weekday: str, **kwargs: Any) -> None:
        super().__init__(label=weekday_word(weekday), max_length=120, required=False, **kwargs)
        self.weekday = weekday

    def prepare_value(self, value: Any) -> Any:
        return hours_text(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        intervals = parse_hours(super().clean(value))
        if intervals is None or rules.hours_fault({self.weekday: intervals}):
            raise ValidationError(
                gettext("Write times like 08:00-12:00, 13:00-17:00, in order and apart."),
                code="hours",
            )
        return intervals


class _DaysField(forms.CharField):
    """Lines that begin with one day or two, then say something about them."""

    widget = forms.Textarea
    days: int
    longest: int
    refusal: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_LIST, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else "\n".join(map(_line, value))

    def clean(self, value: Any) -> Any:
        lines = enumerate(super().clean(value).splitlines(), start=1)
        return [self._row(number, line) for number, line in lines if line.strip()]

    def _row(self, number: int, line: str) -> Any:
        words = [word for word in line.split() if re.fullmatch(_DASH, word) is None]
        found = [parse_date(word, clock.today()) for word in words[: self.days]]
        text = " ".join(words[self.days :])
        is_day = all(day and EARLIEST_YEAR <= day.year <= LATEST_YEAR for day in found)
        if not is_day or not 0 < len(text) <= self.longest:
            raise ValidationError(self.refusal, code="line", params={"line": number})
        return self.row(found, text)

    def row(self, days: list[Any], text: str) -> Any:
        raise NotImplementedError


class HolidaysField(_DaysField):
    """Holidays, one a line: `25-Dec-2026 Christmas Day`."""

    days, longest = 1, LONGEST_NAME
    refusal = _("Line %(line)d: write a day from 1900 to 2199 and a name.")

    def row(self, days: list[date], text: str) -> HolidayOn:
        return HolidayOn(days[0], text)


class BlackoutsField(_DaysField):
    """Blackout dates, one a line: `20-Dec-2026 03-Jan-2027 Year-end close`."""

    days, longest = 2, LONGEST_REASON
    refusal = _("Line %(line)d: write the first day, the last day and a reason, 1900 to 2199.")

    def row(self, days: list[date], text: str) -> BlackoutFromTo:
        return BlackoutFromTo(days[0], days[1], text)


def _line(item: Sequence[Any]) -> str:
    return " ".join(date_text(part) if isinstance(part, date) else str(part) for part in item)


def _zones(current: str) -> list[tuple[str, Any]]:
    """The places of the tz database by region; not its old names, but the one that is stored."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region not in {"Etc", "US", "Brazil", "Canada", "Chile", "Mexico", "posix"}:
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    first = [name for name in dict.fromkeys(["UTC", current]) if name and name not in regions]
    return [("", _("Choose")), *((name, name) for name in first), *regions.items()]


class _WeekForm(Form):
    """A form with the business hours of each weekday."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday in rules.WEEKDAYS:
            self.fields[f"hours_{weekday}"] = HoursField(weekday)

    @property
    def fields_before(self) -> list[forms.BoundField]:
        """Return the fields that stand above the hours."""
        return self._others(before=True)

    @property
    def fields_of_week(self) -> list[forms.BoundField]:
        """Return the hours of the seven days."""
        return [self[f"hours_{weekday}"] for weekday in rules.WEEKDAYS]

    @property
    def fields_after(self) -> list[forms.BoundField]:
        """Return the fields that stand below the hours."""
        return self._others(before=False)

    def _others(self, *, before: bool) -> list[forms.BoundField]:
        names = [bound.name for bound in self.visible_fields()]
        first = names.index(f"hours_{rules.WEEKDAYS[0]}")
        return [
            bound
            for bound in self.visible_fields()
            if not bound.name.startswith("hours_") and (names.index(bound.name) < first) == before
        ]

    def week(self) -> dict[str, list[list[str]]]:
        """Return the hours of the week; `{}` when no day has any."""
        found = {day: self.cleaned_data.get(f"hours_{day}", []) for day in rules.WEEKDAYS}
        return found if any(found.values()) else {}


def week_initial(hours: Mapping[str, Any]) -> dict[str, Any]:
    """Return the initial values of the hours of a form."""
    return {f"hours_{day}": hours.get(day, []) for day in rules.WEEKDAYS}


class SiteForm(_WeekForm):
    """A site: its name, clock, week, business hours, holidays and blackout dates."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.RegexField(
        _CODE,
        label=_("Code"),
        max_length=20,
        help_text=_("Short: letters, digits and hyphens."),
        error_messages={"invalid": _("A code has at most 20 letters, digits and hyphens.")},
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    week_start = forms.TypedChoiceField(
        label=_("The week starts on"),
        choices=[(int(day), weekday_word(day)) for day in rules.WEEKDAYS],
        coerce=int,
        initial=1,
    )
    holidays = HolidaysField(
        label=_("Holidays"),
        help_text=_("One a line: the day, then its name, like 25-Dec-2026 Christmas Day."),
    )
    blackouts = BlackoutsField(
        label=_("Blackout dates"),
        help_text=_(
            "Days without changes to the system, one period a line: first day, last day, reason."
        ),
    )

    def __init__(self, *args: Any, site: "Site | None" = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = _zones(site.time_zone if site else "")  # type: ignore[attr-defined]
        hours = [f"hours_{day}" for day in rules.WEEKDAYS]
        self.order_fields(["name", "code", "time_zone", "week_start", *hours])

    def values(self) -> dict[str, Any]:
        """Return the site as it shall be."""
        names = ("name", "code", "time_zone", "week_start", "holidays", "blackouts")
        values = {name: self.cleaned_data[name] for name in names}
        return values | {"business_hours": self.week()}


class SiteEditForm(SiteForm):
    """A site as it shall be from now on."""

    version = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput())


def site_initial(site: "Site") -> dict[str, Any]:
    """Return the initial values of the form of a site."""
    one_day = timedelta(days=1)
    return {
        **{name: getattr(site, name) for name in ("name", "code", "time_zone", "week_start")},
        **week_initial(site.business_hours),
        "holidays": [(item.day_on, item.name) for item in site.holidays.all()],
        "blackouts": [
            (item.period.lower, item.period.upper - one_day, item.reason)
            for item in site.blackouts.all()
        ],
        "version": site.version,
    }


class UnitHoursForm(_WeekForm):
    """The business hours of a unit: its own, or those of its site."""

    whose = forms.ChoiceField(
        label=_("Hours"),
        choices=[("site", _("As the site")), ("own", _("Its own"))],
        widget=forms.RadioSelect,
    )
    version = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["whose"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("whose") == "own" and not self.errors and not self.week():
            self.add_error("whose", _("Write the hours of at least one day."))
        return cleaned

    def hours(self) -> dict[str, list[list[str]]]:
        """Return the unit's own hours; `{}` when it keeps those of its site."""
        return self.week() if self.cleaned_data["whose"] == "own" else {}
