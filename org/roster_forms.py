"""Forms of the roster: who stands in which shift, shifts of a site, absences."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.forms import DateField, Form
from org.forms import reason_field, version_field
from org.states import AbsenceKind, ShiftGroup

if TYPE_CHECKING:
    from org.models import Role, Shift, Unit, User

Candidates = Sequence[tuple["User", "Role"]]


class ClockField(forms.TimeField):
    """A time of the clock, 24 hours."""

    def __init__(self, **kwargs: Any) -> None:
        # Hours alone first: "22" read as hours and minutes would be two past two.
        formats = ["%H:%M", "%H.%M", "%Hh%M", "%H", "%H%M"]
        widget = forms.TimeInput(format="%H:%M", attrs={"inputmode": "numeric", "size": 6})
        message = _("Write a time like 22:00.")
        super().__init__(
            input_formats=formats, widget=widget, error_messages={"invalid": message}, **kwargs
        )


class RosterFilterForm(Form):
    """Which unit and week the grid shows."""

    unit = forms.ChoiceField(label=_("Unit"), required=False)
    day = DateField(label=_("Week with the day"), required=False)

    def __init__(self, *args: Any, units: "Sequence[Unit]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {str(unit.public_id): unit for unit in units}
        offered = [(key, unit.name) for key, unit in self.units.items()]
        self.fields["unit"].choices = [("", gettext("My unit")), *offered]  # type: ignore[attr-defined]

    def clean_unit(self) -> "Unit | None":
        return self.units.get(self.cleaned_data["unit"])


class RosterForm(Form):
    """One person in one shift of a day."""

    who = forms.ChoiceField(label=_("Who, as what"))
    day_on = DateField(label=_("Day"), help_text=_("A night belongs to the day it begins on."))
    shift = forms.ChoiceField(label=_("Shift"))
    on_call = forms.BooleanField(label=_("On call, not in the house"), required=False)
    is_double = forms.BooleanField(
        label=_("Also stands elsewhere at that time, and that is meant"), required=False
    )

    def __init__(
        self, *args: Any, shifts: "Sequence[Shift]", people: Candidates, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.shifts = {str(shift.public_id): shift for shift in shifts}
        self.people = {f"{user.public_id}:{role.code}": (user, role) for user, role in people}
        self._offer(
            "shift", [(key, f"{row.name} ({row.hours})") for key, row in self.shifts.items()]
        )
        words = [
            (key, f"{user.full_name}, {gettext(role.name)}")
            for key, (user, role) in self.people.items()
        ]
        self._offer("who", words)

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = [("", gettext("Choose")), *choices]  # type: ignore[attr-defined]

    def clean_shift(self) -> "Shift":
        return self.shifts[self.cleaned_data["shift"]]

    def clean_who(self) -> "tuple[User, Role]":
        return self.people[self.cleaned_data["who"]]


class RosterMoveForm(RosterForm):
    """An entry as it shall be from now on."""

    version = version_field()


class RosterRemoveForm(Form):
    """Why somebody is taken off the roster."""

    reason = reason_field()
    version = version_field()


class RosterCopyForm(Form):
    """Which week becomes like which."""

    from_day = DateField(label=_("Copy the week with the day"))
    to_day = DateField(label=_("To the week with the day"))


class ShiftForm(Form):
    """A shift of a site."""

    name = forms.CharField(label=_("Name"), max_length=60)
    code = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$",
        label=_("Code"),
        max_length=20,
        help_text=_("Short, and used once in the site."),
        error_messages={"invalid": _("Letters, digits and hyphens only.")},
    )
    from_time = ClockField(label=_("From"))
    to_time = ClockField(
        label=_("Until"), help_text=_("Earlier than the start means the next day.")
    )
    group = forms.ChoiceField(label=_("Shift group"), choices=ShiftGroup.choices)


class ShiftEditForm(ShiftForm):
    """A shift as it shall be from now on."""

    is_active = forms.BooleanField(label=_("May be planned"), required=False)
    version = version_field()


class AbsenceForm(Form):
    """From when until when somebody is away."""

    starts_on = DateField(label=_("First day"))
    ends_on = DateField(
        label=_("Last day"), required=False, help_text=_("Empty when it is not known yet.")
    )
    kind = forms.ChoiceField(label=_("Why"), choices=AbsenceKind.choices)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = values.get("starts_on"), values.get("ends_on")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("ends_on", _("The last day is before the first."))
        return values


class AbsenceEndForm(Form):
    """The last day of an absence."""

    ends_on = DateField(
        label=_("Last day away"),
        required=False,
        help_text=_("Leave empty to end it this minute, or to take back one that has not begun."),
    )
    version = version_field()
