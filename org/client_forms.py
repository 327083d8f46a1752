"""Forms of API clients and of invitations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import Form
from org.forms import reason_field, version_field
from org.rules import SCOPES
from org.states import ClientKind

MOST_ADDRESS_TEXT = 4_100
_KIND_HELP = _(
    "An app on a phone cannot keep a secret; a web application keeps one on its server. Both act "
    "for a person who allows it. A system acts for itself, with a login of its own."
)


def _scopes_offered() -> list[tuple[str, Any]]:
    """Each scope in plain words, with its code for whoever writes the program."""
    return [(name, f"{scope.words} ({name})") for name, scope in SCOPES.items()]


class ClientFilterForm(Form):
    """Which clients the list shows."""

    q = forms.CharField(
        label=_("Name or purpose"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    state = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("Open and closed")), ("open", _("Open")), ("closed", _("Closed"))],
        required=False,
    )


class ClientEditForm(Form):
    """An API client as it shall be from now on."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("People see it when they are asked to allow.")
    )
    purpose = forms.CharField(
        label=_("What it is for"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("People see it when they are asked to allow."),
    )
    contact = forms.CharField(
        label=_("Who answers for it"),
        max_length=200,
        help_text=_("Name and telephone or e-mail of whoever runs it."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may ask for"),
        choices=_scopes_offered,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than its person, or its own login, may do."),
    )
    addresses = forms.CharField(
        label=_("Addresses it is sent back to"),
        max_length=MOST_ADDRESS_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_(
            "One a line, exactly as the program sends it: https://… For an app also "
            "http://127.0.0.1/… or a scheme of its maker like org.example.app:/back. A system has "
            "none."
        ),
    )
    version = version_field()

    def clean_addresses(self) -> list[str]:
        """Return the addresses, one of each."""
        return list(dict.fromkeys(self.cleaned_data["addresses"].split()))


class ClientForm(ClientEditForm):
    """A new API client."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=ClientKind.choices,
        widget=forms.RadioSelect,
        help_text=_KIND_HELP,
    )
    version = None  # type: ignore[assignment]
    field_order = ("name", "kind", "purpose", "contact", "scopes", "addresses")


class EndingForm(Form):
    """What of a person's sessions ends, and why."""

    what = forms.ChoiceField(
        label=_("What ends"),
        choices=[("all", _("Browsers and apps")), ("apps", _("Only the apps"))],
        initial="all",
        widget=forms.RadioSelect,
    )
    reason = reason_field()
