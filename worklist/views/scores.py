"""Doors of score cards: how alert rules and kinds of tasks do, what is decided on noisy ones."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import gate
from worklist import selectors, services
from worklist.permissions import Perm
from worklist.score_forms import RuleReviewForm, RuleSettingForm
from worklist.states import Verdict


@requires(Perm.VIEW_SCORES, module=None)
def scores(request: HttpRequest) -> HttpResponse:
    """Every rule and kind of task over the last 90 days; what is overridden too often on top."""
    now = clock.now()
    found = selectors.alert_scores(at=now)
    context = {
        "alerts": found,
        "noisy": selectors.to_review(found, at=now),
        "tasks": selectors.task_scores(at=now),
        "days": selectors.WINDOW.days,
        "may_review": gate.grants(request).has(Perm.REVIEW_RULES),
    }
    return render(request, "worklist/scores.html", context)


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Alerts and tasks"), reverse("worklist:scores")),)


def _score(rule: str) -> Any:
    found = selectors.alert_score(rule, at=clock.now())
    if found is None:
        raise NotFound()
    return found


@requires(Perm.REVIEW_RULES, module=None, methods=("GET", "POST"))
def rule_review(request: HttpRequest, rule: str) -> HttpResponse:
    """Somebody decides about a rule, with its figures before them."""
    score = _score(rule)
    page = commands.CommandPage(
        title=_("Decide on: %(rule)s") % {"rule": score.words},
        submit=_("Decide"),
        back=reverse("worklist:scores"),
        crumbs=_crumbs(),
        done=_("The decision was recorded."),
        template="worklist/rule_review.html",
        extra={
            "score": score,
            "days": selectors.WINDOW.days,
            "reviews": [(row, Verdict(row.verdict).label) for row in selectors.reviews_of(rule)],
        },
    )

    def decide(data: dict[str, Any]) -> str:
        services.alert_rule_review(
            rule=rule,
            verdict=data["verdict"],
            reason=data["reason"],
            fired=score.fired,
            overridden=score.overridden,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return reverse("worklist:scores")

    return commands.answer(request, RuleReviewForm(commands.sent(request)), page, decide)


@requires(Perm.REVIEW_RULES, module=None, methods=("GET", "POST"))
def rule_set(request: HttpRequest, rule: str) -> HttpResponse:
    """A rule is on or off, and looked at from a share of overrides."""
    score = _score(rule)
    stored = score.setting
    initial = {
        "is_on": stored.is_on,
        "override_percent": stored.override_percent,
        "least_fired": stored.least_fired,
        "version": stored.version,
    }
    page = commands.CommandPage(
        title=_("Set: %(rule)s") % {"rule": score.words},
        submit=_("Save"),
        back=reverse("worklist:scores"),
        crumbs=_crumbs(),
        done=_("The rule was set."),
    )

    def change(data: dict[str, Any]) -> str:
        services.alert_rule_set(
            rule=rule,
            values=data,
            version=data["version"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return reverse("worklist:scores")

    form = RuleSettingForm(commands.sent(request), initial=initial)
    return commands.answer(request, form, page, change)
