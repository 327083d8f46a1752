"""What every page of the shell shows, from what the person may see."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

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


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the staff shell; nothing of a person who is not signed in or has locked."""
    base: dict[str, Any] = {
        "environment_bar": _bar(),
        "notice_bars": [],
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
    if user is None or not user.is_authenticated or getattr(request, "is_locked", False):
        return base
    held, unit_id = gate.grants(request), getattr(request, "unit_id", None)
    where = _where(request)
    if where["is_training"]:
        base["environment_bar"] = _training_bar(base["environment_bar"])
    return base | {
        "nav": navigation.links(held, unit_id=unit_id, path=request.path, settings=False),
        "nav_settings": navigation.links(held, unit_id=unit_id, path=request.path, settings=True),
        "where": where,
        "who": _who(request, user),
        "prefs": {
            "theme": user.theme,
            "density": user.density,
            "single_keys": user.single_keys,
        },
    }
