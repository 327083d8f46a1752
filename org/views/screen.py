"""The lock of a screen: locking it, and unlocking it as the same person (SEC-A7, rule 39)."""

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from core import clock
from core.doors import SignedIn, requires
from core.html import render, see_other
from org import gate, services
from org.forms import ConfirmForm
from org.views.session import next_of


@requires(
    SignedIn("the same person goes on where they were"),
    module=None,
    methods=("GET", "POST"),
    early=True,
    always=True,
    locked=True,
)
def unlock(request: HttpRequest) -> HttpResponse:
    """Ask who signed in here for their password; the session goes on under a new key."""
    if not gate.watch(request).is_locked:
        return HttpResponseRedirect(next_of(request))
    person = gate.person(request)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        password = form.cleaned_data["password"]
        user = auth.authenticate(request, username=person.username, password=password)
        is_same = user is not None and user.pk == person.pk
        services.unlock_noted(person, is_opened=is_same, at=clock.now())
        if is_same:
            request.session.cycle_key()
            return HttpResponseRedirect(next_of(request), status=303)
        form.add_error("password", _("This is not the password of %(name)s.") % _named(request))
    shown = {"form": form, **_named(request)}
    shown["next"] = request.POST.get("next") or request.GET.get("next") or ""
    return render(request, "org/unlock.html", shown)


def _named(request: HttpRequest) -> dict[str, str]:
    return {"name": gate.person(request).full_name}


@requires(
    SignedIn("a person leaves their screen"),
    module=None,
    methods=("POST",),
    early=True,
    always=True,
    locked=True,
)
def lock(request: HttpRequest) -> HttpResponse:
    """The screen is locked at once."""
    services.lock_noted(gate.person(request), at=clock.now())
    request.session.lock(at=clock.now())  # type: ignore[attr-defined]
    return see_other(request, "org:unlock")
