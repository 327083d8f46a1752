"""One plain form per command."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.forms import DateField, Form
from worklist.rules.kinds import KINDS, MANUAL
from worklist.states import Priority

if TYPE_CHECKING:
    from org.models import Unit, User

REASON_LIMIT = 300


def offer(form: forms.Form, name: str, choices: list[tuple[str, Any]]) -> None:
    """The choice field `name` of this one form offers `choices`."""
    cast("forms.ChoiceField", form.fields[name]).choices = choices


def kind_choices() -> list[tuple[str, Any]]:
    """Return the kinds of tasks by their words."""
    rows = [(kind.code, kind.title({})) for kind in KINDS.values()]
    return sorted(rows, key=lambda row: row[1].casefold())


class InboxFilterForm(Form):
    """What of an inbox is shown."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    priority = forms.ChoiceField(
        label=_("Priority"),
        required=False,
        choices=[("", pgettext_lazy("all priorities", "All")), *Priority.choices],
    )
    patient = forms.CharField(
        label=_("Patient"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    hidden = forms.BooleanField(label=_("Also what is on hold"), required=False)

    def __init__(self, *args: Any, units: "Iterable[Unit]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._units = {str(unit.public_id): unit.pk for unit in units}
        offer(self, "kind", [("", pgettext_lazy("all kinds", "All")), *kind_choices()])
        names = [(str(unit.public_id), unit.name) for unit in units]
        offer(self, "unit", [("", pgettext_lazy("all units", "All")), *names])

    def clean_unit(self) -> int | None:
        """Return the number of the chosen unit, None for all."""
        return self._units.get(self.cleaned_data["unit"])


class TaskForm(Form):
    """Something to do, opened by hand."""

    kind = forms.ChoiceField(label=_("Kind"))
    detail = forms.CharField(
        label=_("What is to be done"),
        max_length=REASON_LIMIT,
        help_text=_("Without names: choose the patient below."),
    )
    priority = forms.ChoiceField(
        label=_("Priority"),
        choices=Priority.choices,
        initial=Priority.ROUTINE,
        widget=forms.RadioSelect,
    )
    unit = forms.ChoiceField(label=_("Unit"))
    role = forms.ChoiceField(label=_("For"), required=False)
    patient = forms.CharField(
        label=_("Record number of the patient"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self, *args: Any, units: "Iterable[Unit]", roles: dict[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._units = {str(unit.public_id): unit.pk for unit in units}
        offer(self, "kind", [(kind.code, str(kind.words)) for kind in MANUAL])
        offer(self, "unit", [(str(unit.public_id), unit.name) for unit in units])
        offer(self, "role", [("", _("Anybody of the unit")), *roles.items()])

    def clean_unit(self) -> int:
        """Return the number of the chosen unit."""
        return self._units[self.cleaned_data["unit"]]


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=REASON_LIMIT)


class NoteForm(Form):
    """A note on a task."""

    text = forms.CharField(
        label=_("Note"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class HandOverForm(Form):
    """To whom a task goes, and why."""

    to = forms.ChoiceField(label=_("To"))
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LIMIT)

    def __init__(self, *args: Any, people: "Iterable[User]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(user.public_id): user.pk for user in people}
        names = [(str(user.public_id), user.full_name) for user in people]
        offer(self, "to", [("", _("Choose a person")), *names])

    def clean_to(self) -> int:
        """Return the number of the chosen person."""
        return self._people[self.cleaned_data["to"]]


class MoveForm(Form):
    """For which unit and role a task is, and why."""

    unit = forms.ChoiceField(label=_("Unit"))
    role = forms.ChoiceField(label=_("For"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LIMIT)

    def __init__(
        self, *args: Any, units: "Iterable[Unit]", roles: dict[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._units = {str(unit.public_id): unit.pk for unit in units}
        offer(self, "unit", [(str(unit.public_id), unit.name) for unit in units])
        offer(self, "role", [("", _("Anybody of the unit")), *roles.items()])

    def clean_unit(self) -> int:
        """Return the number of the chosen unit."""
        return self._units[self.cleaned_data["unit"]]


class HoldForm(Form):
    """Until when a task is out of the way, and why."""

    for_minutes = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        choices=[
            (30, _("30 minutes")),
            (60, _("1 hour")),
            (120, _("2 hours")),
            (480, _("8 hours")),
            (1440, _("1 day")),
            (4320, _("3 days")),
            (10080, _("1 week")),
            (43200, _("30 days")),
        ],
        initial=60,
    )
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LIMIT)


class AwayForm(Form):
    """Who stands in from when until when."""

    to = forms.ChoiceField(label=_("Stand-in"))
    starts_on = DateField(label=_("First day away"))
    ends_on = DateField(label=_("Last day away"))
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LIMIT, required=False)

    def __init__(self, *args: Any, people: "Iterable[User]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(user.public_id): user.pk for user in people}
        names = [(str(user.public_id), user.full_name) for user in people]
        offer(self, "to", [("", _("Choose a person")), *names])

    def clean_to(self) -> int:
        """Return the number of the chosen person."""
        return self._people[self.cleaned_data["to"]]


class DueForm(Form):
    """How soon tasks of a kind are due in a unit."""

    unit = forms.ChoiceField(label=_("Unit"))
    kind = forms.ChoiceField(label=_("Kind"))
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices)
    minutes = forms.IntegerField(
        label=_("Due after (minutes)"),
        min_value=1,
        max_value=525_600,
        required=False,
        help_text=_("Empty: as in all other units."),
    )

    def __init__(self, *args: Any, units: "Iterable[Unit]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._units = {str(unit.public_id): unit.pk for unit in units}
        offer(self, "unit", [(str(unit.public_id), unit.name) for unit in units])
        offer(self, "kind", kind_choices())

    def clean_unit(self) -> int:
        """Return the number of the chosen unit."""
        return self._units[self.cleaned_data["unit"]]
