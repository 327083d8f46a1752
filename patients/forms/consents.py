"""Forms of consents."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DateField, Form
from patients.forms.parts import NAME_LIMIT, REASON_LIMIT, number_field, reason_field, text_field
from patients.states import ConsentGiver, ConsentKind, ConsentState, Decision

# Opaque id and title of each paper that may be the evidence.
Papers = list[tuple[str, str]]


class ConsentForm(Form):
    """What somebody allows or refuses, with the evidence."""

    kind = forms.ChoiceField(label=_("To what"), choices=ConsentKind)
    decision = forms.ChoiceField(
        label=_("Decision"), choices=Decision, initial=Decision.PERMIT, widget=forms.RadioSelect
    )
    limits = text_field(
        _("To what exactly, or to what not"),
        REASON_LIMIT,
        help_text=_("Left knee only; not to my brother."),
    )
    giver = forms.ChoiceField(
        label=_("Who decides"), choices=ConsentGiver, initial=ConsentGiver.PATIENT
    )
    giver_name = text_field(
        _("Name of who decides"), NAME_LIMIT, help_text=_("Empty when it is the patient.")
    )
    witness = text_field(
        _("Witness"),
        REASON_LIMIT,
        help_text=_("Who saw the signature, or heard the words."),
    )
    document = forms.ChoiceField(
        label=_("Signed paper"), required=False, help_text=_("Of the documents of this record.")
    )
    since_on = DateField(
        label=_("From"), required=False, allow_future=False, help_text=_("Empty: from now on.")
    )
    until_on = DateField(
        label=_("Until"), required=False, help_text=_("Empty: until it is withdrawn.")
    )
    is_draft = forms.BooleanField(label=_("Draft: nobody has decided yet"), required=False)

    def __init__(self, *args: Any, papers: Papers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].choices = [("", "—"), *papers]  # type: ignore[attr-defined]


class ConsentChangeForm(Form):
    """What becomes of a consent."""

    to = forms.ChoiceField(label=_("What happened"), widget=forms.RadioSelect)
    witness = text_field(_("Witness"), REASON_LIMIT, help_text=_("Of a draft that is given now."))
    document = forms.ChoiceField(label=_("Signed paper"), required=False)
    reason = reason_field(_("Why"))
    version = number_field()

    def __init__(self, *args: Any, steps: Iterable[str], papers: Papers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(step, STEP_WORDS[step]) for step in steps]
        self.fields["document"].choices = [("", "—"), *papers]  # type: ignore[attr-defined]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


STEP_WORDS: dict[str, Any] = {
    ConsentState.ACTIVE: _("It was decided now"),
    ConsentState.INACTIVE: _("It was withdrawn"),
    ConsentState.NOT_DONE: _("It was never decided"),
    ConsentState.ENTERED_IN_ERROR: _("It was entered in error"),
}
