"""Doors of break-the-glass: asking, ending, and the review by somebody else."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.selectors import done_for
from audit.services import look
from audit.views import shown as trail
from core import clock, paging
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, Look, render
from core.templatetags.formats import time_text
from org import gate
from patients import behind, selectors, services
from patients.forms.access import GlassesFilterForm, GlassForm, ReviewForm
from patients.forms.identity import ConfirmForm
from patients.permissions import Perm
from patients.states import GlassKind, GlassState, Verdict

if TYPE_CHECKING:
    from patients.models import Glass

_LOOKS: dict[str, tuple[str, str]] = {
    GlassState.REQUESTED: ("mute", "clock"),
    GlassState.GRANTED: ("crit", "alert-octagon"),
    GlassState.EXPIRED: ("warn", "clock"),
    GlassState.REVIEWED: ("ok", "circle-check"),
}
_VERDICTS: dict[str, tuple[str, str]] = {
    Verdict.JUSTIFIED: ("ok", "circle-check"),
    Verdict.NOT_JUSTIFIED: ("crit", "alert-octagon"),
    Verdict.UNCLEAR: ("warn", "help"),
}


def glass_look(glass: "Glass") -> Look:
    """Return how a glass stands, or what its review said."""
    if glass.verdict and glass.state == GlassState.REVIEWED:
        return Look(*_VERDICTS[glass.verdict], str(Verdict(glass.verdict).label))
    stands = selectors.glass_standing(glass, at=clock.now())
    if stands.is_late:
        return Look("crit", "alert-triangle", _("Review is late"))
    return Look(*_LOOKS[stands.state], str(GlassState(stands.state).label))


@requires(Perm.BREAK_GLASS, module=None, methods=("GET", "POST"), fresh=True)
def glass_new(request: HttpRequest) -> HttpResponse:
    """A record that is not open to the person opens for a while, with a reason."""
    form = GlassForm(sent(request), initial={"number": request.GET.get("number", "")[:40]})
    page = CommandPage(
        title=_("Break the glass"),
        submit=_("Open the record"),
        back=reverse("patients:patients"),
        crumbs=behind.crumbs(),
        done=_("The record is open to you for a while."),
        intro=_(
            "For care that cannot wait. The record opens at once and for a short time; the "
            "privacy officer is told now, sees every look, and judges it."
        ),
        is_risky=True,
        template="patients/glass_new.html",
        extra={"open": selectors.glasses_open(grants=gate.grants(request), at=clock.now())},
    )

    def break_it(data: dict[str, Any]) -> str:
        behind.glass_tried(request)
        glass = behind.glass_broken(request, data)
        return reverse("patients:patient", args=[glass.patient.public_id])

    return answer(request, form, page, break_it)


@requires(Perm.BREAK_GLASS, module=None, methods=("GET", "POST"), always=True)
def glass_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The person needs the record no longer."""
    found = selectors.glass_own(user_id=gate.person(request).pk, public_id=public_id)
    if found is None:
        raise NotFound()
    page = CommandPage(
        title=_("Close the record"),
        submit=_("Close it now"),
        back=reverse("patients:patient", args=[found.patient.public_id]),
        crumbs=behind.crumbs(),
        done=_("The record is closed to you again."),
        intro=_("Open until %(time)s.") % {"time": time_text(found.until_at)},
    )

    def end(_data: dict[str, Any]) -> str:
        services.glass_end(found, by=gate.person(request).pk, at=clock.now())
        return reverse("patients:patients")

    return answer(request, ConfirmForm(sent(request)), page, end)


@requires(Perm.REVIEW_GLASS, module=None)
def glasses(request: HttpRequest) -> HttpResponse:
    """Which records were opened that way, and which openings wait for a verdict."""
    form = GlassesFilterForm(request.GET)
    which = (form.cleaned_data["which"] or "waiting") if form.is_valid() else "waiting"
    held, now = gate.grants(request), clock.now()
    rows = selectors.glass_list(grants=held, which=which, at=now)
    order = ("due_at", "id") if which in {"waiting", "late"} else ("-id",)
    page = paging.page(rows, order=order, cursor=request.GET.get("cursor", ""))
    look(patients=[row.patient.public_id for row in page.items], count=len(page.items), kind="list")
    context = {
        "filter": form,
        "rows": [_row(glass) for glass in page.items],
        "pages": page,
        "is_filtered": bool(request.GET.get("which")),
    }
    return render(request, "patients/glasses.html", context)


def _row(glass: "Glass") -> dict[str, Any]:
    return {
        "glass": glass,
        "kind": GlassKind(glass.kind).label,
        "look": glass_look(glass),
    }


def _load(request: HttpRequest, public_id: UUID) -> "Glass":
    found = selectors.glass_get(grants=gate.grants(request), public_id=public_id, at=clock.now())
    if found is None:
        raise NotFound()
    look(subject=found, patient=found.patient.public_id)
    return found


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Broken glasses"), reverse("patients:glasses")),)


@requires(Perm.REVIEW_GLASS, module=None)
def glass(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Who opened whose record, why, and everything they did with it meanwhile."""
    found = _load(request, public_id)
    acts = done_for(
        behind.glass_purpose(found.public_id),
        patient=found.patient.public_id,
        since=found.granted_at,
    )
    page = paging.page(acts, order=("-occurred_at", "-id"), cursor=request.GET.get("cursor", ""))
    context = _row(found) | {
        "acts": trail.rows(page.items),
        "page": page,
        "crumbs": _crumbs(),
        "may_review": found.state != GlassState.REVIEWED
        and found.user_id != gate.person(request).pk,
        "is_own": found.user_id == gate.person(request).pk,
    }
    return render(request, "patients/glass.html", context)


@requires(Perm.REVIEW_GLASS, module=None, methods=("GET", "POST"))
def glass_review(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody else says whether it was right."""
    found = _load(request, public_id)
    page = CommandPage(
        title=_("Review"),
        submit=_("Save the verdict"),
        back=reverse("patients:glass", args=[found.public_id]),
        crumbs=_crumbs(),
        done=_("The verdict is recorded."),
        intro=_("A record that is still open is closed by the verdict."),
    )

    def review(data: dict[str, Any]) -> str:
        services.glass_review(found, **data, by=gate.person(request).pk, at=clock.now())
        return page.back

    return answer(request, ReviewForm(sent(request)), page, review)
