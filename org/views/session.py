"""Leaving, standing in another unit, preferences of one's own."""

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from core import clock
from core.doors import SignedIn, requires
from core.errors import NotFound
from core.html import is_htmx, render, see_other, toast
from org import gate, selectors, services
from org.forms import PreferencesForm


def next_of(request: HttpRequest) -> str:
    """Return the page of this site to go on to, the first one when none is named."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else resolve_url("home")


@requires(
    SignedIn("whoever is in may leave"),
    module=None,
    methods=("POST",),
    early=True,
    always=True,
    locked=True,
)
def sign_out(request: HttpRequest) -> HttpResponse:
    """The session ends on the server."""
    services.sign_out_noted(gate.person(request), at=clock.now())
    auth.logout(request)
    return see_other(request, "org:sign-in")


@requires(SignedIn("a person stands in one of their own units"), module=None, methods=("POST",))
def unit_switch(request: HttpRequest) -> HttpResponse:
    """From now on this session stands in the chosen unit, one of the person's own."""
    chosen = selectors.unit_id_of(_uuid_text(request.POST.get("unit", "")))
    if chosen is None or chosen not in gate.grants(request).all_unit_ids():
        raise NotFound()
    request.session["unit"] = chosen
    return HttpResponseRedirect(next_of(request))


def _uuid_text(value: str) -> str | None:
    plain = value.replace("-", "")
    is_hex = len(plain) == 32 and all(character in "0123456789abcdefABCDEF" for character in plain)
    return value if is_hex else None


@requires(SignedIn("preferences are one's own"), module=None, methods=("GET", "POST"))
def preferences(request: HttpRequest) -> HttpResponse:
    """Theme, density, single-letter keys, language; a form with only some keeps the rest."""
    user = gate.person(request)
    stored = {name: getattr(user, name) for name in PreferencesForm.base_fields}
    if request.method == "POST":
        is_partial = "whole" not in request.POST
        data = {**stored, **request.POST.dict()} if is_partial else request.POST
        form = PreferencesForm(data)
        if form.is_valid():
            services.preferences_set(user, values=form.cleaned_data, at=clock.now())
            if is_partial:
                # A script has shown the choice already and needs no page.
                is_told = is_htmx(request)
                return (
                    HttpResponse(status=204) if is_told else HttpResponseRedirect(next_of(request))
                )
            toast(request, _("Saved."))
            return see_other(request, "org:preferences")
    else:
        form = PreferencesForm(initial=stored)
    return render(request, "org/preferences.html", {"form": form})
