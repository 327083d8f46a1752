"""Forms of alert rules: what is decided about one, and how it is set."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import Form
from worklist.states import Verdict


class RuleReviewForm(Form):
    """What is decided about a rule, and why."""

    verdict = forms.ChoiceField(
        label=_("Decision"), choices=Verdict.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the decision. No patient names."),
    )


class RuleSettingForm(Form):
    """Whether a rule is on, and when somebody has to look at it."""

    is_on = forms.BooleanField(label=_("On"), required=False)
    override_percent = forms.IntegerField(
        label=_("Looked at from so many percent of overrides"), min_value=1, max_value=100
    )
    least_fired = forms.IntegerField(
        label=_("And only when it was shown so often"), min_value=1, max_value=1_000_000
    )
    version = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput())
