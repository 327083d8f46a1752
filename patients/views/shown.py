"""What people read for codes: looks of states, words of reasons, lines of a banner."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import clock
from core.html import Look
from core.templatetags.formats import age_text, date_text
from org.permissions import Grants
from patients.permissions import Perm
from patients.selectors import Candidate
from patients.states import (
    AccessNeed,
    BirthPrecision,
    ContactKind,
    IdentifierSystem,
    IdentityState,
    NameUse,
    PhoneUse,
    Sex,
)
from patients.views.banner import BannerAlerts, alerts_shown

if TYPE_CHECKING:
    from patients.models import Patient

_LOOKS: dict[str, tuple[str, str]] = {
    IdentityState.PROVISIONAL: ("warn", "help"),
    IdentityState.REGISTERED: ("info", "user"),
    IdentityState.VERIFIED: ("ok", "circle-check"),
    IdentityState.MERGED: ("mute", "arrows-exchange"),
}
# Reasons of a match: of what, how it came out (patients.rules.matching).
WHATS: dict[str, Promise] = {
    "given": gettext_lazy("given names"),
    "family": gettext_lazy("family name"),
    "order": gettext_lazy("order of the names"),
    "birth": gettext_lazy("birth"),
    "sex": gettext_lazy("sex"),
    "phone": gettext_lazy("phone"),
    "street": gettext_lazy("street"),
    "number": gettext_lazy("house number"),
    "locality": gettext_lazy("town"),
    "postcode": gettext_lazy("postcode"),
    "region": gettext_lazy("region"),
    "household": gettext_lazy("one household"),
    "twins": gettext_lazy("twins"),
    "identifier:national": gettext_lazy("national number"),
}
HOWS: dict[str, Promise] = {
    "same": pgettext_lazy("how two records compare", "the same"),
    "near": pgettext_lazy("how two records compare", "almost the same"),
    "sound": pgettext_lazy("how two records compare", "sounds alike"),
    "initial": pgettext_lazy("how two records compare", "same first letter"),
    "far": pgettext_lazy("how two records compare", "different"),
    "swapped": pgettext_lazy("how two records compare", "swapped"),
    "part": pgettext_lazy("how two records compare", "partly the same"),
    "two_parts": pgettext_lazy("how two records compare", "mostly the same"),
    "month": pgettext_lazy("how two records compare", "same month"),
    "year": pgettext_lazy("how two records compare", "same year"),
    "year_near": pgettext_lazy("how two records compare", "about the same year"),
    "most": pgettext_lazy("how two records compare", "counted once"),
    "possible": pgettext_lazy("how two records compare", "possible"),
}


def state_look(patient: "Patient") -> Look:
    """Return how sure the house is of who this is."""
    tone, icon = _LOOKS[patient.state]
    return Look(tone, icon, str(IdentityState(patient.state).label))


def birth_words(day: date | None, precision: str) -> str:
    """Return a day of birth as exactly as it is known."""
    if day is None:
        return _("Not recorded")
    if precision == BirthPrecision.MONTH:
        return f"{day:%m/%Y}"
    if precision == BirthPrecision.YEAR:
        return f"{day:%Y}"
    if precision == BirthPrecision.ESTIMATED:
        return _("about %(year)d") % {"year": day.year}
    return date_text(day)


@dataclass(frozen=True, slots=True)
class Banner:
    """Who this is, in the order of every banner: name, born, sex, number, then what may harm."""

    patient: "Patient"
    born: str
    age: str
    sex: str
    look: Look
    alerts: BannerAlerts


def banner_of(patient: "Patient") -> Banner:
    """Return the banner; the age stops at death."""
    born: date | datetime | None = patient.birth_on
    end: date | datetime = patient.died_on or clock.today()
    if patient.born_at and not patient.died_on:
        born, end = patient.born_at, clock.now()
    age = age_text(born, end) if born else ""
    return Banner(
        patient=patient,
        born=birth_words(patient.birth_on, patient.birth_precision),
        age=age,
        sex=str(Sex(patient.sex).label),
        look=state_look(patient),
        alerts=alerts_shown(patient.alerts),
    )


def tabs_of(grants: Grants) -> dict[str, bool]:
    """Return which parts of a record the person may open besides who it is and what may harm."""
    return {
        "consents": grants.has(Perm.SEE_CONSENTS),
        "documents": grants.has(Perm.SEE_DOCUMENTS),
    }


@dataclass(frozen=True, slots=True)
class ShownMatch:
    """A likely duplicate as a clerk reads it."""

    banner: Banner
    score: int
    level: Look
    reasons: list[str]


_LEVELS: dict[str, tuple[str, str, Promise]] = {
    "warn": ("info", "eye", gettext_lazy("Perhaps the same person")),
    "review": ("warn", "alert-triangle", gettext_lazy("Likely the same person")),
    "certain": ("crit", "alert-octagon", gettext_lazy("Almost certainly the same person")),
}


def level_look(level: str) -> Look:
    """Return the look of how likely two records are one person."""
    tone, icon, word = _LEVELS[level]
    return Look(tone, icon, str(word))


def reason_words(what: str, how: str) -> str:
    """Return one reason in words: "birth: the same"."""
    return f"{WHATS.get(what, what)}: {HOWS.get(how, how)}"


def matches_shown(found: list[Candidate] | tuple[Candidate, ...]) -> list[ShownMatch]:
    """Return likely duplicates with score and reasons."""
    return [
        ShownMatch(
            banner=banner_of(each.patient),
            score=round(each.match.score),
            level=level_look(each.match.level),
            reasons=[reason_words(reason.what, reason.how) for reason in each.match.reasons],
        )
        for each in found
    ]


def words_of(choices: Any, codes: Any) -> list[str]:
    """Return the labels of the codes."""
    return [str(choices(code).label) for code in codes if code in choices.values]


def kind_words() -> dict[str, dict[str, Any]]:
    """Return the words of every closed list that a patient's page shows."""
    lists = {"names": NameUse, "numbers": IdentifierSystem, "phones": PhoneUse}
    return {name: dict(choices.choices) for name, choices in lists.items()} | {
        "people": dict(ContactKind.choices),
        "needs": dict(AccessNeed.choices),
    }


def moment(day: date, time: Any, zone: str) -> datetime:
    """Return the instant of a day and a clock time at the site."""
    return datetime.combine(day, time, tzinfo=ZoneInfo(zone))
