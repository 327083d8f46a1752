"""Where a person is signed in, their PIN, and ending the sessions of others (SEC-A8)."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands
from core.doors import SignedIn, requires
from core.errors import NotFound
from core.html import Crumb, render, see_other, toast
from org import gate, selectors, services
from org.client_forms import EndingForm
from org.forms import QuickPinForm
from org.permissions import Perm
from org.views import people


@requires(SignedIn("a person sees where they are signed in"), module=None)
def sessions(request: HttpRequest) -> HttpResponse:
    """One's own sessions, this one marked, and whether a PIN is set."""
    person = gate.person(request)
    shown = {
        "sessions": selectors.session_list(person, at=clock.now()),
        "here": request.session.session_key,
        "has_pin": bool(person.quick_pin),
    }
    return render(request, "org/sessions.html", shown)


@requires(
    SignedIn("one's own sessions are one's own to end"), module=None, methods=("POST",), always=True
)
def session_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One of one's own sessions is over."""
    person = gate.person(request)
    services.session_end(person, public_id, by=person.pk, at=clock.now())
    toast(request, _("That session has ended."))
    return see_other(request, "org:sessions")


@requires(
    SignedIn("one's own sessions are one's own to end"), module=None, methods=("POST",), always=True
)
def sessions_end(request: HttpRequest) -> HttpResponse:
    """All of one's own sessions but this one are over, and so are the apps."""
    person = gate.person(request)
    services.sessions_end(
        person,
        except_key=request.session.session_key or "",
        by=person.pk,
        at=clock.now(),
        reason="by the person",
    )
    toast(request, _("You are signed out everywhere else."))
    return see_other(request, "org:sessions")


OWN_APPS = SignedIn("whom one let act for oneself is one's own to end")


@requires(OWN_APPS, module=None)
def apps(request: HttpRequest) -> HttpResponse:
    """The apps that may act for the person: what they may do, since when, when they last came."""
    shown = {
        "apps": selectors.apps_of(gate.person(request), at=clock.now()),
        "crumbs": (Crumb(_("Security of your login"), reverse("org:security")),),
    }
    return render(request, "org/apps.html", shown)


def _apps_end(request: HttpRequest, public_id: UUID | None) -> None:
    """Raises NotFound for a client that is not known."""
    person = gate.person(request)
    client = selectors.client_get(public_id) if public_id else None
    if public_id and client is None:
        raise NotFound()
    services.tokens_end(person, client=client, by=person.pk, at=clock.now(), reason="by the person")


@requires(OWN_APPS, module=None, methods=("POST",), always=True)
def app_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One app acts for the person no more."""
    _apps_end(request, public_id)
    toast(request, _("The app may not act for you any more."))
    return see_other(request, "org:apps")


@requires(OWN_APPS, module=None, methods=("POST",), always=True)
def apps_end(request: HttpRequest) -> HttpResponse:
    """No app acts for the person any more."""
    _apps_end(request, None)
    toast(request, _("No app acts for you any more."))
    return see_other(request, "org:apps")


@requires(SignedIn("a PIN is one's own"), module=None, methods=("GET", "POST"), fresh=True)
def quick_pin(request: HttpRequest) -> HttpResponse:
    """A PIN opens one's own locked screens from now on; `remove` takes it away."""
    person, back = gate.person(request), reverse("org:sessions")
    if "remove" in request.POST:
        services.quick_pin_set(person, pin="", at=clock.now())
        toast(request, _("The PIN was removed."))
        return see_other(request, "org:sessions")
    page = commands.CommandPage(
        title=_("PIN for locked screens"),
        submit=_("Set PIN"),
        back=back,
        crumbs=(Crumb(_("Where I am signed in"), back),),
        done=_("The PIN was set."),
    )

    def save(data: dict[str, Any]) -> str:
        services.quick_pin_set(person, pin=data["pin"], at=clock.now())
        return back

    return commands.answer(request, QuickPinForm(commands.sent(request)), page, save)


@requires(Perm.END_SESSIONS, module=None, methods=("GET", "POST"), fresh=True, always=True)
def person_sessions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Sessions and apps of a person in reach; all of them, or the apps, end for a reason."""
    found = selectors.person_get(
        grants=gate.grants(request), public_id=public_id, permission=Perm.END_SESSIONS
    )
    if found is None:
        raise NotFound()
    page = commands.CommandPage(
        title=_("Sessions and apps of %(person)s") % {"person": found.full_name},
        submit=_("End them"),
        back=people.address(found),
        crumbs=people.crumbs(found),
        done=_("They have ended."),
        is_risky=True,
        template="org/person_sessions.html",
        extra={
            "sessions": selectors.session_list(found, at=clock.now()),
            "apps": selectors.apps_of(found, at=clock.now()),
        },
    )

    def end(data: dict[str, Any]) -> str:
        ending = services.sessions_end if data["what"] == "all" else services.tokens_end
        ending(found, by=gate.person(request).pk, at=clock.now(), reason=data["reason"])
        return people.address(found)

    return commands.answer(request, EndingForm(commands.sent(request)), page, end)
