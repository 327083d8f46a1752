"""Saying again who one is, before what should not happen behind an open screen (SEC-A11)."""

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from core import clock
from core.doors import SignedIn, requires
from core.html import render
from org import gate, services
from org.forms import ConfirmForm
from org.views.session import next_of


@requires(
    SignedIn("a person says again who they are"),
    module=None,
    methods=("GET", "POST"),
    early=True,
    always=True,
)
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password once more; the right one opens such doors for 10 minutes."""
    person = gate.person(request)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        password = form.cleaned_data["password"]
        user = auth.authenticate(request, username=person.username, password=password)
        services.sign_in_noted(user, at=clock.now())
        if user is not None and user.pk == person.pk:
            reauthenticate_by_password(request)
            return HttpResponseRedirect(next_of(request))
        form.add_error("password", _("This is not your password."))
    shown = {"form": form, "next": request.POST.get("next") or request.GET.get("next") or ""}
    return render(request, "org/step_up.html", shown)
