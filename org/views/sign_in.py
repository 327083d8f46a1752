"""The way in: password or passkey, second factor, and being asked again before what matters."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core import clock, context, limits
from core.doors import Public, SignedIn, requires
from core.errors import ServiceError
from core.html import render
from org import gate, selectors, services
from org.adapters import passkeys
from org.adapters import sign_in as entrance
from org.forms import CodeForm, ConfirmForm, CredentialForm, SignInForm
from org.rules import username_plain
from org.views.session import next_of

SLOW_DOWN = 60


def _limit(username: str) -> None:
    """Guessing is slowed: per name at one address, and per address. Raises TooMany."""
    address = context.asker().address
    if username:
        name = f"{username_plain(username)} {address}"
        limits.check("sign-in", name, limit=10, window=SLOW_DOWN)
    limits.check("sign-in-address", address, limit=600, window=SLOW_DOWN)


def too_many(until: datetime) -> str:
    """Say until when the name is locked."""
    return _("Too many wrong passwords for this name. Try again at %(time)s.") % {
        "time": date_format(timezone.localtime(until), "H:i")
    }


@requires(
    Public("nobody is signed in before signing in"),
    module=None,
    methods=("GET", "POST"),
    always=True,
)
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; a wrong pair is one message, whichever half was wrong."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_of(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _limit(form.cleaned_data["username"])
        tried = entrance.password_try(request, **form.cleaned_data)
        if tried.user is not None:
            return entrance.sign_in(request, tried.user, target=next_of(request))
        wrong = _("This user name and password do not belong together.")
        form.add_error(None, too_many(tried.locked_until) if tried.locked_until else wrong)
    return _page(request, form)


def _page(request: HttpRequest, form: SignInForm) -> HttpResponse:
    shown = {"form": form, "next": request.POST.get("next") or request.GET.get("next") or ""}
    shown["has_mailbox"] = settings.DEMO_MAILBOX
    return render(request, "org/sign_in.html", shown | {"passkey": CredentialForm()})


@requires(
    Public("a passkey is asked for before signing in"),
    module=None,
    methods=("GET", "POST"),
    always=True,
)
def passkey(request: HttpRequest) -> HttpResponse:
    """Give the browser its challenge; take its answer: a passkey says by itself who it is."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_of(request))
    _limit("")
    if request.method != "POST":
        return JsonResponse(passkeys.offer(None), headers={"Cache-Control": "no-store"})
    try:
        who = passkeys.answered(None, _credential_of(request))
    except ServiceError:
        services.sign_in_noted(None, at=clock.now(), reason="webauthn")
        return _refused(request)
    return passkeys.sign_in(request, who, target=next_of(request))


def _refused(request: HttpRequest) -> HttpResponse:
    shown: dict[str, Any] = {"form": SignInForm(), "passkey": CredentialForm(), "next": ""}
    shown["refused"] = _("This passkey is not known here. Sign in with your password.")
    return render(request, "org/sign_in.html", shown, status=422)


def _credential_of(request: HttpRequest) -> Any:
    form = CredentialForm(request.POST)
    return form.cleaned_data["credential"] if form.is_valid() else None


@requires(
    Public("nobody is in before the second factor"),
    module=None,
    methods=("GET", "POST"),
    always=True,
)
def second_factor(request: HttpRequest) -> HttpResponse:
    """After the password: the code of the app, a passkey or a recovery code."""
    stage = entrance.pending(request)
    if stage is None:
        return HttpResponseRedirect(reverse("org:sign-in"))
    user = stage.login.user
    form = CodeForm(request.POST if "code" in request.POST else None)
    try:
        kind = _factor_of(request, user, form)
    except ServiceError as error:
        form.add_error(None, str(error.detail))
        kind = ""
    if kind:
        return entrance.factor_done(request, stage, kind=kind)
    return render(request, "org/sign_in_code.html", _factor_page(user, form))


def _factor_of(request: HttpRequest, user: Any, form: CodeForm) -> str:
    """Return which factor opened, or "" when none was sent yet. Raises ServiceError."""
    if "credential" in request.POST:
        form.cleaned_data = {}
        form.is_bound = True
        try:
            passkeys.answered(user, _credential_of(request))
        except ServiceError:
            services.sign_in_noted(None, at=clock.now(), reason="webauthn", name=user.username)
            raise
        return "webauthn"
    if not form.is_valid():
        return ""
    return services.code_use(user, code=form.cleaned_data["code"], at=clock.now())


def _factor_page(user: Any, form: Any) -> dict[str, Any]:
    kinds = {row.type for row in selectors.factors_of(user.pk)}
    return {
        "form": form,
        "has_app": "totp" in kinds,
        "has_codes": selectors.recovery_codes_left(user.pk, keys=services.recovery_keys()) > 0,
        "passkey": CredentialForm(),
        "options": passkeys.offer(user) if "webauthn" in kinds else None,
    }


@requires(
    SignedIn("whoever is in says again who they are"),
    module=None,
    methods=("GET", "POST"),
    early=True,
    always=True,
)
def again(request: HttpRequest) -> HttpResponse:
    """Before what matters: the second factor once more, or the password where there is none."""
    user = gate.person(request)
    has_factor = selectors.has_factor(user.pk)
    form_class: Any = CodeForm if has_factor else ConfirmForm
    is_bound = bool({"code", "password"} & set(request.POST))
    form = form_class(request.POST if is_bound else None)
    try:
        kind = _factor_of(request, user, form) if has_factor else _password_of(request, form)
    except ServiceError as error:
        form.add_error(None, str(error.detail))
        kind = ""
    if kind:
        services.identity_noted(user, kind=kind, at=clock.now())
        entrance.again_noted(request, user, kind=kind)
        return HttpResponseRedirect(next_of(request))
    shown = _factor_page(user, form) | {
        "has_factor": has_factor,
        "next": request.POST.get("next") or request.GET.get("next") or "",
        "minutes": settings.ACCOUNT_REAUTHENTICATION_TIMEOUT // 60,
    }
    return render(request, "org/sign_in_again.html", shown)


def _password_of(request: HttpRequest, form: ConfirmForm) -> str:
    if not form.is_valid():
        return ""
    user = gate.person(request)
    _limit(user.username)
    password = form.cleaned_data["password"]
    tried = entrance.password_try(request, username=user.username, password=password)
    if tried.user is not None:
        return "password"
    wrong = _("This is not your password.")
    form.add_error("password", too_many(tried.locked_until) if tried.locked_until else wrong)
    return ""
