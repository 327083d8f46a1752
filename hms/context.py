"""What every page of the shell shows, from what the person may see."""

import functools
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.permissions import Perm as Trail
from core import clock, mode
from core.templatetags.formats import date_text, time_text
from hms import navigation
from org import gate, house, selectors
from org.states import UnitKind


def _bar() -> dict[str, str] | None:
    if settings.IS_DEMO:
        return {"kind": "demo", "text": _("DEMO: invented people, nothing here is real")}
    if settings.HMS_ENV == "development":
        return {"kind": "test", "text": _("TEST: development system")}
    return None


def _training_bar(bar: dict[str, str] | None) -> dict[str, str]:
    """Return the bar of a training unit, with what the bar says anyway behind it."""
    text = _("Practice unit: invented patients only, nothing here reaches a ward")
    return {
        "kind": "training",
        "word": _("TRAINING"),
        "text": text,
        "also": bar["text"] if bar else "",
    }


@functools.lru_cache(maxsize=4)
def _switched_by(user_id: int, _since: datetime) -> str:
    return selectors.names_of({user_id}).get(user_id, "")


def _moment(value: datetime) -> str:
    is_today = timezone.localdate(value) == clock.today()
    return time_text(value) if is_today else f"{date_text(value)} {time_text(value)}"


def _mode_text(found: mode.State, *, is_inside: bool) -> str:
    parts = [str(_("Reading and printing work, nothing can be saved: write on paper forms."))]
    if found.since:
        parts.insert(0, _("Since %(time)s.") % {"time": _moment(found.since)})
    if found.expected_until:
        parts.insert(1, _("Expected until %(time)s.") % {"time": _moment(found.expected_until)})
    if is_inside and found.is_switched and found.since:
        name = _switched_by(found.by_user, found.since) if found.by_user else ""
        why = {"reason": found.reason, "name": name}
        parts.append(
            (_("Why: %(reason)s (%(name)s)") if name else _("Why: %(reason)s")) % why,
        )
    elif is_inside:
        parts.append(_("The database takes no changes at the moment."))
    return " ".join(parts)


def mode_bars(*, is_inside: bool) -> list[dict[str, str]]:
    """Return the bar of a read-only system; who and why only for people who are signed in."""
    found = mode.state()
    if not found.is_read_only:
        return []
    text = _mode_text(found, is_inside=is_inside)
    return [{"tone": "warn", "icon": "lock", "word": _("READ-ONLY"), "text": text}]


def _glass_bars(request: HttpRequest) -> list[dict[str, str]]:
    """Return the bar of a record that is open through a broken glass only (SEC-Z7)."""
    glass = getattr(request, "glass", None)
    if glass is None:
        return []
    text = _(
        "You see this record until %(time)s only. Every look is recorded and will be reviewed."
    ) % {"time": _moment(glass.until_at)}
    return [
        {
            "tone": "crit",
            "icon": "alert-octagon",
            "word": _("BREAK-THE-GLASS"),
            "text": text,
            "url": reverse("patients:glass-end", args=[glass.public_id]),
            "link": _("Close it now"),
        }
    ]


def _where(request: HttpRequest) -> dict[str, Any]:
    held = gate.grants(request).held
    unit_id = getattr(request, "unit_id", None)
    homes = selectors.units_of({item.unit_id for item in held} | ({unit_id} if unit_id else set()))
    current = next((unit for unit in homes if unit.pk == unit_id), None)
    return {
        "unit_name": current.name if current else _("No unit"),
        "site_name": current.site.name if current else "",
        "is_training": current is not None and current.kind == UnitKind.TRAINING,
        "units": [
            {
                "public_id": unit.public_id,
                "name": unit.name,
                "site": unit.site.name,
                "current": unit.pk == unit_id,
            }
            for unit in homes
        ],
    }


def _who(request: HttpRequest, user: Any) -> dict[str, str]:
    roles = gate.grants(request).roles_in(getattr(request, "unit_id", None))
    return {
        "name": user.full_name,
        "given": user.given_name,
        "initials": user.initials,
        "role": ", ".join(dict.fromkeys(_(item.role_name) for item in roles)),
    }


def _screen(request: HttpRequest, user: Any) -> dict[str, Any] | None:
    """What the page needs to lock itself when the server does; nothing without a session."""
    left = gate.watch(request).seconds_left
    if not left:
        return None
    lasts = gate.lock_times(request)[0].total_seconds()
    return {"lock": f"{lasts:g}", "left": f"{left:.1f}", "takes_pin": bool(user.quick_pin)}


def _panels(request: HttpRequest) -> list[str]:
    """Return what other rooms show on the page of a patient; nothing on any other page."""
    found = request.resolver_match
    if found is None or found.view_name != "patients:patient":
        return []
    return navigation.panels(gate.grants(request), found.kwargs["public_id"])


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the staff shell; nothing of a person who is not signed in or has locked."""
    base: dict[str, Any] = {
        "environment_bar": _bar(),
        "notice_bars": mode_bars(is_inside=False),
        "keys": [{name: str(text) for name, text in key.items()} for key in navigation.KEYS],
        "hospital": {"name": _("Hospital"), "logo_url": None},
        "prefs": {"theme": "light", "density": "standard", "single_keys": True},
        "request_id": getattr(request, "request_id", ""),
    }
    hospital = house.current()
    if hospital:
        base["hospital"] = {
            "name": hospital.name,
            "logo_url": "/logo" if hospital.has_logo else None,
        }
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return base
    looks = {"theme": user.theme, "density": user.density, "single_keys": user.single_keys}
    base["prefs"] = looks
    if getattr(request, "is_locked", False):
        return base
    held, unit_id = gate.grants(request), getattr(request, "unit_id", None)
    where = _where(request)
    if where["is_training"]:
        base["environment_bar"] = _training_bar(base["environment_bar"])
    return base | {
        "notice_bars": [*_glass_bars(request), *mode_bars(is_inside=True)],
        "history_url": reverse("audit:history") if held.has(Trail.VIEW_HISTORY) else "",
        "panels": _panels(request),
        "nav": navigation.links(held, unit_id=unit_id, path=request.path, settings=False),
        "nav_settings": navigation.links(held, unit_id=unit_id, path=request.path, settings=True),
        "where": where,
        "who": _who(request, user),
        "screen": _screen(request, user),
    }
