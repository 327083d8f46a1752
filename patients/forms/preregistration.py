"""Forms of pre-registration: those of the desk, and the one that patients fill in."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.forms import Form
from patients.forms.identity import BirthField, EditForm, RegisterForm, WhoForm
from patients.forms.parts import SHORT, reason_field, text_field
from patients.rules.identity import BirthOn

# So that phones offer what they know of their owner (WCAG 2.2, 1.3.5; HTML, autofill tokens).
_AUTOFILL = {
    "family": "family-name",
    "given": "given-name",
    "birth": "bday",
    "mobile": "tel",
    "street": "address-line1",
    "postcode": "postal-code",
    "locality": "address-level2",
    "region": "address-level1",
    "country": "country",
}


class InviteForm(Form):
    """Who is asked to say who they are."""

    note = text_field(
        _("For whom, for the desk"),
        SHORT,
        help_text=_("Only the desk reads this: a name, or when they come."),
        attributes={"data-hms-autofocus": True},
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("The link goes there. Leave it empty to show the link and its code here."),
    )
    language = forms.ChoiceField(
        label=_("Language of the mail"),
        required=False,
        choices=[("", _("As the hospital")), *settings.LANGUAGES],
    )


class PreRegistrationsFilterForm(Form):
    """Which pre-registrations the list shows."""

    which = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("To be checked")),
            ("invited", _("Waiting for the patient")),
            ("over", _("Over")),
            ("all", _("All")),
        ],
    )


class RejectForm(Form):
    """Why nothing of it comes into a record."""

    reason = reason_field(_("Why"))


class WelcomeForm(WhoForm):
    """What people say about themselves before they come."""

    birth = BirthField(label=_("Day of birth"), help_text=_("Like 7 3 1981."))
    birth_family = RegisterForm.base_fields["birth_family"]
    national = RegisterForm.base_fields["national"]
    national_issuer = RegisterForm.base_fields["national_issuer"]
    kin_name = RegisterForm.base_fields["kin_name"]
    kin_relationship = RegisterForm.base_fields["kin_relationship"]
    kin_phone = RegisterForm.base_fields["kin_phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("title")
        for name, token in _AUTOFILL.items():
            self.fields[name].widget.attrs["autocomplete"] = token
        self.fields["kin_name"].label = _("Whom we may call")
        self.fields["kin_relationship"].label = _("Who they are to you")

    def clean_birth(self) -> BirthOn:
        """Return the day of birth, which everybody is asked. Raises ValidationError."""
        born: BirthOn = self.cleaned_data["birth"]
        if born.day is None:
            raise ValidationError(_("Enter your day of birth, or the year if you know no more."))
        return born


class MatchForm(EditForm):
    """What changes in a record by what its person said before coming."""

    national = RegisterForm.base_fields["national"]
    national_issuer = RegisterForm.base_fields["national_issuer"]
    kin_name = RegisterForm.base_fields["kin_name"]
    kin_relationship = RegisterForm.base_fields["kin_relationship"]
    kin_phone = RegisterForm.base_fields["kin_phone"]
