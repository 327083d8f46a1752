"""Doors of restricted records: which there are, who keeps them open, and their end."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock, paging
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import gate
from org import selectors as places
from org.rules import day_end
from patients import selectors, services
from patients.forms.access import LiftForm, RestrictionEditForm, RestrictionForm
from patients.permissions import Perm
from patients.states import RestrictionKind

if TYPE_CHECKING:
    from org.models import Unit
    from patients.models import Patient, Restriction

MOST_UNITS = 60


def _units(request: HttpRequest) -> "list[Unit]":
    """The units whose people can be named; a house with very many names people instead."""
    found = [
        unit
        for unit in places.units_of(set(gate.grants(request).unit_ids(Perm.RESTRICT)))
        if unit.is_active
    ]
    return found if len(found) <= MOST_UNITS else []


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Restricted records"), reverse("patients:restrictions")),)


def _load(request: HttpRequest, public_id: UUID) -> "Restriction":
    found = selectors.restriction_get(grants=gate.grants(request), public_id=public_id)
    if found is None:
        raise NotFound()
    look(subject=found, patient=found.patient.public_id)
    return found


def arguments(data: dict[str, Any], form: Any, patient: "Patient") -> dict[str, Any]:
    """Return what the form says as the service takes it."""
    last = data["until_on"]
    return {
        "kind": data["kind"],
        "reason": data["reason"],
        "until": day_end(last, patient.site.time_zone) if last else None,
        "carers_keep": data["carers_keep"],
        "users": [user.pk for user in data["people"]],
        "units": [form.places[key].pk for key in data.get("units", ())],
    }


@requires(Perm.RESTRICT, module=None)
def restrictions(request: HttpRequest) -> HttpResponse:
    """Which records are open to few, why, and who keeps them open."""
    everything, now = bool(request.GET.get("all")), clock.now()
    rows = selectors.restriction_list(grants=gate.grants(request), at=now, everything=everything)
    page = paging.page(rows, order=("-id",), cursor=request.GET.get("cursor", ""))
    keepers = selectors.keepers_of(page.items)
    look(patients=[row.patient.public_id for row in page.items], count=len(page.items), kind="list")
    context = {
        "rows": [
            {
                "restriction": row,
                "kind": RestrictionKind(row.kind).label,
                "keepers": keepers[row.pk],
                "is_over": row.period.upper is not None and row.period.upper <= now,
            }
            for row in page.items
        ],
        "pages": page,
        "everything": everything,
    }
    return render(request, "patients/restrictions.html", context)


@requires(Perm.RESTRICT, module=None, methods=("GET", "POST"), fresh=True)
def restriction_new(request: HttpRequest) -> HttpResponse:
    """A record is open to few from now on."""
    form = RestrictionForm(sent(request), places=_units(request), initial={"carers_keep": True})
    page = CommandPage(
        title=_("Restrict a record"),
        submit=_("Restrict"),
        back=reverse("patients:restrictions"),
        crumbs=_crumbs(),
        done=_("The record is restricted."),
        intro=_(
            "Whoever does not keep the record open does not find it any more. Clinicians can open "
            "it in an emergency; every such opening is reviewed."
        ),
    )

    def save(data: dict[str, Any]) -> str:
        patient = selectors.to_restrict(data["number"], grants=gate.grants(request))
        if patient is None:
            raise NotFound(_("No record has this number."), field="number")
        services.restriction_set(
            patient,
            **arguments(data, form, patient),
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return page.back

    return answer(request, form, page, save)


@requires(Perm.RESTRICT, module=None, methods=("GET", "POST"), fresh=True)
def restriction_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Others keep the record open, or until another day."""
    found = _load(request, public_id)
    keepers = selectors.keepers_of([found])[found.pk]
    form = RestrictionEditForm(
        sent(request),
        places=_units(request),
        initial={
            "kind": found.kind,
            "reason": found.reason,
            "until_on": _last_day(found),
            "carers_keep": found.carers_keep,
            "units": [str(each.unit.public_id) for each in keepers if each.unit],
            "people": ", ".join(each.user.username for each in keepers if each.user),
            "version": found.version,
        },
    )
    page = CommandPage(
        title=_("Change a restriction"),
        submit=_("Save"),
        back=reverse("patients:restrictions"),
        crumbs=_crumbs(),
        done=_("The restriction was changed."),
    )

    def save(data: dict[str, Any]) -> str:
        services.restriction_change(
            found,
            **arguments(data, form, found.patient),
            version=data["version"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return page.back

    return answer(request, form, page, save)


def _last_day(found: "Restriction") -> Any:
    """The day before the instant at which it is over, where the patient's site is."""
    end = found.period.upper
    if end is None:
        return None
    zone = ZoneInfo(found.patient.site.time_zone)
    return (end - timedelta(microseconds=1)).astimezone(zone).date()


@requires(Perm.RESTRICT, module=None, methods=("GET", "POST"), fresh=True)
def restriction_lift(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The record is open again as every other."""
    found = _load(request, public_id)
    form = LiftForm(sent(request), initial={"version": found.version})
    page = CommandPage(
        title=_("Lift a restriction"),
        submit=_("Lift"),
        back=reverse("patients:restrictions"),
        crumbs=_crumbs(),
        done=_("The record is open again as every other."),
    )

    def lift(data: dict[str, Any]) -> str:
        services.restriction_lift(found, **data, by=gate.person(request).pk, at=clock.now())
        return page.back

    return answer(request, form, page, lift)
