"""Doors of the seals: whether the trail is whole, checking it now, acknowledging a break."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit import services
from audit.forms import AcknowledgeForm
from audit.permissions import Perm
from audit.selectors import names, seals
from audit.views import shown
from core import clock, commands
from core.doors import requires
from core.html import Crumb, Look, render, see_other, toast

RUNS, NAMED = 20, 50


@requires(Perm.VIEW_SEALS, module=None)
def overview(request: HttpRequest) -> HttpResponse:
    """Heads, anchors and checks, and what is broken."""
    now = clock.now()
    chains = services.heads()
    found = services.break_open()
    runs = list(seals.runs()[:RUNS])
    notes = services.acknowledgements(limit=RUNS)
    people = names.people(note.actor for note in notes)
    context = {
        "parts": shown.parts(request, "audit:seals"),
        "open": _open(found),
        "last": runs[0] if runs else None,
        "runs": [_run(run) for run in runs],
        "chains": chains,
        "last_sealed": max((chain.sealed_at for chain in chains), default=None),
        "waiting": services.unsealed_age(at=now),
        "anchors": seals.anchors(),
        "asked": services.asked_since(at=now),
        "notes": [_note(note, people) for note in notes],
        "may_acknowledge": shown.holds(request, Perm.ACKNOWLEDGE_BREAK),
    }
    return render(request, "audit/seals.html", context)


def _open(found: services.Break | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "run": found.run,
        "problems": found.problems[:NAMED],
        "more": max(0, found.run.problem_count - NAMED),
    }


def _run(run: Any) -> dict[str, Any]:
    is_clean = not run.problem_count
    return {
        "run": run,
        "took": run.finished_at - run.started_at,
        "seconds": f"{(run.finished_at - run.started_at).total_seconds():.1f}",
        "look": Look("ok", "shield-check", _("Whole"))
        if is_clean
        else Look("crit", "alert-octagon", _("Broken")),
        "problems": services.texts_of(run)[:NAMED],
    }


def _note(note: Any, people: dict[int, names.Person]) -> dict[str, Any]:
    person = people.get(note.actor or 0)
    return {"event": note, "who": note.actor_name or (person.name if person else "")}


@requires(Perm.VIEW_SEALS, module=None, methods=("POST",))
def verify_ask(request: HttpRequest) -> HttpResponse:
    """The whole trail is checked soon, in the background."""
    try:
        services.verify_ask(at=clock.now(), by=int(str(request.user.pk)))
    except services.CheckUnderWay as error:
        toast(request, str(error.detail), tone="info")
    else:
        toast(request, _("The check starts within seconds. Its result appears here."))
    return see_other(request, "audit:seals")


@requires(Perm.ACKNOWLEDGE_BREAK, module=None, methods=("GET", "POST"), fresh=True)
def break_acknowledge(request: HttpRequest) -> HttpResponse:
    """Somebody has looked into the break, and says what they found."""
    found = services.break_open()
    back = reverse("audit:seals")
    if found is None:
        toast(request, _("Nothing is waiting to be acknowledged."), tone="info")
        return see_other(request, back)
    form = AcknowledgeForm(commands.sent(request), initial={"run": found.run.pk})
    page = commands.CommandPage(
        title=_("Acknowledge the break"),
        submit=_("Acknowledge"),
        back=back,
        crumbs=(Crumb(_("Seals"), back),),
        done=_("Acknowledged. What is new to a later check is told again."),
        intro=_(
            "Acknowledging repairs nothing: the rows stay as they are, and so does every check "
            "that found them. It says that a person has looked into it."
        ),
        template="audit/break_acknowledge.html",
        extra={"problems": found.problems[:NAMED]},
    )

    def command(cleaned: dict[str, Any]) -> str:
        now: datetime = clock.now()
        services.break_acknowledge(
            cleaned["run"], reason=cleaned["reason"], at=now, by=int(str(request.user.pk))
        )
        return back

    return commands.answer(request, form, page, command)
