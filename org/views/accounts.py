"""Doors of logins: passwords, opening, suspending, leaving."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import clock
from core.doors import requires
from org import gate, services
from org.forms import PasswordForm, ReasonForm
from org.permissions import Perm
from org.views import commands, people

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
def person_password(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The person signs in with a new password from now on."""
    found = people.load_login(request, public_id)
    page = _page(
        found,
        _("New password for %(person)s"),
        _("Set password"),
        _("The password was set."),
        intro=_("Tell it to the person only. Open sessions of this person end."),
    )

    def set_password(data: dict[str, Any]) -> str:
        services.password_set(
            found, password=data["password"], by=gate.person(request).pk, at=clock.now()
        )
        return people.address(found)

    return commands.answer(request, PasswordForm(commands.sent(request)), page, set_password)


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
