"""Doors of logins: passwords, opening, suspending, leaving."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands
from core.doors import requires
from core.errors import ServiceError
from core.forms import Form
from core.html import render, see_other, toast
from org import gate, services
from org.forms import ReasonForm
from org.permissions import Perm
from org.views import people

if TYPE_CHECKING:
    from org.models import User


def _page(found: "User", title: str, submit: str, done: str, **rest: Any) -> commands.CommandPage:
    return commands.CommandPage(
        title=title % {"person": found.full_name},
        submit=submit,
        back=people.address(found),
        crumbs=people.crumbs(found),
        done=done,
        **rest,
    )


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"), fresh=True)
def person_link(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The person gets a link to choose a password with: by mail, or on paper from this screen."""
    found = people.load_login(request, public_id)
    by, link, form = gate.person(request).pk, "", Form(commands.sent(request))
    try:
        kind = services.kind_for(found)
        if request.method == "POST" and "show" in request.POST:
            token = services.key_issue(found, kind=kind, by=by, at=clock.now())
            link = request.build_absolute_uri(f"{reverse('org:password-choose')}?key={token}")
        elif request.method == "POST":
            services.key_send(found, by=by, at=clock.now())
            toast(request, _("The mail is on its way."))
            return see_other(request, people.address(found))
    except ServiceError as error:
        form.add_error(None, str(error.detail))
    shown = {"person": found, "crumbs": people.crumbs(found), "link": link, "form": form}
    return render(request, "org/person_link.html", shown)


def _step(
    request: HttpRequest, found: "User", page: commands.CommandPage, service: Callable[..., "User"]
) -> HttpResponse:
    def step(data: dict[str, Any]) -> str:
        service(found, reason=data["reason"], by=gate.person(request).pk, at=clock.now())
        return people.address(found)

    return commands.answer(request, ReasonForm(commands.sent(request)), page, step)


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"), fresh=True)
def person_activate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The login may be used."""
    found = people.load_login(request, public_id)
    page = _page(
        found,
        _("Open the login of %(person)s"),
        _("Open login"),
        _("The login is open."),
    )
    return _step(request, found, page, services.account_activate)


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"), fresh=True)
def person_suspend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The login opens nothing until it is opened again."""
    found = people.load_login(request, public_id)
    page = _page(
        found,
        _("Suspend the login of %(person)s"),
        _("Suspend login"),
        _("The login is suspended."),
        intro=_("From the next click on, this login opens nothing."),
        is_risky=True,
    )
    return _step(request, found, page, services.account_suspend)


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"), fresh=True)
def person_leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The person has left the hospital."""
    found = people.load_login(request, public_id)
    page = _page(
        found,
        _("%(person)s has left"),
        _("Record that the person has left"),
        _("The person has left. The login opens nothing."),
        intro=_("The login opens nothing any more. What the person recorded stays."),
        is_risky=True,
    )
    return _step(request, found, page, services.account_leave)


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"))
def person_unlock(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The person may try their password again at once."""
    found = people.load_login(request, public_id)
    page = _page(
        found,
        _("Lift the lock of %(person)s"),
        _("Lift the lock"),
        _("The lock was lifted."),
        intro=_("First make sure that it was the person who mistyped the password."),
    )
    return _step(request, found, page, services.lock_lift)


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"), fresh=True)
def person_factors(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The person lost phone or key: the password opens again, and a new factor is set up."""
    found = people.load_login(request, public_id)
    page = _page(
        found,
        _("Second factor lost: %(person)s"),
        _("Remove all second factors"),
        _("The second factors were removed."),
        intro=_(
            "First make sure that it is really this person: face to face, or by calling back a "
            "number you know. Until they set up a new one, the password alone protects the login."
        ),
        is_risky=True,
    )
    return _step(request, found, page, services.factors_clear)
