"""Doors of whoever runs the system: its state, the read-only switch, facts that got stuck."""

import sys
from datetime import timedelta
from typing import Any

import django
from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import clock, commands, events, mode
from core.doors import requires
from core.forms import Form
from core.health import Sign
from core.html import Crumb, render, see_other, toast
from hms import build, readiness
from org import gate, selectors, services
from org.permissions import Perm

SHOWN = 200
LONGEST = 3 * 24 * 60


class ModeOnForm(Form):
    """Why, and for about how long, nothing new is taken."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=mode.REASON_AT_MOST,
        help_text=gettext_lazy("Everybody who is signed in reads this."),
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Expected to last (minutes)"),
        min_value=1,
        max_value=LONGEST,
        required=False,
        help_text=gettext_lazy("It does not end by itself; this only tells people what to expect."),
    )


class ModeOffForm(Form):
    """That things are taken again."""

    reason = forms.CharField(
        label=gettext_lazy("Note"), max_length=mode.REASON_AT_MOST, required=False
    )


_LOOKS: dict[str, tuple[str, str, Promise]] = {
    "ok": ("ok", "circle-check", pgettext_lazy("state of a part", "Works")),
    "degraded": ("warn", "alert-triangle", pgettext_lazy("state of a part", "Degraded")),
    "down": ("crit", "circle-x", pgettext_lazy("state of a part", "Down")),
}
_PARTS: dict[str, Promise] = {
    "database": gettext_lazy("Database"),
    "clock": gettext_lazy("Clocks"),
    "disk": gettext_lazy("Disk"),
    "looks": gettext_lazy("Looks kept aside"),
    "migrations": gettext_lazy("Tables of this version"),
    "outbox": gettext_lazy("Facts waiting"),
    "deliveries": gettext_lazy("Facts given up"),
    "worker": gettext_lazy("Background worker"),
    "relay": gettext_lazy("Relay of facts"),
    "backup": gettext_lazy("Backups"),
    "redis": gettext_lazy("Redis"),
    "ways": gettext_lazy("Ways to tell people"),
    "trail-months": gettext_lazy("Room for the audit trail"),
    "sealing": gettext_lazy("Sealing of the audit trail"),
    "trail": gettext_lazy("Audit trail against its seals"),
}


def _row(sign: Sign) -> dict[str, Any]:
    tone, icon, word = _LOOKS[sign.state]
    part = _PARTS.get(sign.name, sign.name)
    return {"part": part, "tone": tone, "icon": icon, "word": word, "detail": sign.detail}


@requires(Perm.VIEW_OPERATIONS, module=None)
def overview(request: HttpRequest) -> HttpResponse:
    """What works, what does not, and what waits for a person."""
    found, now = mode.state(), clock.now()
    stuck = events.failed(limit=SHOWN)
    context = {
        "signs": [_row(sign) for sign in readiness.signs()],
        "mode": found,
        "switched_by": selectors.names_of({found.by_user}).get(found.by_user, "")
        if found.by_user
        else "",
        "stuck": [{"row": row, "age": now - row.since} for row in stuck],
        "is_cut": len(stuck) == SHOWN,
        "may_set": gate.grants(request).has(Perm.SET_MODE),
        "version": build.version(),
        "platform": f"Python {sys.version.split()[0]}, Django {django.get_version()}",
    }
    return render(request, "hms/operations.html", context)


@requires(Perm.SET_MODE, module=None, methods=("GET", "POST"), fresh=True, always=True)
def mode_set(request: HttpRequest) -> HttpResponse:
    """The whole system becomes read-only, or takes everything again."""
    is_on = mode.stored().is_switched
    form: Form = (ModeOffForm if is_on else ModeOnForm)(commands.sent(request))
    page = commands.CommandPage(
        title=_("Open the system again") if is_on else _("Make the whole system read-only"),
        submit=_("Open again") if is_on else _("Make read-only"),
        back=reverse("operations"),
        crumbs=(Crumb(_("Operations"), reverse("operations")),),
        done=_("The system takes everything again.") if is_on else _("The system is read-only."),
        intro=""
        if is_on
        else _(
            "Within a second nobody can save anything, on screens and through the API; reading "
            "and printing go on. Tell the wards first: they write on paper until it ends."
        ),
        is_risky=not is_on,
    )

    def command(cleaned: dict[str, Any]) -> str:
        now, minutes = clock.now(), cleaned.get("minutes")
        services.read_only_set(
            on=not is_on,
            reason=cleaned["reason"],
            expected_until=now + timedelta(minutes=minutes) if minutes else None,
            at=now,
            by=gate.person(request).pk,
        )
        return reverse("operations")

    return commands.answer(request, form, page, command)


@requires(Perm.SET_MODE, module=None, methods=("POST",))
def retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """A fact that was given up is due again."""
    services.delivery_retry(
        delivery_id, at=clock.now(), by=gate.person(request).pk, reason="operations page"
    )
    toast(request, _("Due again. It is tried within seconds."))
    return see_other(request, "operations")
