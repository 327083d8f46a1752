"""Passwords are chosen by their owners only: by a link, when forgotten, or to change them."""

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import clock, commands, context, limits
from core.doors import Public, SignedIn, requires
from core.errors import ServiceError
from core.html import render, see_other, toast
from org import gate, services
from org.forms import ForgottenForm, PasswordForm


@requires(Public("whoever forgot is not signed in"), module=None, methods=("GET", "POST"))
def forgotten(request: HttpRequest) -> HttpResponse:
    """Take a user name or address; the answer is the same whether anybody has it."""
    form = ForgottenForm(commands.sent(request))
    is_sent = form.is_valid()
    if is_sent:
        limits.check("reset", context.asker().address, limit=20, window=600)
        limits.check("reset-name", form.cleaned_data["name"].casefold(), limit=3, window=600)
        services.reset_ask(form.cleaned_data["name"], at=clock.now())
    shown = {"form": form, "is_sent": is_sent, "has_mailbox": settings.DEMO_MAILBOX}
    return render(request, "org/password_forgotten.html", shown)


def _key(typed: str) -> str:
    """A link copied from paper brings the signs along at which its line may break."""
    return "".join(char for char in typed[:200] if char.isascii() and not char.isspace())[:100]


@requires(Public("the link itself says who it is"), module=None, methods=("GET", "POST"))
def choose(request: HttpRequest) -> HttpResponse:
    """Whoever holds the link chooses the password, once."""
    limits.check("account-key", context.asker().address, limit=60, window=60)
    token, form = _key(request.GET.get("key", "")), PasswordForm(commands.sent(request))
    try:
        user = services.key_holder(token, at=clock.now())
        if form.is_valid():
            services.key_use(token, password=form.cleaned_data["password"], at=clock.now())
            toast(request, _("Your password is set. Sign in with it."))
            return see_other(request, "org:sign-in")
    except services.KeyGone as error:
        shown = {"gone": str(error.detail)}
        return render(request, "org/password_choose.html", shown, status=error.status)
    except ServiceError as error:
        commands.refuse(form, error)
    answer = render(request, "org/password_choose.html", {"form": form, "user_name": user.username})
    # The address stays here; without any referrer browsers would send the form from "null".
    answer["Referrer-Policy"] = "strict-origin"
    return answer


@requires(
    SignedIn("a password is one's own"),
    module=None,
    methods=("GET", "POST"),
    early=True,
    fresh=True,
)
def change(request: HttpRequest) -> HttpResponse:
    """One's own password changes; every other session of the person ends."""
    user = gate.person(request)
    form = PasswordForm(commands.sent(request))
    if form.is_valid():
        key = request.session.session_key or ""
        try:
            changed = services.password_change(
                user, password=form.cleaned_data["password"], keep_session=key, at=clock.now()
            )
        except ServiceError as error:
            commands.refuse(form, error)
        else:
            try:
                auth.update_session_auth_hash(request, changed)
            except UpdateError:
                # Sent twice: the answer to the other one holds the new key.
                return see_other(request, "org:security")
            toast(request, _("Your password was changed. Your other sessions have ended."))
            return see_other(request, "org:security")
    return render(request, "org/password_change.html", {"form": form})
