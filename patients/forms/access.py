"""Forms about who may open a record, and who did."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.forms import DateField, Form
from org.selectors import login_named
from patients.forms.identity import NAME_LIMIT, REASON_LIMIT, BirthField
from patients.states import BirthPrecision, GlassKind, RestrictionKind, Verdict

if TYPE_CHECKING:
    from org.models import Unit, User

WORDS_LIMIT, MOST_PEOPLE = 500, 20


def _line(label: Any, limit: int, *, required: bool = False, **rest: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=limit,
        required=required,
        widget=forms.TextInput(attrs={"autocomplete": "off", **rest.pop("attributes", {})}),
        **rest,
    )


def _words(label: Any, **rest: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, max_length=WORDS_LIMIT, widget=area, **rest)


def _version() -> forms.IntegerField:
    return forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput())


class KeepersForm(Form):
    """Why a record is restricted, until when, and who keeps it open."""

    kind = forms.ChoiceField(label=_("Why"), choices=RestrictionKind)
    reason = _line(_("In words"), REASON_LIMIT, required=True)
    until_on = DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Leave empty: until somebody lifts it."),
    )
    carers_keep = forms.BooleanField(
        label=_("Open to the units while they care for the patient"),
        required=False,
        help_text=_("Only to people who work in that unit itself."),
    )
    units = forms.MultipleChoiceField(
        label=_("Units that keep it open"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    people = forms.CharField(
        label=_("People who keep it open"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("User names, with commas or one a line."),
    )

    def __init__(self, *args: Any, places: "Iterable[Unit]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = {str(unit.public_id): unit for unit in places}
        field: Any = self.fields["units"]
        field.choices = [(key, f"{unit.name} ({unit.code})") for key, unit in self.places.items()]
        if not self.places:
            del self.fields["units"]

    def clean_people(self) -> "list[User]":
        names = self.cleaned_data["people"].replace(",", "\n").split()
        if len(set(names)) > MOST_PEOPLE:
            raise ValidationError(
                _("Name %(count)d people at most.") % {"count": MOST_PEOPLE}, code="many"
            )
        found = {name: login_named(name.casefold()) for name in dict.fromkeys(names)}
        unknown = [name for name, user in found.items() if user is None]
        if unknown:
            raise ValidationError(
                _("Nobody has the user name “%(name)s”.") % {"name": ", ".join(unknown)},
                code="unknown",
            )
        return [user for user in found.values() if user is not None]


class RestrictionForm(KeepersForm):
    """A record that shall be restricted."""

    number = _line(_("Record number"), 40, required=True, attributes={"data-hms-autofocus": True})
    field_order = ("number",)


class RestrictionEditForm(KeepersForm):
    """A restriction as it shall be from now on."""

    version = _version()


class LiftForm(Form):
    """Why a restriction ends."""

    reason = _line(_("Reason"), REASON_LIMIT, required=True)
    version = _version()


class GlassForm(Form):
    """Whose record is needed, and why."""

    number = _line(
        _("Record number, or a number on a paper"),
        40,
        attributes={"data-hms-autofocus": True},
    )
    family = _line(_("Or: family name"), NAME_LIMIT)
    given = _line(_("and given names"), NAME_LIMIT)
    birth = BirthField(label=_("and day of birth"), required=False)
    kind = forms.ChoiceField(label=_("Why"), choices=GlassKind, widget=forms.RadioSelect)
    words = _words(_("In words"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        born = data.get("birth")
        is_named = bool(data.get("family") and data.get("given") and born and born.day)
        if not data.get("number") and not is_named and not self.errors:
            raise ValidationError(
                _("Give a number, or the family name, given names and day of birth."),
                code="who",
            )
        is_exact = born is not None and born.precision == BirthPrecision.DAY
        if not data.get("number") and is_named and not is_exact:
            self.add_error("birth", _("Give the whole day of birth."))
        return data


class GlassesFilterForm(Form):
    """Which glasses the list shows."""

    which = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("Waiting for review")),
            ("late", _("Late")),
            ("open", _("Open now")),
            ("reviewed", _("Reviewed")),
            ("all", _("All")),
        ],
    )


class ReviewForm(Form):
    """What the review says."""

    verdict = forms.ChoiceField(label=_("Verdict"), choices=Verdict, widget=forms.RadioSelect)
    words = _words(_("In words"))


class SeenForm(Form):
    """Whose record, by whom and when."""

    number = _line(_("Record number"), 40, attributes={"type": "search"})


class ChangesForm(Form):
    """Which changes of one record the page shows."""

    person = _line(_("Person"), 80)
    since_on = DateField(label=_("From"), required=False)
    until_on = DateField(label=_("To"), required=False)
    change = forms.ChoiceField(
        label=_("Change"),
        required=False,
        choices=[
            ("", _("All")),
            ("insert", _("Created")),
            ("update", _("Changed")),
            ("delete", _("Deleted")),
        ],
    )


class LooksForm(Form):
    """Which looks at one record the page shows."""

    person = _line(_("Person"), 80)
    since_on = DateField(label=_("From"), required=False)
    until_on = DateField(label=_("To"), required=False)
    what = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[
            ("", _("Looks and changes")),
            ("looks", _("Looks")),
            ("changes", _("Changes")),
            ("glass", _("Through a broken glass")),
        ],
    )
