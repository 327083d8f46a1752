"""Forms of likely duplicates and of merges."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import Form
from patients.forms.parts import REASON_LIMIT, number_field, reason_field, text_field
from patients.states import MergeState, PairState


class PairFilterForm(Form):
    """Which suspicions the list shows."""

    state = forms.ChoiceField(
        label=_("State"), choices=PairState, required=False, initial=PairState.OPEN
    )


class DismissForm(Form):
    """Why two records are of two persons."""

    reason = reason_field(_("Why they are two persons"))


class MergeFilterForm(Form):
    """Which merges the list shows."""

    state = forms.ChoiceField(
        label=_("State"), choices=[("", _("All")), *MergeState.choices], required=False
    )


class MergeProposeForm(Form):
    """Which record takes the place of this one."""

    into = text_field(
        _("Record number of the record that stays"),
        40,
        required=True,
        attributes={"inputmode": "numeric", "data-hms-autofocus": True},
    )
    reason = reason_field(_("Why they are one person"))


class MergeReviewForm(Form):
    """A second person has compared both records."""

    note = text_field(_("Note"), REASON_LIMIT)
    version = number_field()


class MergeExecuteForm(Form):
    """What was looked at is merged."""

    are_sure = forms.BooleanField(label=_("Yes, this is right"), required=False)
    version = number_field()
    winner_version = number_field()
    loser_version = number_field()


class MergeEndForm(Form):
    """Why records are not merged, or taken apart again."""

    reason = reason_field(_("Why"))
    version = number_field()
