"""What is asked of the trail, and what is written into it by hand."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.selectors import history, names
from audit.services import Action, Outcome
from core import clock
from core.forms import EARLIEST_YEAR, LATEST_YEAR, Form, parse_date
from core.templatetags.formats import when_text

DAY = timedelta(days=1)
PERIODS: dict[str, tuple[str | Promise, timedelta | None]] = {
    "24h": (_("Last 24 hours"), DAY),
    "7d": (_("Last 7 days"), 7 * DAY),
    "30d": (_("Last 30 days"), 30 * DAY),
    "365d": (_("Last 12 months"), 365 * DAY),
    "all": (_("All that is kept"), None),
}
ANY = _("Any")
LAST_DAY, LAST_MONTH, EVERYTHING = "24h", "30d", "all"
# What a column of the trail is called, on the screen and in the list of what can be sorted by.
COLUMNS: dict[str, str | Promise] = {
    "occurred_at": _("When"),
    "recorded_at": _("Recorded at"),
    "actor_name": _("Who"),
    "actor": _("Number of the person"),
    "role": _("Acting role"),
    "act": _("Act"),
    "action": pgettext_lazy("of an act", "Kind of act"),
    "outcome": _("Outcome"),
    "reason": _("Reason"),
    "subject_type": _("Kind of thing"),
    "subject": _("Thing"),
    "patient": _("Patient"),
    "unit_name": _("Unit"),
    "unit": _("Number of the unit"),
    "door": _("Door"),
    "source": pgettext_lazy("where a row came from", "Source"),
    "address": _("Address"),
    "session": _("Session"),
    "request_id": _("Request"),
    "recipient": _("Recipient"),
    "purpose": _("Purpose"),
    "query": _("What was asked"),
    "before": _("Before"),
    "after": _("After"),
    "public_id": _("Id of the row"),
    "id": _("Number of the row"),
}
SOURCES: tuple[tuple[str, str | Promise], ...] = (
    ("screen", _("Screen")),
    ("api", _("API")),
    ("task", _("Background task")),
    ("import", pgettext_lazy("where a row came from", "Import")),
    ("device", _("Device")),
    ("message", _("Message")),
    ("observe", _("Observe page")),
    ("downtime_backfill", _("Entered after a downtime")),
    ("paper_backfill", _("Entered from paper")),
)


class MomentField(forms.Field):
    """A moment as people type it: a day, and a time where it matters; `ends` makes a day whole."""

    widget = forms.TextInput
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter a day like t-3 or 25-Nov-2026, with a time like 14:30 if needed."),
        "zone": _("Write the time as ISO 8601 with its zone, like 2026-11-25T08:30:00+01:00."),
        "range": _("Enter a day from %(first)d to %(last)d."),
    }

    def __init__(self, *, ends: bool = False, is_strict: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ends = ends
        self.is_strict = is_strict

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"autocomplete": "off", "maxlength": "40"}

    def prepare_value(self, value: Any) -> Any:
        return when_text(value) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment. Raises ValidationError."""
        if value in self.empty_values:
            return None
        text = str(value).strip()[:40]
        found = _iso(text)
        if self.is_strict and found is None:
            raise ValidationError(self.error_messages["zone"], code="zone")
        found = found or self._typed(text)
        if found is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
            years = {"first": EARLIEST_YEAR, "last": LATEST_YEAR}
            raise ValidationError(self.error_messages["range"], code="range", params=years)
        return found

    def _typed(self, text: str) -> datetime | None:
        parts = text.replace("\u00a0", " ").rsplit(maxsplit=1)
        at = _clock_time(parts[-1])
        if at is not None:
            day: date | None = clock.today()
            if len(parts) > 1:
                day = parse_date(parts[0], clock.today())
            return _local(day, at) if day else None
        day = parse_date(text, clock.today())
        return _local(day + DAY if self.ends else day, time.min) if day else None


def _clock_time(text: str) -> time | None:
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(text) <= 5):
        return None
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        return None


def _local(day: date, at: time) -> datetime | None:
    try:
        return timezone.make_aware(datetime.combine(day, at))
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    """A moment with its zone; a plus of an address arrives as a blank."""
    try:
        found = parse_datetime(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _text(label: Any, length: int = 80, **rest: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, **rest)


def _choice(label: Any, choices: Any, *, anything: str | Promise = ANY) -> forms.ChoiceField:
    def listed() -> list[tuple[str, str | Promise]]:
        found = choices() if callable(choices) else choices
        return [("", anything), *found]

    return forms.ChoiceField(label=label, choices=listed, required=False)


def kind_choices(labels: Iterable[str] = ()) -> list[tuple[str, str | Promise]]:
    """Return the kinds of things, by their names."""
    return sorted(((label, names.kind_word(label)) for label in labels or names.kinds()), key=_word)


def _word(choice: tuple[str, str | Promise]) -> str:
    return str(choice[1]).casefold()


class PeriodForm(Form):
    """A period in words, or from one moment to another."""

    default_period = LAST_DAY

    period = forms.ChoiceField(
        label=_("Period"), choices=[(key, word) for key, (word, _span) in PERIODS.items()]
    )
    since = MomentField(label=_("From"), required=False)
    until = MomentField(label=_("Until"), required=False, ends=True)

    def __init__(self, data: Any = None, *, is_strict: bool = False, **kwargs: Any) -> None:
        asked = data.copy() if data is not None else {}
        if not asked.get("period"):
            asked["period"] = self.default_period
        super().__init__(asked, **kwargs)
        for name in ("since", "until"):
            self.fields[name].is_strict = is_strict  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Moments that were given stand before the period in words."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and until <= since:
            self.add_error("until", _("The end must be after the beginning."))
        span = PERIODS.get(found.get("period") or "", ("", None))[1]
        if since is None and until is None and span is not None:
            found["since"] = clock.now() - span
        return found

    def typed(self) -> dict[str, str]:
        """Return the filters of the address that say something, by field."""
        said = {name: str(self.data.get(name, "") or "").strip() for name in self.fields}
        return {name: value for name, value in said.items() if value and name != "period"}


class HistoryForm(PeriodForm):
    """Which changes of the configuration are wanted."""

    default_period = LAST_MONTH

    kind = _choice(_("Kind of thing"), lambda: kind_choices(history.kept()))
    thing = _text(_("Thing (name or id)"))
    person = _text(_("Changed by"))
    change = _choice(
        _("Change"),
        [("insert", _("Created")), ("update", _("Changed")), ("delete", _("Deleted"))],
    )
    request = _text(_("Request"), 64, widget=forms.HiddenInput)
    actor = forms.UUIDField(widget=forms.HiddenInput, required=False)


class SearchForm(PeriodForm):
    """Every recorded field can be looked for, and every column sorted by."""

    FIRST = ("period", "person", "thing", "act")

    person = _text(_("Person"), help_text="")
    thing = _text(_("Thing"))
    act = _text(_("Act"))
    kind = _choice(_("Kind of thing"), kind_choices)
    action = _choice(pgettext_lazy("of an act", "Kind of act"), Action.choices)
    outcome = _choice(_("Outcome"), Outcome.choices)
    role = _text(_("Acting role"))
    unit = _text(_("Unit"))
    words = _text(_("Words anywhere in it"), 120)
    reason = _text(_("Reason"), 120)
    patient = forms.UUIDField(label=_("Patient (id)"), required=False)
    recipient = _text(_("Recipient"), 120)
    purpose = _text(_("Purpose"), 120)
    door = _text(_("Door"))
    source = _choice(pgettext_lazy("where a row came from", "Source"), SOURCES)
    address = _text(_("Address begins with"), 45)
    session = _text(_("Session"), 16)
    request = _text(_("Request"), 64)
    sort = forms.ChoiceField(
        label=_("Sorted by"), choices=list(COLUMNS.items()), required=False, initial="occurred_at"
    )
    order = forms.ChoiceField(
        label=_("Order"),
        choices=[("down", _("Latest or highest first")), ("up", _("Earliest or lowest first"))],
        required=False,
        initial="down",
    )
    actor = forms.UUIDField(widget=forms.HiddenInput, required=False)

    @property
    def sort_by(self) -> str:
        """Return the column that was asked for."""
        return str(self.cleaned_data.get("sort") or "occurred_at")

    @property
    def is_down(self) -> bool:
        """Say whether the highest comes first."""
        return self.cleaned_data.get("order") != "up"

    def first_fields(self) -> list[forms.BoundField]:
        """Return the filters that always stand open."""
        return [self[name] for name in self.FIRST]

    def more_fields(self) -> list[forms.BoundField]:
        """Return all others."""
        return [field for field in self.visible_fields() if field.name not in self.FIRST]

    @property
    def is_more_open(self) -> bool:
        """Say whether one of the others is set or wrong."""
        said = {name for name in self.typed() if self.data.get(name) not in {"occurred_at", "down"}}
        return bool((said | set(self.errors)) - {*self.FIRST, "actor"})


class DisclosureFilterForm(PeriodForm):
    """Which disclosures are wanted: about whom, to whom, when."""

    default_period = "365d"

    patient = forms.UUIDField(label=_("Patient (id)"), required=False)
    kind = _choice(_("Kind of thing"), lambda: kind_choices(names.named_kinds()))
    thing = _text(_("Thing (name or id)"))
    recipient = _text(_("Recipient"), 120)
    purpose = _text(_("Purpose"), 120)


class DisclosureForm(Form):
    """Who was given what about whom, and what for."""

    patient = forms.UUIDField(
        label=_("Patient (id)"), required=False, help_text=_("Or say below whose data it was.")
    )
    kind = _choice(
        _("Kind of thing"), lambda: kind_choices(names.named_kinds()), anything=_("None")
    )
    thing = _text(_("Thing (name or id)"))
    what = forms.CharField(
        label=_("What was given"),
        max_length=2_000,
        widget=forms.Textarea,
        help_text=_("A short description: which papers, which period, which results."),
    )
    recipient = forms.CharField(
        label=_("Recipient"), max_length=200, help_text=_("Name and address, if known.")
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=200)
    given_at = MomentField(
        label=_("When it was given"),
        required=False,
        help_text=_("Empty means now. A day, with a time if it is known: t-1 14:30."),
    )

    def clean(self) -> dict[str, Any]:
        """The thing is one that exists, and only one is called so."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        is_named = found.get("patient") or found.get("thing")
        if not is_named and not {"patient", "thing"} & set(self.errors):
            self.add_error("thing", _("Say whose data it was: a patient, or a kind and a name."))
        if found.get("thing") and "kind" not in self.errors:
            self._identify(found)
        return found

    def _identify(self, found: dict[str, Any]) -> None:
        if not found.get("kind"):
            self.add_error("kind", _("Choose what kind of thing that is."))
            return
        things = names.keys_of(found["thing"], kind=found["kind"])
        if len(things) != 1:
            self.add_error(
                "thing",
                _("Several are called so: use the id.")
                if things
                else _("Nothing of this kind is called so."),
            )
            return
        found["named"] = things[0]


class AcknowledgeForm(Form):
    """What somebody found out about a broken trail."""

    reason = forms.CharField(
        label=_("What was found out, and what is done about it"),
        max_length=500,
        widget=forms.Textarea,
    )
    run = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
