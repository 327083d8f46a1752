"""What the banner says in words: allergies in four states, flags, where the patient is."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.html import Look
from core.templatetags.formats import date_text
from patients.rules import codes
from patients.rules.flags import FLAGS
from patients.selectors import Alerts
from patients.states import FlagKind, NoneKnownScope, Severity

if TYPE_CHECKING:
    from patients.selectors.safety import StandingAllergy, Where


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One allergy: the substance, and what it did."""

    substance: str
    did: str
    is_dangerous: bool


@dataclass(frozen=True, slots=True)
class BannerAlerts:
    """`state` stands where there are no lines, or beside them (none known to medicines)."""

    lines: list[AlertLine]
    state: Look | None
    flags: list[Look]
    more: bool
    where: str
    consultant: str
    # The photo itself: no door more, nothing for a cache to keep.
    photo: str = ""


def substance_name(code: str, text: str) -> str:
    """Return a substance in the reader's language."""
    return codes.name_of(codes.substances(), code, language=get_language() or "", text=text)


def reaction_name(code: str) -> str:
    """Return a reaction in the reader's language."""
    return codes.name_of(codes.reactions(), code, language=get_language() or "")


def reaction_words(what: str, how: str) -> str:
    """Return a reaction with how bad it was: "Hives (Mild)"."""
    name = reaction_name(what)
    return f"{name} ({Severity(how).label})" if how else name


def flag_look(kind: str) -> Look:
    """Return the look of a kind of flag."""
    rule = FLAGS[FlagKind(kind)]
    return Look(rule.tone, rule.icon, str(FlagKind(kind).label))


def alerts_shown(alerts: Alerts | None) -> BannerAlerts:
    """Return the words of the banner; what was not read is "not available", never "none"."""
    if alerts is None:
        look = Look("warn", "help", _("Allergies: not available here"))
        return BannerAlerts([], look, [], more=False, where="", consultant="")
    where = alerts.where
    return BannerAlerts(
        lines=[_line(row) for row in alerts.allergies or ()],
        state=_state(alerts),
        flags=[flag_look(kind) for kind in alerts.flags],
        more=alerts.more,
        where=_where(where) if where else "",
        consultant=where.consultant if where else "",
        photo=_data(alerts.photo),
    )


def _data(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}" if jpeg else ""


def _line(row: "StandingAllergy") -> AlertLine:
    did = ", ".join(reaction_words(what, how) for what, how in row.reactions)
    return AlertLine(substance_name(row.code, row.substance), did, row.criticality == "high")


def _state(alerts: Alerts) -> Look | None:
    if alerts.has_allergies and alerts.allergies is None:
        return Look("crit", "alert-octagon", _("Allergies: ask whoever treats the patient"))
    none, medicines = (
        alerts.none_known.get(scope) for scope in (NoneKnownScope.ALL, NoneKnownScope.MEDICATION)
    )
    if none:
        return Look("ok", "circle-check", _said(_("No known allergies"), none))
    if medicines:
        return Look("ok", "circle-check", _said(_("No known allergies to medicines"), medicines))
    if alerts.has_allergies:
        return None
    return Look("warn", "help", _("Allergies: not asked yet"))


def _said(text: str, at: str) -> str:
    day = date_text(datetime.fromisoformat(at))
    return _("%(what)s (asked %(day)s)") % {"what": text, "day": day}


def _where(where: "Where") -> str:
    return ", ".join(part for part in (where.place, where.unit) if part)
