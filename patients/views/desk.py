"""Doors of the desk: finding patients, and giving somebody a record."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock, paging
from core.commands import CommandPage, answer, refuse, sent
from core.doors import requires
from core.errors import ServiceError
from core.html import render, see_other, target_id, toast, wants_region
from core.retries import retried
from org import gate
from org import selectors as places
from patients import behind, selectors, services
from patients.forms import RegisterForm, SearchForm, UnknownForm
from patients.permissions import Perm, unreadable
from patients.rules.identity import NOT_KNOWN, parse_birth
from patients.rules.matching import REVIEW
from patients.states import Oddity
from patients.views import shown

if TYPE_CHECKING:
    from org.models import Unit
    from patients.models import Patient

MODULE = "registration"
NEWEST = ("-id",)
MOST_UNITS = 300
# Names and a day of birth, or one number, are enough to look for somebody.
ENOUGH = ("given", "birth", "mobile", "national")


@requires(Perm.VIEW, module=None)
def patients(request: HttpRequest) -> HttpResponse:
    """Who was found, the best first; nothing asked, the newest records."""
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    if text and not wants_region(request):
        found = selectors.scanned(text, grants=gate.grants(request), at=clock.now())
        if found is not None:
            return see_other(request, behind.address(found))
    context: dict[str, Any] = {"form": form, "text": text, "rows": [], "page": None}
    if text:
        context["rows"] = _found(request, text)
    elif form.is_valid():
        rows = selectors.patient_list(grants=gate.grants(request), at=clock.now())
        page = paging.page(rows, order=NEWEST, cursor=request.GET.get("cursor", ""))
        context["rows"] = [(shown.banner_of(row), "") for row in page.items]
        context["page"] = page
    seen = [banner.patient.public_id for banner, _by in context["rows"]]
    look(patients=seen, count=len(seen), kind="search" if text else "list")
    context["may_register"] = gate.holds(request, Perm.REGISTER)
    context["is_misread"] = not context["rows"] and selectors.is_misread(text)
    context["may_break"] = gate.holds(request, Perm.BREAK_GLASS)
    context["may_merge"] = gate.holds(request, Perm.PROPOSE)
    return render(request, "patients/patients.html", context, partial="results")


def _found(request: HttpRequest, text: str) -> list[tuple[shown.Banner, str]]:
    hits = selectors.search(text, grants=gate.grants(request), today=clock.today(), at=clock.now())
    words = {"number": _("by number"), "phone": _("by phone"), "birth": _("by day of birth")}
    return [(shown.banner_of(hit.patient), words.get(hit.by, "")) for hit in hits]


def _units(request: HttpRequest) -> "dict[str, Unit]":
    """The units of the house to which somebody may be sent from here."""
    held = gate.grants(request)
    reach = held.unit_ids(Perm.REGISTER) | held.all_unit_ids()
    found = places.units_of(set(reach))
    return {str(unit.public_id): unit for unit in found[:MOST_UNITS] if unit.is_active}


def _seen(request: HttpRequest) -> set[UUID]:
    found = set()
    for text in request.POST.getlist("seen"):
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def asked_codes(request: HttpRequest) -> frozenset[str]:
    """Return the questions that the page asked, if they were answered with yes."""
    is_yes = bool(request.POST.get("are_sure"))
    known = [code for code in request.POST.getlist("asked") if code in Oddity.values]
    return frozenset(known if is_yes else ())


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def patient_new(request: HttpRequest) -> HttpResponse:
    """Somebody gets a record, unless they have one; likely ones are shown while it is typed."""

    def save(**said: Any) -> Any:
        return services.patient_register(
            unit_id=behind.desk_unit(request, Perm.REGISTER),
            public_id=said.pop("key"),
            by=gate.person(request).pk,
            at=clock.now(),
            **said,
        )

    return registered(request, save)


def registered(
    request: HttpRequest,
    save: Callable[..., "Patient"],
    *,
    told: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show the form of a new record, with what was told before, or save it.

    `save` takes values, key, seen, sure and reason as the form says them, and returns the record.
    """
    form = RegisterForm(
        sent(request),
        units=_units(request),
        closed=unreadable(gate.grants(request), RegisterForm.base_fields),
        initial={"key": uuid4(), **(told or {})},
    )
    if request.method == "POST" and wants_region(request) and target_id(request) == "matches":
        return _matches(request, form)
    context: dict[str, Any] = {
        "form": form,
        "matches": [],
        "asked": [],
        "crumbs": behind.crumbs(),
        "here": request.path,
        "back": reverse("patients:patients"),
        **(extra or {}),
    }
    status = None
    if request.method == "POST" and form.is_valid():
        try:
            made = retried(lambda: save(**_said(request, form.cleaned_data)))
        except ServiceError as error:
            status = refused(form, error, context)
        else:
            toast(request, _("Registered: record number %(mrn)s.") % {"mrn": made.mrn})
            return see_other(request, behind.address(made))
    if form.errors:
        context |= _likely(request, form)
    return render(request, "patients/patient_new.html", context, status=status)


def _said(request: HttpRequest, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "values": {name: value for name, value in data.items() if name not in {"key", "reason"}},
        "key": data["key"],
        "seen": _seen(request),
        "sure": asked_codes(request),
        "reason": data["reason"],
    }


def refused(form: Any, error: ServiceError, context: dict[str, Any]) -> int:
    """The refusal stands beside its field; questions stand in the page."""
    if isinstance(error, services.DuplicatesFound):
        form.add_error(None, str(error.detail))
        return error.status
    if isinstance(error, services.Unusual):
        for each in error.questions:
            field = each.field if each.field in form.fields else None
            form.add_error(field, str(Oddity(each.code).label))
        context["asked"] = [each.code for each in error.questions]
        return error.status
    return refuse(form, error)


def _likely(request: HttpRequest, form: RegisterForm) -> dict[str, Any]:
    """Return who may be registered already, from what has been typed so far."""
    values = {name: str(request.POST.get(name, "")).strip()[:80] for name in form.fields}
    born = parse_birth(values["birth"], clock.today()) or NOT_KNOWN
    found: list[selectors.Candidate] = []
    if any(values[name] for name in ENOUGH):
        found = selectors.candidates(dict(values), born, at=clock.now())
        _note(request, found)
    return {
        "matches": shown.matches_shown(found),
        "must_explain": any(each.match.score >= REVIEW for each in found),
    }


def _matches(request: HttpRequest, form: RegisterForm) -> HttpResponse:
    context = {"form": form, **_likely(request, form)}
    return render(request, "patients/patient_new.html", context, partial="matches", status=200)


def _note(request: HttpRequest, found: "Sequence[selectors.Candidate]") -> None:
    services.matches_noted(
        [each.patient for each in found], by=gate.person(request).pk, at=clock.now()
    )


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def unknown_new(request: HttpRequest) -> HttpResponse:
    """Somebody whom nobody knows gets a record under a provisional name."""
    form = UnknownForm(sent(request), initial={"key": uuid4()})
    page = CommandPage(
        title=_("Unknown person"),
        submit=_("Register without a name"),
        back=reverse("patients:patients"),
        crumbs=behind.crumbs(),
        done=_("Registered under a provisional name, which stays until somebody knows better."),
        intro=_("For people who cannot say who they are. Two words tell them apart."),
    )

    def register(data: dict[str, Any]) -> str:
        made = services.unknown_register(
            sex=data["sex"],
            born=data["birth"],
            description=data["description"],
            unit_id=behind.desk_unit(request, Perm.REGISTER),
            public_id=data["key"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return behind.address(made)

    return answer(request, form, page, register)
