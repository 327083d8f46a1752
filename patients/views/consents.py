"""Doors of consents."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, Look, render
from org import gate
from patients import behind, forms, selectors, services
from patients.permissions import Perm
from patients.states import (
    CONSENT_STEPS,
    ConsentCategory,
    ConsentGiver,
    ConsentKind,
    ConsentState,
    Decision,
    DocumentState,
)
from patients.views import shown
from patients.views.desk import MODULE

if TYPE_CHECKING:
    from patients.models import Consent, Document, Patient

DESK = behind.desk(Perm.CONSENTS)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent as the table shows it."""

    row: "Consent"
    kind: str
    category: str
    decision: Look
    state: Look
    giver: str
    since: datetime | None
    until: datetime | None
    may_change: bool


def _look(row: "Consent", at: datetime) -> Look:
    state = ConsentState(row.state)
    until = row.period.upper if row.period else None
    if state == ConsentState.ACTIVE and until is not None and until <= at:
        return Look("mute", "clock", _("Its time is over"))
    tones = {
        ConsentState.ACTIVE: ("ok", "circle-check"),
        ConsentState.DRAFT: ("warn", "pencil"),
    }
    tone, icon = tones.get(state, ("mute", "circle-x"))
    return Look(tone, icon, state.label)


def _row(row: "Consent", may: bool, at: datetime) -> ConsentRow:
    is_permit = row.decision == Decision.PERMIT
    period = row.period
    return ConsentRow(
        row=row,
        kind=str(ConsentKind(row.kind).label),
        category=str(ConsentCategory(row.category).label),
        decision=Look(
            "ok" if is_permit else "crit",
            "check" if is_permit else "x",
            Decision(row.decision).label,
        ),
        state=_look(row, at),
        giver=row.giver_name or str(ConsentGiver(row.giver).label),
        since=period.lower if period else None,
        until=period.upper if period else None,
        may_change=may and bool(CONSENT_STEPS[row.state]),
    )


def address(patient: "Patient") -> str:
    """Return the address of the page of consents."""
    return reverse("patients:consents", args=[patient.public_id])


@requires(Perm.SEE_CONSENTS, module=None)
def consents(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the patient allowed and refused, also what was withdrawn."""
    found, now = behind.load(request, public_id), clock.now()
    grants = gate.grants(request)
    may = grants.has(Perm.CONSENTS)
    context = {
        "banner": shown.banner_of(found),
        "crumbs": behind.crumbs(found),
        "here": "consents",
        "tabs": shown.tabs_of(grants),
        "consents": [_row(row, may, now) for row in selectors.consents_of(found)],
        "may_record": may,
    }
    return render(request, "patients/consents.html", context)


def _page(found: "Patient", title: str, submit: str, done: str) -> CommandPage:
    back = address(found)
    return CommandPage(
        title=title,
        submit=submit,
        back=back,
        crumbs=(*behind.crumbs(found), Crumb(_("Consents"), back)),
        done=done,
        template="patients/command.html",
        extra={"banner": shown.banner_of(found)},
    )


def _moment(day: date | None, at: time, found: "Patient") -> datetime | None:
    return shown.moment(day, at, found.site.time_zone) if day else None


def _papers(request: HttpRequest, found: "Patient") -> dict[str, "Document"]:
    """Return the papers that may be the evidence, by their opaque id."""
    rows = selectors.documents_of(found, grants=gate.grants(request))
    return {str(row.public_id): row for row in rows if row.state == DocumentState.CURRENT}


def _titles(papers: dict[str, "Document"]) -> list[tuple[str, str]]:
    return [(key, row.title) for key, row in papers.items()]


@requires(Perm.CONSENTS, module=MODULE, methods=("GET", "POST"), unit=DESK)
def consent_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody decided, or a decision is being prepared."""
    found = behind.load(request, public_id)
    papers = _papers(request, found)
    form = forms.ConsentForm(sent(request), papers=_titles(papers))
    page = _page(found, _("New consent"), _("Save"), _("The consent was recorded."))

    def save(data: dict[str, Any]) -> str:
        apart = {"since_on", "until_on", "document"}
        rest = {name: data[name] for name in data if name not in apart}
        services.consent_record(
            found,
            **rest,
            document=papers.get(data["document"]),
            since=_moment(data["since_on"], time(0), found),
            until=_moment(data["until_on"], time(23, 59), found),
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return address(found)

    return answer(request, form, page, save)


@requires(Perm.CONSENTS, module=MODULE, methods=("GET", "POST"), unit=DESK)
def consent_change(request: HttpRequest, public_id: UUID, consent_id: UUID) -> HttpResponse:
    """A draft is given or not done, a consent is withdrawn, or it was entered in error."""
    found = behind.load(request, public_id)
    consent = selectors.consent_get(found, consent_id)
    if consent is None:
        raise NotFound()
    order = [step for step in ConsentState.values if step in CONSENT_STEPS[consent.state]]
    initial = {"version": consent.version, "to": order[0] if order else ""}
    papers = _papers(request, found)
    form = forms.ConsentChangeForm(
        sent(request), initial=initial, steps=order, papers=_titles(papers)
    )
    title = _("Consent: %(name)s") % {"name": ConsentKind(consent.kind).label}
    page = _page(found, title, _("Save"), _("The consent was changed."))

    def save(data: dict[str, Any]) -> str:
        values = {**data, "document": papers.get(data["document"])}
        services.consent_change(consent, **values, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, save)
