"""Forms of allergies, of the statement that none is known, and of flags."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.forms import DateField, Form
from patients.forms.identity import BirthField
from patients.forms.parts import REASON_LIMIT, number_field, reason_field, text_field
from patients.rules import codes
from patients.rules.flags import FLAGS
from patients.rules.identity import BirthOn
from patients.states import (
    AllergyKind,
    AllergyState,
    BirthPrecision,
    Criticality,
    FlagKind,
    Informant,
    NoneKnownScope,
    Severity,
    SubstanceCategory,
    Verification,
)

ACTIVE_FIRST = [item for item in Verification.choices if item[0] in {"unconfirmed", "confirmed"}]


def _reaction_choices() -> list[tuple[str, Any]]:
    entries = codes.reactions().values()
    return [("", "—"), *codes.choices(entries, language=get_language() or "")]


class OnsetField(BirthField):
    """A day, a month or a year; an age would say too little about when it began."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter a date like 7 3 81, a month like 03/1981 or a year like 1981.")
    }

    def to_python(self, value: Any) -> BirthOn:
        """Return day and precision. Raises ValidationError."""
        found = super().to_python(value)
        if found.precision == BirthPrecision.ESTIMATED:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return found


def _informant() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Known from"), choices=Informant, initial=Informant.PATIENT)


class ReactionForm(Form):
    """What a substance did."""

    manifestation = forms.ChoiceField(label=_("Reaction"), choices=_reaction_choices)
    severity = forms.ChoiceField(
        label=_("How bad it was"), choices=[("", "—"), *Severity.choices], required=False
    )
    note = text_field(_("In other words"), REASON_LIMIT)


class AllergyForm(Form):
    """A substance that harms the patient, with the worst reaction; more are added afterwards."""

    substance = text_field(
        _("Substance"),
        120,
        required=True,
        attributes={"list": "substances", "data-hms-autofocus": True},
        help_text=_("Choose from the list. What is not in it is kept as you type it, uncoded."),
    )
    category = forms.ChoiceField(
        label=_("Kind of substance"),
        choices=[("", "—"), *SubstanceCategory.choices],
        required=False,
        help_text=_("Only needed for what is not in the list."),
    )
    manifestation = forms.ChoiceField(
        label=_("Worst reaction"), choices=_reaction_choices, required=False
    )
    severity = forms.ChoiceField(
        label=_("How bad it was"), choices=[("", "—"), *Severity.choices], required=False
    )
    criticality = forms.ChoiceField(
        label=_("The next contact"),
        choices=Criticality,
        initial=Criticality.UNKNOWN,
        widget=forms.RadioSelect,
    )
    kind = forms.ChoiceField(
        label=_("Allergy or intolerance"), choices=AllergyKind, initial=AllergyKind.UNKNOWN
    )
    verification = forms.ChoiceField(label=_("How sure is it"), choices=ACTIVE_FIRST)
    informant = _informant()
    onset = OnsetField(
        label=_("Since"), required=False, help_text=_("A date, 03/1981 or 1981. May stay empty.")
    )
    note = text_field(_("In other words"), REASON_LIMIT)

    def clean(self) -> dict[str, Any]:
        """A severity is that of a reaction."""
        data = super().clean() or {}
        if data.get("severity") and not data.get("manifestation"):
            self.add_error("manifestation", _("Say which reaction was that bad."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        data = dict(self.cleaned_data)
        first = {"manifestation": data.pop("manifestation"), "severity": data.pop("severity")}
        return {**data, "reactions": [first] if first["manifestation"] else []}


class AllergyChangeForm(Form):
    """How sure it is, whether it is still a danger, and how great."""

    verification = forms.ChoiceField(label=_("How sure is it"), choices=Verification)
    state = forms.ChoiceField(label=_("State"), choices=AllergyState)
    criticality = forms.ChoiceField(label=_("The next contact"), choices=Criticality)
    reason = reason_field(_("Why"))
    version = number_field()


class NoneKnownForm(Form):
    """Somebody asked, and no allergy is known."""

    scope = forms.ChoiceField(
        label=_("What was the answer"),
        choices=NoneKnownScope,
        initial=NoneKnownScope.ALL,
        widget=forms.RadioSelect,
    )
    informant = _informant()
    note = text_field(_("In other words"), REASON_LIMIT)


class NoneKnownEndForm(Form):
    """Why the statement stands no longer."""

    reason = reason_field(_("Why"))
    is_error = forms.BooleanField(label=_("It was entered in error"), required=False)


class FlagForm(Form):
    """A warning for everybody who meets the patient."""

    kind = forms.ChoiceField(label=_("Flag"))
    note = text_field(_("In other words"), REASON_LIMIT, help_text=_("What to do, what to avoid."))
    until_on = DateField(
        label=_("Until"), required=False, help_text=_("Empty: until somebody ends it.")
    )

    def __init__(self, *args: Any, kinds: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = flag_choices(kinds)  # type: ignore[attr-defined]


def flag_choices(kinds: Iterable[str]) -> list[tuple[Any, Any]]:
    """Return the kinds under the words of their category."""
    grouped: dict[str, list[tuple[str, Any]]] = {}
    for kind in kinds:
        label = str(FLAGS[FlagKind(kind)].category.label)
        grouped.setdefault(label, []).append((kind, FlagKind(kind).label))
    return list(grouped.items())


class FlagEndForm(Form):
    """Why the flag counts no longer."""

    reason = reason_field(_("Why"))
    is_error = forms.BooleanField(label=_("It was set in error"), required=False)
