"""One plain form per command."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from core import clock
from core.forms import DateField, Form, JSONField
from org.states import AccountState, Level, Module, ShiftGroup, UnitKind

if TYPE_CHECKING:
    from org.models import Role, Unit, User

LANGUAGES = [("", _("As the browser")), ("en", "English"), ("fr", "Français")]
REASON_LIMIT = 300
MAX_BEDS = 999
MAX_DRAIN_HOURS = 72
MOST_OFFERED = 100


def _offer(form: forms.Form, name: str, choices: list[tuple[str, Any]]) -> None:
    """The choice field `name` of this one form offers `choices`."""
    cast("forms.ChoiceField", form.fields[name]).choices = choices


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


class InvitationsForm(Form):
    """Which people of a unit are invited; all of them to begin with."""

    people = forms.MultipleChoiceField(
        label=_("People"), error_messages={"required": _("Choose at least one person.")}
    )

    def __init__(self, *args: Any, people: "Iterable[User]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._numbers = {str(user.public_id): user.pk for user in people}
        _offer(self, "people", [(key, key) for key in self._numbers])

    def chosen(self) -> set[str]:
        """Return the ids that are ticked on the page."""
        return set(self["people"].value() or ()) if self.is_bound else set(self._numbers)

    def clean_people(self) -> list[int]:
        """Return the numbers of the chosen people."""
        return [self._numbers[key] for key in self.cleaned_data["people"]]


class CodeForm(Form):
    """The code of an app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autofocus": True,
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )


class CredentialForm(Form):
    """What a browser answers for a passkey."""

    credential = JSONField(widget=forms.HiddenInput())


class PasskeyForm(CredentialForm):
    """A new passkey and what its owner calls it."""

    name = forms.CharField(
        label=_("Name of this passkey"),
        max_length=60,
        initial=_("My passkey"),
        help_text=_("So that you recognise it in the list: the phone or key it is on."),
    )
    field_order = ("name", "credential")


class ConfirmForm(Form):
    """One's own password once more."""

    password = forms.CharField(
        label=_("Your password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class ForgottenForm(Form):
    """Whose password was forgotten."""

    name = forms.CharField(
        label=_("User name or e-mail"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )


class UnlockForm(Form):
    """What opens a locked screen: the PIN where it still counts, or the password."""

    pin = forms.CharField(
        label=_("Your PIN"),
        max_length=8,
        required=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "off", "inputmode": "numeric", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Your password"),
        max_length=256,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, takes_pin: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not takes_pin:
            del self.fields["pin"]
            self.fields["password"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        """Return the values. Raises ValidationError when both are empty."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not any(values.values()):
            raise forms.ValidationError(
                _("Type your PIN or your password.")
                if "pin" in self.fields
                else _("Type your password.")
            )
        return values


class QuickPinForm(Form):
    """A PIN for one's own locked screens, twice."""

    pin = forms.CharField(
        label=_("New PIN"),
        max_length=8,
        help_text=_("4 to 8 digits. It only unlocks screens where you are signed in."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    again = forms.CharField(
        label=_("The same PIN again"),
        max_length=8,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """Return the values. Raises ValidationError beside the second field."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "again" in values and values.get("pin") != values["again"]:
            self.add_error("again", _("The two PINs differ."))
        return values


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
        choices=LANGUAGES,
        required=False,
    )
    single_keys = forms.BooleanField(
        label=_("Single-letter keys"),
        required=False,
        help_text=_("Letters act as commands while a list has focus."),
    )


def reason_field(*, required: bool = True) -> forms.CharField:
    """Return the field that asks why."""
    return forms.CharField(
        label=_("Reason"),
        max_length=REASON_LIMIT,
        required=required,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the change. No patient names."),
    )


def version_field() -> forms.IntegerField:
    """Return the hidden field with the version that was seen."""
    return forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput())


def _search(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


def _unit_choices(units: Iterable["Unit"]) -> list[tuple[str, str]]:
    return [(str(unit.public_id), f"{unit.name} ({unit.code}), {unit.site.name}") for unit in units]


class ReasonForm(Form):
    """Why something is done."""

    reason = reason_field()


class VersionedReasonForm(ReasonForm):
    """Why something is done to the row as it was seen."""

    version = version_field()


def _offer_units(form: Form, units: "Mapping[str, Unit]") -> None:
    """A filter offers every unit, of many only the chosen one: a unit's own page leads here.

    Three hundred names would be most of the page's bytes and of its time.
    """
    offered = list(units.values())
    if len(offered) > MOST_OFFERED:
        offered = [units[key] for key in (form.data.get("unit", ""),) if key in units]
        if not offered:
            del form.fields["unit"]
            return
    _offer(form, "unit", [("", _("All units")), *_unit_choices(offered)])


class UnitFilterForm(Form):
    """Which units the list shows."""

    q = _search(_("Name or code"))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("All kinds")), *UnitKind.choices], required=False
    )
    state = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("Open and closed")), ("active", _("Open")), ("closed", _("Closed"))],
        required=False,
    )


class UnitForm(Form):
    """A new unit below another."""

    parent = forms.ChoiceField(label=_("Part of"))
    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(
        label=_("Code"), max_length=30, help_text=_("Short, and used once in the site.")
    )
    kind = forms.ChoiceField(label=_("Kind"))
    beds = forms.IntegerField(
        label=_("Beds"), min_value=0, max_value=MAX_BEDS, required=False, initial=0
    )

    def __init__(self, *args: Any, units: Iterable["Unit"], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {str(unit.public_id): unit for unit in units}
        _offer(self, "parent", [("", _("Choose")), *_unit_choices(self.units.values())])
        kinds = [pair for pair in UnitKind.choices if pair[0] != UnitKind.HOSPITAL]
        _offer(self, "kind", [("", _("Choose")), *kinds])

    def clean_parent(self) -> "Unit | None":
        return self.units.get(self.cleaned_data["parent"])

    def clean_beds(self) -> int:
        return self.cleaned_data["beds"] or 0


class UnitEditForm(UnitForm):
    """A unit as it shall be from now on."""

    version = version_field()


class RootEditForm(Form):
    """The root of a site as it shall be from now on: it is part of nothing."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(label=_("Code"), max_length=30)
    version = version_field()


class PeopleFilterForm(Form):
    """Which people the list shows."""

    q = _search(_("Name, user name or staff number"))
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    state = forms.ChoiceField(
        label=_("Login"), choices=[("", _("All")), *AccountState.choices], required=False
    )

    def __init__(self, *args: Any, units: Iterable["Unit"], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {str(unit.public_id): unit for unit in units}
        _offer_units(self, self.units)

    def clean_unit(self) -> "Unit | None":
        return self.units.get(self.cleaned_data["unit"])


class _NamesForm(Form):
    family_name = forms.CharField(label=_("Family name"), max_length=80)
    given_name = forms.CharField(label=_("Given name"), max_length=80, required=False)
    title = forms.CharField(label=_("Title"), max_length=20, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    staff_number = forms.CharField(label=_("Staff number"), max_length=30, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)


class PersonForm(_NamesForm):
    """A new login; it opens nothing until a password is set."""

    username = forms.CharField(
        label=_("User name"),
        max_length=64,
        help_text=_("For signing in. No blanks; capitals make no difference."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    field_order = ("username", "family_name", "given_name")


class PersonEditForm(_NamesForm):
    """A person's names and addresses as they shall be from now on."""

    version = version_field()


class PasswordForm(Form):
    """A password, twice."""

    password = forms.CharField(
        label=_("New password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A sentence is easier to remember than signs."),
    )
    again = forms.CharField(
        label=_("The same once more"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, second = cleaned.get("password"), cleaned.get("again")
        if first and second and first != second:
            self.add_error("again", _("The two passwords are not the same."))
        return cleaned


class PractitionerForm(Form):
    """What a licensed profession adds to a person."""

    profession = forms.CharField(label=_("Profession"), max_length=60)
    specialty = forms.CharField(label=_("Specialty"), max_length=60, required=False)
    licence_number = forms.CharField(label=_("Licence number"), max_length=40, required=False)
    licence_issuer = forms.CharField(label=_("Issued by"), max_length=80, required=False)
    licence_until_on = DateField(label=_("Valid until"), required=False)
    version = version_field()


class AssignmentForm(Form):
    """A person works in a unit as a role, from a day to a day."""

    unit = forms.ChoiceField(label=_("Unit"))
    role = forms.ChoiceField(label=_("Role"))
    starts_on = DateField(label=_("First day"), initial=clock.today)
    ends_on = DateField(
        label=_("Last day"), required=False, help_text=_("Leave empty when no end is agreed.")
    )
    shift_group = forms.ChoiceField(
        label=_("Shift group"), choices=ShiftGroup.choices, initial=ShiftGroup.DAY
    )
    reason = reason_field(required=False)

    def __init__(
        self, *args: Any, units: Iterable["Unit"], roles: Iterable["Role"], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.units = {str(unit.public_id): unit for unit in units}
        self.roles = {role.code: role for role in roles}
        named = [(code, _(role.name)) for code, role in self.roles.items()]
        _offer(self, "unit", [("", _("Choose")), *_unit_choices(self.units.values())])
        _offer(self, "role", [("", _("Choose")), *named])

    def clean_unit(self) -> "Unit | None":
        return self.units.get(self.cleaned_data["unit"])

    def clean_role(self) -> "Role | None":
        return self.roles.get(self.cleaned_data["role"])


class AssignmentEndForm(Form):
    """The last day of an assignment."""

    ends_on = DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Leave empty to end it this minute, or to cancel one that has not begun."),
    )
    reason = reason_field()
    version = version_field()


class ActivationFilterForm(Form):
    """Which units the grid of modules shows."""

    q = _search(_("Unit"))


class ActivationHistoryFilterForm(Form):
    """Which changes of levels the history shows."""

    unit = forms.ChoiceField(label=_("Unit"), required=False)
    module = forms.ChoiceField(
        label=_("Module"), choices=[("", _("All modules")), *Module.choices], required=False
    )

    def __init__(self, *args: Any, units: Iterable["Unit"], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {str(unit.public_id): unit for unit in units}
        _offer_units(self, self.units)

    def clean_unit(self) -> "Unit | None":
        return self.units.get(self.cleaned_data["unit"])


class ActivationForm(Form):
    """The level of one module in one unit."""

    level = forms.ChoiceField(label=_("Level"), choices=Level.choices, widget=forms.RadioSelect)
    drain_hours = forms.IntegerField(
        label=_("Hours for finishing open work"),
        min_value=0,
        max_value=MAX_DRAIN_HOURS,
        required=False,
        help_text=_("With read only: for so long, what is open may still be closed."),
    )
    reason = reason_field()
    version = version_field()


class ImportFileForm(Form):
    """A file with people."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("UTF-8, at most 1 MB and 500 rows."),
    )


class ImportConfirmForm(Form):
    """The checked file, signed, so that what is imported is what was checked."""

    checked = forms.CharField(widget=forms.HiddenInput(), max_length=2_400_000)
