"""Doors of allergies, of the statement that none is known, and of flags."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import clock
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import Denied, NotFound
from core.html import Crumb, Look, render
from org import gate
from patients import behind, forms, selectors, services
from patients.permissions import Perm, flag_kinds_set
from patients.rules import codes
from patients.rules.flags import FLAGS
from patients.rules.safety import stands
from patients.states import (
    AllergyKind,
    AllergyState,
    Criticality,
    FlagCategory,
    FlagKind,
    FlagState,
    Informant,
    NoneKnownScope,
    NoneKnownState,
    SubstanceCategory,
    Verification,
)
from patients.views import banner as words
from patients.views import shown
from patients.views.desk import MODULE

if TYPE_CHECKING:
    from patients.models import Allergy, NoneKnown, Patient, PatientFlag

DESK = behind.desk(Perm.ALLERGIES)
_DANGER = {
    Criticality.HIGH: ("crit", "alert-octagon"),
    Criticality.LOW: ("mute", "info-circle"),
    Criticality.UNKNOWN: ("warn", "help"),
}


@dataclass(frozen=True, slots=True)
class AllergyRow:
    """An entry as the table shows it."""

    row: "Allergy"
    name: str
    is_coded: bool
    category: str
    kind: str
    danger: Look
    reactions: list[str]
    look: Look
    since: str
    informant: str
    may_change: bool


def _allergy_look(row: "Allergy") -> Look:
    sure = Verification(row.verification)
    if sure == Verification.ENTERED_IN_ERROR:
        return Look("mute", "circle-x", sure.label)
    if stands(row.state, row.verification):
        icon = "circle-check" if sure == Verification.CONFIRMED else "help"
        return Look("crit", icon, sure.label)
    label = sure.label if sure == Verification.REFUTED else AllergyState(row.state).label
    return Look("mute", "circle-dashed", label)


def _allergy_row(row: "Allergy", may: bool) -> AllergyRow:
    tone, icon = _DANGER[Criticality(row.criticality)]
    did = row.reactions.all()
    return AllergyRow(
        row=row,
        name=words.substance_name(row.code, row.substance),
        is_coded=bool(row.code),
        category=str(SubstanceCategory(row.category).label),
        kind="" if row.kind == AllergyKind.UNKNOWN else str(AllergyKind(row.kind).label),
        danger=Look(tone, icon, Criticality(row.criticality).label),
        reactions=[words.reaction_words(each.manifestation, each.severity) for each in did],
        look=_allergy_look(row),
        since=shown.birth_words(row.onset_on, row.onset_precision) if row.onset_on else "",
        informant=str(Informant(row.informant).label),
        may_change=may and row.verification != Verification.ENTERED_IN_ERROR,
    )


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag as the table shows it."""

    row: "PatientFlag"
    look: Look
    category: str
    state: Look
    until: datetime | None
    may_end: bool


def _flag_row(row: "PatientFlag", may_set: tuple[str, ...], at: datetime) -> FlagRow:
    is_over = not row.period.isempty and row.period.upper is not None and row.period.upper <= at
    state = Look("ok", "flag-3", FlagState(row.state).label)
    if row.state != FlagState.ACTIVE:
        state = Look("mute", "circle-x", FlagState(row.state).label)
    elif is_over:
        state = Look("mute", "clock", _("Its time is over"))
    category = FLAGS[FlagKind(row.kind)].category
    return FlagRow(
        row=row,
        look=words.flag_look(row.kind),
        category=str(FlagCategory(category).label),
        state=state,
        until=None if row.period.isempty else row.period.upper,
        may_end=row.state == FlagState.ACTIVE and row.kind in may_set,
    )


@requires(Perm.VIEW, module=None)
def safety(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Allergies, the statement that none is known, and flags, with what they were."""
    found, held, now = behind.load(request, public_id), gate.grants(request), clock.now()
    reads, may = held.has(Perm.CLINICAL), held.has(Perm.ALLERGIES)
    may_set = flag_kinds_set(held)
    flags = selectors.flags_of(found, grants=held)
    context = {
        "banner": shown.banner_of(found),
        "crumbs": behind.crumbs(found),
        "here": "safety",
        "tabs": shown.tabs_of(held),
        "reads": reads,
        "allergies": [_allergy_row(row, may) for row in selectors.allergies_of(found)]
        if reads
        else [],
        "statements": [_statement(row) for row in selectors.statements_of(found)] if reads else [],
        "may_record": may,
        "flags": [_flag_row(row, may_set, now) for row in flags],
        "may_flag": bool(may_set),
    }
    return render(request, "patients/safety.html", context)


def _statement(row: "NoneKnown") -> dict[str, Any]:
    is_standing = row.state == NoneKnownState.STANDING
    look = Look(
        "ok" if is_standing else "mute",
        "circle-check" if is_standing else "circle-x",
        NoneKnownState(row.state).label,
    )
    return {
        "row": row,
        "word": NoneKnownScope(row.scope).label,
        "informant": Informant(row.informant).label,
        "look": look,
        "is_standing": is_standing,
    }


def address(patient: "Patient") -> str:
    """Return the address of the page of allergies and flags."""
    return reverse("patients:safety", args=[patient.public_id])


def _page(found: "Patient", title: str, submit: str, done: str, **rest: Any) -> CommandPage:
    back = address(found)
    crumbs = (*behind.crumbs(found), Crumb(_("Allergies and flags"), back))
    extra = {"banner": shown.banner_of(found), **rest.pop("extra", {})}
    rest.setdefault("template", "patients/command.html")
    return CommandPage(
        title=title, submit=submit, back=back, crumbs=crumbs, done=done, extra=extra, **rest
    )


def _allergy(found: "Patient", allergy_id: UUID) -> "Allergy":
    allergy = selectors.allergy_get(found, allergy_id)
    if allergy is None:
        raise NotFound()
    return allergy


@requires(Perm.ALLERGIES, module=MODULE, methods=("GET", "POST"), unit=DESK)
def allergy_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A substance harms the patient."""
    found = behind.load(request, public_id)
    form = forms.AllergyForm(sent(request))
    known = codes.choices(codes.substances().values(), language=get_language() or "")
    page = _page(
        found,
        _("New allergy or intolerance"),
        _("Save"),
        _("The allergy was recorded."),
        template="patients/allergy_new.html",
        extra={"substances": [name for _code, name in known]},
    )

    def save(_data: dict[str, Any]) -> str:
        services.allergy_record(found, **form.values(), by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, save)


@requires(Perm.ALLERGIES, module=MODULE, methods=("GET", "POST"), unit=DESK)
def allergy_change(request: HttpRequest, public_id: UUID, allergy_id: UUID) -> HttpResponse:
    """It is confirmed, refuted, resolved, more or less dangerous, or was entered in error."""
    found = behind.load(request, public_id)
    allergy = _allergy(found, allergy_id)
    names = ("verification", "state", "criticality", "version")
    form = forms.AllergyChangeForm(
        sent(request), initial={name: getattr(allergy, name) for name in names}
    )
    name = words.substance_name(allergy.code, allergy.substance)
    page = _page(found, name, _("Save"), _("The allergy was changed."))

    def save(data: dict[str, Any]) -> str:
        services.allergy_change(allergy, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, save)


@requires(Perm.ALLERGIES, module=MODULE, methods=("GET", "POST"), unit=DESK)
def reaction_new(request: HttpRequest, public_id: UUID, allergy_id: UUID) -> HttpResponse:
    """The substance also did this."""
    found = behind.load(request, public_id)
    allergy = _allergy(found, allergy_id)
    name = words.substance_name(allergy.code, allergy.substance)
    title = _("Reaction to %(name)s") % {"name": name}
    form = forms.ReactionForm(sent(request))
    page = _page(found, title, _("Add"), _("The reaction was added."))

    def add(data: dict[str, Any]) -> str:
        services.reaction_add(allergy, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, add)


@requires(Perm.ALLERGIES, module=MODULE, methods=("GET", "POST"), unit=DESK)
def none_known(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody asked, and no allergy is known."""
    found = behind.load(request, public_id)
    form = forms.NoneKnownForm(sent(request))
    page = _page(
        found,
        _("No allergy is known"),
        _("Save"),
        _("It was recorded that no allergy is known."),
        intro=_("Only after somebody was asked. Your name and the time are kept."),
    )

    def save(data: dict[str, Any]) -> str:
        services.none_known_state(found, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, save)


@requires(Perm.ALLERGIES, module=MODULE, methods=("GET", "POST"), unit=DESK)
def none_known_end(request: HttpRequest, public_id: UUID, statement_id: UUID) -> HttpResponse:
    """The statement that none is known stands no longer."""
    found = behind.load(request, public_id)
    statement = selectors.statement_get(found, statement_id)
    if statement is None:
        raise NotFound()
    form = forms.NoneKnownEndForm(sent(request))
    title = _("End: %(name)s") % {"name": NoneKnownScope(statement.scope).label}
    page = _page(found, title, _("End"), _("The statement stands no longer."))

    def end(data: dict[str, Any]) -> str:
        services.none_known_end(statement, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, end)


@requires(Perm.SET_FLAGS, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.SET_FLAGS))
def flag_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Everybody who meets the patient is warned."""
    found = behind.load(request, public_id)
    kinds = flag_kinds_set(gate.grants(request))
    form = forms.FlagForm(sent(request), kinds=kinds)
    page = _page(found, _("New flag"), _("Set the flag"), _("The flag was set."))

    def save(data: dict[str, Any]) -> str:
        last, values = data["until_on"], {name: data[name] for name in ("kind", "note")}
        until = shown.moment(last, time(23, 59), found.site.time_zone) if last else None
        services.flag_set(found, **values, until=until, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, save)


@requires(Perm.SET_FLAGS, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.SET_FLAGS))
def flag_end(request: HttpRequest, public_id: UUID, flag_id: UUID) -> HttpResponse:
    """A warning counts no longer."""
    found, held = behind.load(request, public_id), gate.grants(request)
    flag = selectors.flag_get(found, flag_id, grants=held)
    if flag is None:
        raise NotFound()
    if flag.kind not in flag_kinds_set(held):
        raise Denied()
    title = _("End: %(name)s") % {"name": FlagKind(flag.kind).label}
    form = forms.FlagEndForm(sent(request))
    page = _page(found, title, _("End"), _("The flag was ended."))

    def end(data: dict[str, Any]) -> str:
        services.flag_end(flag, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, end)
