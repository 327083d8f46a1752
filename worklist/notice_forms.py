"""Forms of notices: how one wants to be told, one's phone, which deliveries are shown."""

from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import Form
from worklist.states import Channel, DeliveryState

OUT = [choice for choice in Channel.choices if choice[0] != Channel.APP]
CLOCK: dict[str, Any] = {
    "input_formats": ["%H:%M", "%H.%M", "%Hh%M", "%H", "%H%M"],
    "required": False,
    "widget": forms.TimeInput(format="%H:%M", attrs={"inputmode": "numeric", "size": 6}),
    "error_messages": {"invalid": _("Write a time like 22:00.")},
}


def _ways(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=OUT, required=False, widget=forms.CheckboxSelectMultiple
    )


class NoticeChoiceForm(Form):
    """By which ways a person is told of what, and the hours of quiet."""

    asap = _ways(_("As soon as possible"))
    urgent = _ways(_("Urgent"))
    routine = _ways(_("Routine"))
    quiet_from = forms.TimeField(
        label=_("Quiet from"), help_text=_("Only what is immediate comes in these hours."), **CLOCK
    )
    quiet_to = forms.TimeField(label=_("Quiet until"), **CLOCK)
    version = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput())

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        begins, ends = values.get("quiet_from"), values.get("quiet_to")
        if not self.errors and (begins is None) != (ends is None):
            self.add_error(
                "quiet_to" if ends is None else "quiet_from", _("Enter both times, or none.")
            )
        if not self.errors and begins is not None and begins == ends:
            self.add_error("quiet_to", _("The end must differ from the start."))
        return values

    def quiet(self) -> tuple[time, time] | None:
        """Return the hours of quiet."""
        begins, ends = self.cleaned_data["quiet_from"], self.cleaned_data["quiet_to"]
        return (begins, ends) if begins is not None else None


class PhoneForm(Form):
    """A mobile phone with its country code."""

    number = forms.CharField(
        label=_("Number"),
        max_length=40,
        help_text=_("With country code: +33 6 12 34 56 78"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class PhoneCodeForm(Form):
    """The code that was sent to the phone."""

    code = forms.CharField(
        label=_("Code"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class DeliveryFilterForm(Form):
    """Which deliveries the log shows."""

    state = forms.ChoiceField(
        label=_("State"), choices=[("", _("All")), *DeliveryState.choices], required=False
    )
    channel = forms.ChoiceField(label=_("Way"), choices=[("", _("All")), *OUT], required=False)
