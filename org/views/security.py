"""One's own second factors: what there is, adding, removing, recovery codes."""

from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands
from core.doors import SignedIn, requires
from core.errors import NotFound, ServiceError
from core.forms import Form
from core.html import Crumb, render, see_other, toast
from org import gate, selectors, services
from org.adapters import passkeys
from org.adapters import sign_in as entrance
from org.adapters.sign_in import FactorAdapter
from org.forms import CodeForm, PasskeyForm

OWN = SignedIn("second factors are one's own")
SEED = "new_app"


def _is_compulsory(request: HttpRequest) -> bool:
    return settings.SECOND_FACTOR_REQUIRED and gate.grants(request).needs_second_factor


@requires(OWN, module=None, early=True)
def security(request: HttpRequest) -> HttpResponse:
    """The person's factors, and whether one is still wanted."""
    user = gate.person(request)
    rows = selectors.factors_of(user.pk)
    shown = {
        "factors": [_shown(row) for row in rows],
        "has_app": any(row.type == "totp" for row in rows),
        "codes_left": selectors.recovery_codes_left(user.pk, keys=services.recovery_keys()),
        "is_wanted": not rows and _is_compulsory(request),
    }
    return render(request, "org/security.html", shown)


def _shown(row: Any) -> dict[str, Any]:
    is_app = row.type == "totp"
    return {
        "row": row,
        "is_app": is_app,
        "name": _("App that shows codes") if is_app else row.data["name"],
        "word": _("App") if is_app else _("Passkey"),
    }


def _next_step(request: HttpRequest, *, kind: str) -> HttpResponse:
    """After a first factor come the recovery codes; after others the list.

    Making a factor shows that one has it: it is not asked for once more on the next page.
    """
    user = gate.person(request)
    entrance.again_noted(request, user, kind=kind)
    toast(request, _("The second factor was added."))
    if selectors.recovery_codes_left(user.pk, keys=services.recovery_keys()):
        return see_other(request, "org:security")
    return see_other(request, "org:recovery-codes")


@requires(OWN, module=None, methods=("GET", "POST"), early=True, fresh=True)
def app_add(request: HttpRequest) -> HttpResponse:
    """Show the seed as picture and text; the first code of the app proves that it was read."""
    user, adapter = gate.person(request), FactorAdapter()
    if SEED not in request.session:
        request.session[SEED] = adapter.encrypt(services.seed_new())
    seed = adapter.decrypt(request.session[SEED])
    form = CodeForm(commands.sent(request))
    if form.is_valid():
        try:
            services.app_add(user, seed=seed, code=form.cleaned_data["code"], at=clock.now())
        except ServiceError as error:
            commands.refuse(form, error)
        else:
            del request.session[SEED]
            return _next_step(request, kind="totp")
    address = adapter.build_totp_url(user, seed)
    groups = " ".join(seed[at : at + 4] for at in range(0, len(seed), 4))
    shown = {"form": form, "picture": _picture(address), "seed": groups, "address": address}
    return render(request, "org/app_add.html", shown)


def _picture(address: str) -> str:
    found: str = segno.make(address, error="m").svg_data_uri(scale=5, border=3)
    return found


@requires(OWN, module=None, methods=("GET", "POST"), early=True, fresh=True)
def passkey_add(request: HttpRequest) -> HttpResponse:
    """Make a passkey on this device or a key."""
    user = gate.person(request)
    form = PasskeyForm(commands.sent(request))
    if form.is_valid():
        try:
            passkeys.added(user, **form.cleaned_data)
        except ServiceError:
            form.add_error(None, _("The passkey was not made. Try once more."))
        else:
            return _next_step(request, kind="webauthn")
    host, _colon, port = request.get_host().partition(":")
    local = f"http://localhost{_colon}{port}{request.path}" if host == "127.0.0.1" else ""
    shown = {"form": form, "options": passkeys.offer_new(user), "local": local}
    return render(request, "org/passkey_add.html", shown)


@requires(OWN, module=None, methods=("GET", "POST"), early=True, fresh=True)
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make ten codes and show them this once, to print or keep as a file."""
    user = gate.person(request)
    if not selectors.has_factor(user.pk):
        return HttpResponseRedirect(reverse("org:security"))
    codes = []
    if request.method == "POST":
        codes = services.recovery_codes_make(user, at=clock.now())
        if "file" in request.POST:
            text = "\r\n".join([_("Recovery codes, each works once:"), *codes, ""])
            name = 'attachment; filename="recovery-codes.txt"'
            headers = {"Content-Disposition": name}
            return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
    shown = {
        "codes": codes,
        "left": selectors.recovery_codes_left(user.pk, keys=services.recovery_keys()),
        "user_name": user,
    }
    return render(request, "org/recovery_codes.html", shown)


@requires(OWN, module=None, methods=("GET", "POST"), fresh=True)
def factor_remove(request: HttpRequest) -> HttpResponse:
    """One factor opens nothing any more."""
    user = gate.person(request)
    rows = {row.pk: row for row in selectors.factors_of(user.pk)}
    wanted = request.GET.get("factor", "")
    factor_id = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    if factor_id not in rows:
        raise NotFound()
    page = commands.CommandPage(
        title=_("Remove %(factor)s") % {"factor": _shown(rows[factor_id])["name"]},
        submit=_("Remove"),
        back=reverse("org:security"),
        crumbs=(Crumb(_("Security"), reverse("org:security")),),
        done=_("The second factor was removed."),
        intro=_("It opens nothing from now on. With the last one the recovery codes go too."),
        is_risky=True,
    )

    def remove(_data: dict[str, Any]) -> str:
        services.factor_remove(
            user, factor_id=factor_id, is_compulsory=_is_compulsory(request), at=clock.now()
        )
        return reverse("org:security")

    return commands.answer(request, Form(commands.sent(request)), page, remove)
