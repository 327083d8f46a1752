"""Doors of pre-registration: the desk invites and checks, the patient answers by a link."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock, paging
from core.commands import CommandPage, answer, refuse, sent
from core.doors import requires
from core.errors import ServiceError
from core.html import Crumb, Look, render, see_other, toast
from core.notify import address_of
from core.retries import retried
from org import gate
from patients import behind, selectors, services
from patients.forms.identity import ConfirmForm
from patients.forms.preregistration import (
    InviteForm,
    MatchForm,
    PreRegistrationsFilterForm,
    RejectForm,
)
from patients.permissions import Perm, unreadable
from patients.rules.preregistration import born_of
from patients.selectors import Told
from patients.states import ChangeKind, PreRegistrationState
from patients.views import shown
from patients.views.answers import answers_shown
from patients.views.desk import MODULE, registered
from patients.views.editing import changed_of, edited

if TYPE_CHECKING:
    from patients.models import PreRegistration

_LOOKS: dict[str, tuple[str, str]] = {
    PreRegistrationState.INVITED: ("mute", "clock"),
    PreRegistrationState.SENT: ("warn", "eye"),
    PreRegistrationState.ACCEPTED: ("ok", "circle-check"),
    PreRegistrationState.REJECTED: ("mute", "x"),
    PreRegistrationState.EXPIRED: ("mute", "clock"),
}


def state_look(row: "PreRegistration") -> Look:
    """Return how a pre-registration stands."""
    return Look(*_LOOKS[row.state], str(PreRegistrationState(row.state).label))


def _waiting(request: HttpRequest, public_id: UUID) -> Told | None:
    """Return what waits to be checked; None for what does not any more, or not yet."""
    row = behind.preregistration(request, public_id)
    if row.state != PreRegistrationState.SENT:
        return None
    return selectors.told(row, grants=gate.grants(request))


def _waits_not(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Sent twice, or somebody else was faster: its own page says what became of it."""
    toast(request, _("This does not wait to be checked any more."), tone="info")
    return see_other(request, "patients:preregistration", public_id)


def _crumbs(row: "PreRegistration | None" = None) -> tuple[Crumb, ...]:
    way = (*behind.crumbs(), Crumb(_("Pre-registrations"), reverse("patients:preregistrations")))
    return way if row is None else (*way, Crumb(_("Pre-registration"), _address(row)))


def _address(row: "PreRegistration") -> str:
    return reverse("patients:preregistration", args=[row.public_id])


def name_told(told: Told) -> str:
    """Return who answered, as they call themselves, or what the desk noted for whom it is."""
    names = [str(told.answers.get(name) or "") for name in ("family", "given")]
    return ", ".join(name for name in names if name) or told.note


@requires(Perm.REGISTER, module=None)
def preregistrations(request: HttpRequest) -> HttpResponse:
    """Who said before coming who they are, and who was asked and has not answered."""
    form = PreRegistrationsFilterForm(request.GET)
    which = (form.cleaned_data["which"] or "sent") if form.is_valid() else "sent"
    held = gate.grants(request)
    rows = selectors.preregistration_list(grants=held, which="" if which == "all" else which)
    order = ("sent_at", "id") if which == "sent" else ("-id",)
    page = paging.page(rows, order=order, cursor=request.GET.get("cursor", ""))
    told = [selectors.told(row, grants=held) for row in page.items]
    look(count=len(told), kind="list")
    context = {
        "filter": form,
        "rows": [
            {"told": each, "name": name_told(each), "look": state_look(each.row)} for each in told
        ],
        "pages": page,
        "is_filtered": bool(request.GET.get("which")),
        "crumbs": behind.crumbs(),
    }
    return render(request, "patients/preregistrations.html", context)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def preregistration_new(request: HttpRequest) -> HttpResponse:
    """Somebody is asked to say who they are before coming: by mail, or by a link shown once."""
    form = InviteForm(sent(request))
    page = CommandPage(
        title=_("Invite to pre-register"),
        submit=_("Invite"),
        back=reverse("patients:preregistrations"),
        crumbs=_crumbs(),
        done="",
        intro=_("The patient answers on a phone or computer; you check it when they come."),
    )
    status = None
    if request.method == "POST" and form.is_valid():
        try:
            made = retried(lambda: _invite(request, form.cleaned_data))
        except ServiceError as error:
            status = refuse(form, error)
        else:
            if made.token:
                return _link_shown(request, made.row, made.token)
            toast(request, _("The mail with the link is on its way."))
            return see_other(request, _address(made.row))
    return render(request, page.template, {"form": form, "page": page}, status=status)


def _invite(request: HttpRequest, data: dict[str, Any]) -> services.Invited:
    return services.preregistration_invite(
        unit_id=behind.desk_unit(request, Perm.REGISTER),
        **data,
        by=gate.person(request).pk,
        at=clock.now(),
    )


def _link_shown(request: HttpRequest, row: "PreRegistration", token: str) -> HttpResponse:
    link = address_of(f"{reverse('patients:welcome')}?key={token}")
    context = {
        "row": row,
        "link": link,
        "picture": segno.make(link, error="m").svg_data_uri(scale=5, border=3),
        "crumbs": _crumbs(row),
        "done": _address(row),
    }
    return render(request, "patients/preregistration_link.html", context)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.preregistration_unit)
def preregistration_link(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A new link takes the place of one that got lost."""
    row = behind.preregistration(request, public_id)
    form = ConfirmForm(sent(request))
    status = None
    if request.method == "POST" and form.is_valid():
        by, now = gate.person(request).pk, clock.now()
        try:
            token = retried(lambda: services.preregistration_link(row, by=by, at=now))
        except ServiceError as error:
            status = refuse(form, error)
        else:
            return _link_shown(request, row, token)
    page = CommandPage(
        title=_("New link"),
        submit=_("Show a new link"),
        back=_address(row),
        crumbs=_crumbs(row),
        done="",
        intro=_("The link before opens nothing from then on."),
    )
    return render(request, page.template, {"form": form, "page": page}, status=status)


@requires(Perm.REGISTER, module=None)
def preregistration(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What somebody said before coming, and whose record it may be."""
    row, held, now = behind.preregistration(request, public_id), gate.grants(request), clock.now()
    told = selectors.told(row, grants=held)
    found = []
    if row.state == PreRegistrationState.SENT:
        found = selectors.candidates(dict(told.answers), born_of(told.answers), at=now)
        services.matches_noted([each.patient for each in found], by=gate.person(request).pk, at=now)
    record = row.patient
    if record is not None:
        record = selectors.patient_get(grants=held, public_id=record.public_id, at=now)
    context = {
        "told": told,
        "name": name_told(told),
        "look": state_look(row),
        "answers": answers_shown(told.answers),
        "matches": shown.matches_shown(found),
        "record": record,
        "is_waiting": row.state == PreRegistrationState.SENT,
        "is_open": row.state in {PreRegistrationState.SENT, PreRegistrationState.INVITED},
        "crumbs": _crumbs(),
        "hidden": unreadable(held, ["mobile"]),
    }
    return render(request, "patients/preregistration.html", context)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.preregistration_unit)
def preregistration_register(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Whoever answered gets a record of their own, from a form that says what they said."""
    told = _waiting(request, public_id)
    if told is None:
        return _waits_not(request, public_id)

    def save(*, key: UUID, values: dict[str, Any], **said: Any) -> Any:
        return services.preregistration_register(
            told.row,
            public_id=key,
            values=_unseen(request, told) | values,
            by=gate.person(request).pk,
            at=clock.now(),
            **said,
        )

    extra = {
        "answers": answers_shown(told.answers),
        "crumbs": _crumbs(told.row),
        "back": _address(told.row),
    }
    return registered(request, save, told=told.answers, extra=extra)


def _unseen(request: HttpRequest, told: Told) -> dict[str, Any]:
    """Return what was answered and the clerk may not read: it is taken over as it was said."""
    answers = selectors.answers_of(told.row)
    return {name: answers[name] for name in unreadable(gate.grants(request), answers)}


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.preregistration_unit)
def preregistration_match(request: HttpRequest, public_id: UUID, patient_id: UUID) -> HttpResponse:
    """Whoever answered has this record already: it changes as the desk checks it."""
    told = _waiting(request, public_id)
    if told is None:
        return _waits_not(request, public_id)
    found = behind.load(request, patient_id)

    def save(data: dict[str, Any]) -> None:
        said = changed_of(request, data)
        services.preregistration_match(
            told.row,
            found,
            **(said | {"values": _unseen(request, told) | said["values"]}),
            by=gate.person(request).pk,
            at=clock.now(),
        )

    extra = {
        "answers": answers_shown(told.answers),
        "crumbs": _crumbs(told.row),
        "back": _address(told.row),
    }
    return edited(
        request,
        found,
        save,
        form_class=MatchForm,
        told={**told.answers, "kind": ChangeKind.NEW},
        extra=extra,
    )


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.preregistration_unit)
def preregistration_reject(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Nothing of it comes into a record, and the answers are gone."""
    row = behind.preregistration(request, public_id)
    page = CommandPage(
        title=_("Do not take over"),
        submit=_("Discard the answers"),
        back=_address(row),
        crumbs=_crumbs(row),
        done=_("The answers are gone; nothing came into a record."),
        is_risky=True,
        intro=_("For jokes, mistakes, and people who will not come. This cannot be undone."),
    )

    def reject(data: dict[str, Any]) -> str:
        services.preregistration_reject(
            row, reason=data["reason"], by=gate.person(request).pk, at=clock.now()
        )
        return reverse("patients:preregistrations")

    return answer(request, RejectForm(sent(request)), page, reject)
