"""Doors of API clients: which programs may ask for tokens, for what, until when."""

import base64
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands, paging
from core.doors import requires
from core.errors import Denied, NotFound, ServiceError
from core.html import Crumb, render
from org import gate, selectors, services
from org.client_forms import ClientEditForm, ClientFilterForm, ClientForm
from org.forms import ReasonForm
from org.permissions import Perm, may_manage_login
from org.rules import SCOPES
from org.states import ClientKind
from org.views import looks

if TYPE_CHECKING:
    from org.models import ApiClient

ORDER = ("application__name", "id")


def load(public_id: UUID) -> "ApiClient":
    """Return the client. Raises NotFound."""
    found = selectors.client_get(public_id)
    if found is None:
        raise NotFound()
    return found


def may_change(request: Any, client: "ApiClient") -> bool:
    """Say whether the asker may change the client.

    A system lends the rights of its login: it is changed only by whoever manages that login.
    """
    user = client.application.user
    return user is None or may_manage_login(gate.grants(request), user, at=clock.now())


def load_to_change(request: HttpRequest, public_id: UUID) -> "ApiClient":
    """Return a client that the asker may change. Raises NotFound, Denied."""
    found = load(public_id)
    if not may_change(request, found):
        raise Denied(_("The login of this system works where you do not manage people."))
    return found


def _address(client: "ApiClient") -> str:
    return reverse("org:client", args=[client.public_id])


def _crumbs(client: "ApiClient | None" = None) -> tuple[Crumb, ...]:
    first = Crumb(_("API clients"), reverse("org:clients"))
    if client is None:
        return (first,)
    return (first, Crumb(client.application.name, _address(client)))


@requires(Perm.VIEW_CLIENTS, module=None)
def clients(request: HttpRequest) -> HttpResponse:
    """Every client by name: what it is for, whether it is open, when it last came."""
    form = ClientFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = selectors.client_list(search=wanted.get("q", ""), state=wanted.get("state", ""))
    page = paging.page(rows, order=ORDER, cursor=request.GET.get("cursor", ""))
    context = {
        "filter": form,
        "is_filtered": any(wanted.values()),
        "rows": [{"row": row, "look": looks.client_look(row)} for row in page.items],
        "pages": page,
        "may_manage": gate.grants(request).has(Perm.MANAGE_CLIENTS),
    }
    return render(request, "org/clients.html", context)


@requires(Perm.VIEW_CLIENTS, module=None)
def client(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One client: kind, scopes in plain words, addresses, last use, living tokens."""
    found, held = load(public_id), gate.grants(request)
    user = found.application.user
    seen = user and selectors.person_get(grants=held, public_id=user.public_id)
    context = {
        "client": found,
        "kind": ClientKind(found.kind).label,
        "is_app": found.kind == ClientKind.APP,
        "look": looks.client_look(found),
        "crumbs": _crumbs(),
        "scopes": [(name, SCOPES[name].words) for name in found.scopes if name in SCOPES],
        "addresses": found.application.redirect_uris.split(),
        "living": selectors.client_living(found, at=clock.now()),
        "login": seen,
        "works": selectors.assignment_list(grants=held, user_id=user.pk)[:5] if seen else [],
        "closed_by": selectors.names_of({found.closed_by}) if found.closed_by else {},
        "may_manage": held.has(Perm.MANAGE_CLIENTS)
        and found.closed_at is None
        and may_change(request, found),
    }
    return render(request, "org/client.html", context)


def _shown_once(request: HttpRequest, made: services.Registered, title: str) -> HttpResponse:
    """The secret stands on this page and nowhere else, now or later."""
    name = made.client.application.client_id
    text = f"client_id={name}\r\nclient_secret={made.secret}\r\n"
    context = {
        "made": made,
        "title": title,
        "crumbs": _crumbs(made.client),
        "client_id": name,
        "is_system": made.client.kind == ClientKind.SYSTEM,
        "login": made.client.application.user,
        "file": base64.b64encode(text.encode()).decode() if made.secret else "",
    }
    answer = render(request, "org/client_secret.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "strict-origin"
    return answer


@requires(Perm.MANAGE_CLIENTS, module=None, methods=("GET", "POST"), fresh=True)
def client_new(request: HttpRequest) -> HttpResponse:
    """A program may ask for tokens; its secret is shown this once."""
    form, status = ClientForm(commands.sent(request)), None
    if form.is_valid():
        try:
            made = services.client_register(
                **form.cleaned_data, by=gate.person(request).pk, at=clock.now()
            )
        except ServiceError as error:
            status = commands.refuse(form, error)
        else:
            return _shown_once(request, made, _("The client is registered"))
    page = commands.CommandPage(
        title=_("New API client"),
        submit=_("Register"),
        back=reverse("org:clients"),
        crumbs=_crumbs(),
        done="",
    )
    return render(request, page.template, {"form": form, "page": page}, status=status)


@requires(Perm.MANAGE_CLIENTS, module=None, methods=("GET", "POST"), fresh=True)
def client_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Name, purpose, scopes or addresses of a client change."""
    found = load_to_change(request, public_id)
    stored = {
        "name": found.application.name,
        "purpose": found.purpose,
        "contact": found.contact,
        "scopes": found.scopes,
        "addresses": "\n".join(found.application.redirect_uris.split()),
        "version": found.version,
    }
    page = commands.CommandPage(
        title=_("Change %(client)s") % {"client": found.application.name},
        submit=_("Save"),
        back=_address(found),
        crumbs=_crumbs(found),
        done=_("The client was changed."),
        intro=_("A scope that is taken away is gone from tokens already given at once."),
    )

    def change(data: dict[str, Any]) -> str:
        services.client_update(found, **data, by=gate.person(request).pk, at=clock.now())
        return _address(found)

    form = ClientEditForm(commands.sent(request), initial=stored)
    return commands.answer(request, form, page, change)


@requires(Perm.MANAGE_CLIENTS, module=None, methods=("GET", "POST"), fresh=True)
def client_secret(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A client gets a new secret, shown this once; the old one opens nothing any more."""
    found = load_to_change(request, public_id)
    form, status = ReasonForm(commands.sent(request)), None
    if form.is_valid():
        try:
            made = services.client_secret_renew(
                found,
                reason=form.cleaned_data["reason"],
                by=gate.person(request).pk,
                at=clock.now(),
            )
        except ServiceError as error:
            status = commands.refuse(form, error)
        else:
            return _shown_once(request, made, _("The client has a new secret"))
    page = commands.CommandPage(
        title=_("New secret for %(client)s") % {"client": found.application.name},
        submit=_("Make a new secret"),
        back=_address(found),
        crumbs=_crumbs(found),
        done="",
        intro=_(
            "The old secret opens nothing from that moment on: the program stands still until it "
            "has the new one. Tokens already given live on, ten minutes or until they are renewed."
        ),
        is_risky=True,
    )
    return render(request, page.template, {"form": form, "page": page}, status=status)


@requires(Perm.MANAGE_CLIENTS, module=None, methods=("GET", "POST"), fresh=True, always=True)
def client_close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A client gets no tokens any more, and those it has are void."""
    found = load_to_change(request, public_id)
    page = commands.CommandPage(
        title=_("Close %(client)s") % {"client": found.application.name},
        submit=_("Close for good"),
        back=_address(found),
        crumbs=_crumbs(found),
        done=_("The client is closed."),
        intro=_(
            "All its tokens are void at once, and it is never opened again: a program that is "
            "needed once more is registered anew."
        ),
        is_risky=True,
    )

    def close(data: dict[str, Any]) -> str:
        services.client_close(
            found, reason=data["reason"], by=gate.person(request).pk, at=clock.now()
        )
        return _address(found)

    return commands.answer(request, ReasonForm(commands.sent(request)), page, close)
