"""One plain form per command."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import clock
from core.forms import DateField, Form
from core.templatetags.formats import date_text
from patients.forms.parts import NAME_LIMIT, NOTES_LIMIT, REASON_LIMIT, SHORT
from patients.forms.parts import number_field as _number_field
from patients.forms.parts import reason_field as _reason
from patients.forms.parts import text_field as _text
from patients.rules.identity import BirthOn, parse_birth
from patients.states import (
    AccessNeed,
    BirthPrecision,
    ChangeKind,
    ContactKind,
    IdentifierSystem,
    Sex,
)

if TYPE_CHECKING:
    from org.models import Unit

LANGUAGES = sorted(
    (code, info["name_local"].capitalize())
    for code, info in LANG_INFO.items()
    if len(code) == 2 and "name_local" in info
)


def birth_text(born: BirthOn) -> str:
    """Return a day of birth as it is typed, as exactly as it is known."""
    if born.day is None:
        return ""
    if born.precision == BirthPrecision.MONTH:
        return f"{born.day:%m/%Y}"
    if born.precision in {BirthPrecision.YEAR, BirthPrecision.ESTIMATED}:
        return f"{born.day:%Y}"
    return date_text(born.day)


class BirthField(forms.Field):
    """A day of birth, a month, a year or an age in one text box."""

    widget = forms.TextInput
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter a date like 7 3 81, a year like 1981, or an age like 45y or 6m."),
    }

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"autocomplete": "off", "maxlength": "40"}

    def prepare_value(self, value: Any) -> Any:
        return birth_text(value) if isinstance(value, BirthOn) else value

    def to_python(self, value: Any) -> BirthOn:
        found = parse_birth(str(value or ""), clock.today())
        if found is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return found


def _phone(label: Any) -> forms.CharField:
    return _text(label, 40, attributes={"inputmode": "tel"})


class WhoForm(Form):
    """Who somebody is."""

    family = _text(_("Family name"), NAME_LIMIT, attributes={"data-hms-autofocus": True})
    given = _text(_("Given names"), NAME_LIMIT)
    birth = BirthField(
        label=_("Born, or age"),
        required=False,
        help_text=_("7 3 81, 03/1981, 1981; or an age: 45y, 6m. Leave empty if nobody knows."),
    )
    sex = forms.ChoiceField(
        label=_("Sex"), choices=Sex, initial=Sex.UNKNOWN, widget=forms.RadioSelect
    )
    title = _text(_("Title"), 20)
    mobile = _phone(_("Mobile phone"))
    phone = _phone(_("Other phone"))
    street = _text(_("Street"), NAME_LIMIT)
    house_number = _text(_("Number"), 20)
    postcode = _text(_("Postcode"), 20)
    locality = _text(_("Town"), 120)
    region = _text(_("Region"), 120)
    country = _text(_("Country"), 2, help_text=_("Two letters, like FR."))
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", "—"), *LANGUAGES], required=False
    )
    interpreter = forms.ChoiceField(
        label=_("Interpreter needed for"), choices=[("", "—"), *LANGUAGES], required=False
    )
    needs = forms.MultipleChoiceField(
        label=_("Needs"),
        choices=AccessNeed,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    are_sure = forms.BooleanField(label=_("Yes, this is right"), required=False)


class RegisterForm(WhoForm):
    """A new record, on one screen."""

    national = _text(_("National number"), 40)
    national_issuer = _text(_("Issued by"), SHORT, help_text=_("Country or office."))
    birth_family = _text(_("Family name at birth"), NAME_LIMIT)
    kin_name = _text(_("Next of kin"), NAME_LIMIT)
    kin_relationship = _text(_("Is to the patient"), 60)
    kin_phone = _phone(_("Their phone"))
    comes_to = forms.ChoiceField(
        label=_("Comes to"),
        required=False,
        help_text=_("Who works there sees the record at once."),
    )
    reason = _text(_("Why it is somebody else"), REASON_LIMIT)
    key = forms.UUIDField(widget=forms.HiddenInput(), required=False)

    def __init__(
        self,
        *args: Any,
        units: "Mapping[str, Unit]",
        closed: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in closed:
            self.fields.pop(name, None)
        self.units = units
        choices = [("", "—"), *((key, unit.name) for key, unit in units.items())]
        self.fields["comes_to"].choices = choices  # type: ignore[attr-defined]

    def clean_comes_to(self) -> int | None:
        """Return the number of the unit."""
        unit = self.units.get(self.cleaned_data["comes_to"])
        return unit.pk if unit else None


class EditForm(WhoForm):
    """What changes about who somebody is."""

    kind = forms.ChoiceField(
        label=_("Why the name, phone or address is another"),
        choices=ChangeKind,
        initial=ChangeKind.CORRECTION,
        widget=forms.RadioSelect,
    )
    reason = _text(_("Note on this change"), REASON_LIMIT)
    version = _number_field()

    def __init__(self, *args: Any, closed: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in closed:
            self.fields.pop(name, None)


class UnknownForm(Form):
    """Somebody whom nobody knows."""

    sex = forms.ChoiceField(
        label=_("Sex"), choices=Sex, initial=Sex.UNKNOWN, widget=forms.RadioSelect
    )
    birth = BirthField(
        label=_("About how old"), required=False, help_text=_("An age is enough: 45y, 6m.")
    )
    description = _text(
        _("What tells them apart"),
        REASON_LIMIT,
        required=True,
        help_text=_("Found where and when, hair, clothes, marks."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput(), required=False)


class NewbornForm(Form):
    """A child of this mother."""

    sex = forms.ChoiceField(
        label=_("Sex"), choices=Sex, initial=Sex.UNKNOWN, widget=forms.RadioSelect
    )
    born_on = DateField(label=_("Day of birth"), allow_future=False)
    born_time = forms.TimeField(
        label=_("Time of birth"),
        widget=forms.TimeInput(attrs={"autocomplete": "off", "placeholder": "14:05"}),
        input_formats=["%H:%M", "%H%M", "%H.%M"],
        error_messages={"invalid": _("Enter a time like 14:05.")},
    )
    birth_order = forms.IntegerField(
        label=_("Which of several"),
        required=False,
        min_value=1,
        max_value=9,
        help_text=_("1 for the first of twins; empty for a single child."),
    )
    given = _text(_("Given names"), NAME_LIMIT, help_text=_("Empty while there is none."))
    are_sure = forms.BooleanField(label=_("Yes, this is right"), required=False)
    key = forms.UUIDField(widget=forms.HiddenInput(), required=False)


class VerifyForm(Form):
    """Which papers were seen."""

    paper = _text(
        _("Which papers were seen"),
        REASON_LIMIT,
        required=True,
        help_text=_("Identity card, passport, birth certificate; not its number."),
    )
    version = _number_field()


class DeathForm(Form):
    """When somebody died; without a day the record of it is taken back."""

    died_on = DateField(
        label=_("Day of death"),
        required=False,
        allow_future=False,
        help_text=_("Leave it empty to take back a death that was recorded by mistake."),
    )
    died_time = forms.TimeField(
        label=_("Time of death"),
        required=False,
        widget=forms.TimeInput(attrs={"autocomplete": "off", "placeholder": "14:05"}),
        input_formats=["%H:%M", "%H%M", "%H.%M"],
        error_messages={"invalid": _("Enter a time like 14:05.")},
    )
    reason = _reason(_("Known from"))
    version = _number_field()


class ContactForm(Form):
    """Somebody who matters to the patient."""

    name = _text(_("Name"), NAME_LIMIT, required=True)
    kinds = forms.MultipleChoiceField(
        label=_("Is"),
        choices=[item for item in ContactKind.choices if item[0] != ContactKind.MOTHER],
        widget=forms.CheckboxSelectMultiple,
    )
    relationship = _text(_("Relationship"), 60, help_text=_("Wife, son, neighbour."))
    phone = _phone(_("Phone"))
    address = _text(_("Address"), REASON_LIMIT)


class IdentifierForm(Form):
    """A number of the patient."""

    system = forms.ChoiceField(label=_("Kind"), choices=IdentifierSystem)
    value = _text(_("Number"), 40, required=True)
    issuer = _text(_("Issued by"), SHORT)
    until_on = DateField(label=_("Valid until"), required=False)


class EndForm(Form):
    """Why something counts no longer."""

    reason = _reason(_("Why"))


class CareNotesForm(Form):
    """Notes for those who treat the patient."""

    text = forms.CharField(
        label=_("Notes of special care"),
        max_length=NOTES_LIMIT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    version = _number_field()


class SearchForm(Form):
    """Whatever is known of somebody."""

    q = forms.CharField(
        label=_("Name, number, phone or day of birth"),
        max_length=SHORT,
        required=False,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "data-hms-autofocus": True,
                "spellcheck": "false",
            }
        ),
    )


class ConfirmForm(Form):
    """Nothing to fill in: only to be sure."""
