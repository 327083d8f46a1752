"""One plain form per command."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import Form


class SignInForm(Form):
    """User name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PreferencesForm(Form):
    """What a person sets for themselves."""

    theme = forms.ChoiceField(
        label=_("Colours"),
        choices=[
            ("light", _("Light")),
            ("dark", _("Night")),
            ("contrast", _("High contrast")),
            ("auto", _("As the device")),
        ],
    )
    density = forms.ChoiceField(
        label=_("Row height"),
        choices=[
            ("compact", _("Compact")),
            ("standard", _("Standard")),
            ("comfortable", _("Comfortable")),
        ],
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("As the browser")), ("en", "English"), ("fr", "Français")],
        required=False,
    )
    single_keys = forms.BooleanField(
        label=_("Single-letter keys"),
        required=False,
        help_text=_("Letters act as commands while a list has focus."),
    )
