"""The lock of a screen: locking it, and unlocking it as the same person (SEC-A7, rule 39)."""

import functools
from contextlib import suppress

from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _

from core import clock
from core.doors import SignedIn, requires
from core.errors import Invalid, ServiceError
from core.html import render, see_other
from org import gate, services
from org.adapters import sign_in as entrance
from org.forms import UnlockForm
from org.rules import PIN_MISSES
from org.views.session import next_of
from org.views.sign_in import too_many

_lock_door = functools.partial(requires, module=None, early=True, always=True, locked=True)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _takes_pin(request: HttpRequest) -> bool:
    row = request.session.row  # type: ignore[attr-defined]
    is_left = row is not None and row.pin_misses < PIN_MISSES
    return bool(is_left and gate.person(request).quick_pin and gate.watch(request).takes_pin)


def _check_password(request: HttpRequest, password: str) -> None:
    """Raise Invalid unless it is the person's own; a wrong one counts like one at sign-in."""
    person = gate.person(request)
    tried = entrance.password_try(request, username=person.username, password=password)
    if tried.locked_until:
        raise Invalid(too_many(tried.locked_until), field="password")
    if tried.user is None or tried.user.pk != person.pk:
        raise Invalid(
            _("This is not the password of %(name)s.") % {"name": person.full_name},
            field="password",
        )


def _opened(request: HttpRequest, form: UnlockForm) -> ServiceError | None:
    """Open the screen, or return why it stays shut."""
    person = gate.person(request)
    try:
        if form.cleaned_data.get("pin"):
            key = request.session.session_key or ""
            services.pin_check(person, session_key=key, pin=form.cleaned_data["pin"])
        else:
            _check_password(request, form.cleaned_data["password"])
    except ServiceError as refusal:
        services.unlock_noted(person, is_opened=False, at=clock.now())
        return refusal
    # Sent twice: the answer to the other one holds the new key.
    with suppress(UpdateError), transaction.atomic():
        services.unlock_noted(person, is_opened=True, at=clock.now())
        request.session.cycle_key()
    return None


@_lock_door(SignedIn("the same person goes on where they were"), methods=("GET", "POST"))
def unlock(request: HttpRequest) -> HttpResponse:
    """Ask who signed in here for PIN or password; the session goes on under a new key."""
    if not gate.watch(request).is_locked:
        return _gone_on(request)
    form = UnlockForm(
        request.POST if request.method == "POST" else None, takes_pin=_takes_pin(request)
    )
    if form.is_valid():
        refusal = _opened(request, form)
        if refusal is None:
            return _gone_on(request)
        if isinstance(refusal, services.PinSpent):
            del form.fields["pin"]
        place = refusal.field or ("pin" if "pin" in form.fields else "password")
        form.add_error(place, str(refusal.detail))
    if _is_script(request):
        texts = [str(text) for found in form.errors.values() for text in found]
        shown = {"detail": " ".join(texts), "takes_pin": "pin" in form.fields}
        return JsonResponse(shown, status=422)
    shown = {"form": form, "name": gate.person(request).full_name}
    shown["next"] = request.POST.get("next") or request.GET.get("next") or ""
    return render(request, "org/unlock.html", shown)


def _gone_on(request: HttpRequest) -> HttpResponse:
    if _is_script(request):
        return HttpResponse(status=204)
    return HttpResponseRedirect(next_of(request), status=303)


@_lock_door(SignedIn("a person leaves their screen"), methods=("POST",))
def lock(request: HttpRequest) -> HttpResponse:
    """The screen is locked at once."""
    key = request.session.session_key or ""
    services.screen_lock(gate.person(request), session_key=key, at=clock.now())
    return HttpResponse(status=204) if _is_script(request) else see_other(request, "org:unlock")


@requires(
    SignedIn("a person is still there"), module=None, methods=("POST",), early=True, always=True
)
def stay(request: HttpRequest) -> HttpResponse:
    """A sign of life of the person, noted by PersonMiddleware; says until when it counts."""
    seconds = gate.watch(request).seconds_left
    return HttpResponse(status=204, headers={"HMS-Seconds": f"{seconds:.0f}"})
