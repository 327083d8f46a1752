"""What shall be printed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import Form
from patients.forms.identity import REASON_LIMIT
from patients.rules.papers import MOST_COPIES
from patients.states import Paper


class PaperForm(Form):
    """Which wristband or labels, how many, and why once more."""

    paper = forms.ChoiceField(label=_("What"), choices=Paper, widget=forms.RadioSelect)
    copies = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=MOST_COPIES, initial=1, required=False
    )
    reason = forms.CharField(
        label=_("Why once more"),
        max_length=REASON_LIMIT,
        required=False,
        help_text=_("Needed for a second wristband: lost, wet, a corrected name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_copies(self) -> int:
        return self.cleaned_data["copies"] or 1
