"""Fields that the forms of this room have in common."""

from typing import Any

from django import forms

NAME_LIMIT, SHORT, REASON_LIMIT, NOTES_LIMIT = 200, 80, 300, 4000


def text_field(
    label: Any, limit: int = SHORT, *, required: bool = False, **rest: Any
) -> forms.CharField:
    """Return one line of text."""
    attributes = {"autocomplete": "off", **rest.pop("attributes", {})}
    return forms.CharField(
        label=label,
        max_length=limit,
        required=required,
        widget=forms.TextInput(attrs=attributes),
        **rest,
    )


def reason_field(label: Any) -> forms.CharField:
    """Return why something is done."""
    return text_field(label, REASON_LIMIT, required=True)


def number_field() -> forms.IntegerField:
    """Return a hidden number, like the version that was seen."""
    return forms.IntegerField(min_value=0, widget=forms.HiddenInput())
