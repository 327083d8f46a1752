"""Doors of the shifts of a site and of absences of people."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import gate, selectors, services
from org.permissions import Perm
from org.roster_forms import AbsenceEndForm, AbsenceForm, ShiftEditForm, ShiftForm
from org.rules import day_end, day_start
from org.selectors import roster as plans

if TYPE_CHECKING:
    from org.models import Shift, Site, User


def site_behind(_request: HttpRequest, public_id: UUID, **_rest: Any) -> int | None:
    """Name the root unit of the site for the gate."""
    return selectors.site_root_id(public_id)


def shift_behind(_request: HttpRequest, public_id: UUID, **_rest: Any) -> int | None:
    """Name the root unit of the site of the shift for the gate."""
    found = plans.shift_get(public_id)
    return selectors.site_root_id(found.site.public_id) if found else None


def _site(request: HttpRequest, public_id: UUID) -> "Site":
    units = selectors.units_of(set(gate.grants(request).unit_ids(Perm.VIEW_ROSTER)))
    found = next((unit.site for unit in units if unit.site.public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found


def _address(site: "Site") -> str:
    return reverse("org:shifts", args=[site.public_id])


def _crumbs(site: "Site | None" = None) -> tuple[Crumb, ...]:
    first = Crumb(_("Roster"), reverse("org:roster"))
    return (first,) if site is None else (first, Crumb(_("Shifts"), _address(site)))


@requires(Perm.VIEW_ROSTER, module=None)
def shifts(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The shifts of a site by the time they begin."""
    site = _site(request, public_id)
    root_id = selectors.site_root_id(public_id)
    context = {
        "site": site,
        "crumbs": _crumbs(),
        "rows": plans.shift_list(site_id=site.pk),
        "may_manage": gate.grants(request).has(Perm.MANAGE_ROSTER, root_id),
    }
    return render(request, "org/shifts.html", context)


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"), unit=site_behind)
def shift_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The site has one more shift."""
    site = _site(request, public_id)
    page = commands.CommandPage(
        title=_("New shift of %(site)s") % {"site": site.name},
        submit=_("Create shift"),
        back=_address(site),
        crumbs=_crumbs(site),
        done=_("The shift was created."),
    )

    def create(data: dict[str, Any]) -> str:
        services.shift_create(site=site, values=data, by=gate.person(request).pk, at=clock.now())
        return _address(site)

    return commands.answer(request, ShiftForm(commands.sent(request)), page, create)


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"), unit=shift_behind)
def shift_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Words or times of a shift change; what was planned and has not begun follows."""
    found = _shift(public_id)
    site = _site(request, found.site.public_id)
    names = ("name", "code", "from_time", "to_time", "group", "is_active", "version")
    initial = {name: getattr(found, name) for name in names}
    page = commands.CommandPage(
        title=_("Change %(shift)s") % {"shift": found.name},
        submit=_("Save"),
        back=_address(site),
        crumbs=_crumbs(site),
        done=_("The shift was changed."),
        intro=_("New times hold for what is planned and has not begun."),
    )

    def change(data: dict[str, Any]) -> str:
        services.shift_update(
            found,
            values=data,
            version=data["version"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return _address(site)

    form = ShiftEditForm(commands.sent(request), initial=initial)
    return commands.answer(request, form, page, change)


def _shift(public_id: UUID) -> "Shift":
    found = plans.shift_get(public_id)
    if found is None:
        raise NotFound()
    return found


def _person(request: HttpRequest, public_id: UUID) -> "User":
    found = selectors.person_get(
        grants=gate.grants(request), public_id=public_id, permission=Perm.MANAGE_ROSTER
    )
    if found is None:
        raise NotFound()
    return found


def _zone(request: HttpRequest) -> str:
    """The clock of the place that the planner stands in."""
    held = gate.grants(request)
    here = held.zone_of(getattr(request, "unit_id", None))
    return here or next((item.time_zone for item in held.held), "UTC")


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"))
def absence_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A person is away from one day to another."""
    found, zone = _person(request, public_id), _zone(request)
    page = commands.CommandPage(
        title=_("Absence of %(person)s") % {"person": found.full_name},
        submit=_("Enter absence"),
        back=reverse("org:roster"),
        crumbs=_crumbs(),
        done=_("The absence was entered."),
        intro=_("Shifts the person stands in stay on the roster, marked: plan somebody else."),
    )

    def enter(data: dict[str, Any]) -> str:
        last = data["ends_on"]
        services.absence_record(
            user=found,
            kind=data["kind"],
            starts_at=day_start(data["starts_on"], zone),
            ends_at=day_end(last, zone) if last else None,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return reverse("org:roster")

    return commands.answer(request, AbsenceForm(commands.sent(request)), page, enter)


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"))
def absence_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An absence gets its last day, or is taken back."""
    found = plans.absence_get(grants=gate.grants(request), public_id=public_id)
    if found is None:
        raise NotFound()
    page = commands.CommandPage(
        title=_("End of the absence of %(person)s") % {"person": found.user.full_name},
        submit=_("End absence"),
        back=reverse("org:roster"),
        crumbs=_crumbs(),
        done=_("The end of the absence was entered."),
    )

    def end(data: dict[str, Any]) -> str:
        now, last = clock.now(), data["ends_on"]
        services.absence_end(
            found,
            ends_at=day_end(last, _zone(request)) if last else now,
            version=data["version"],
            by=gate.person(request).pk,
            at=now,
        )
        return reverse("org:roster")

    form = AbsenceEndForm(commands.sent(request), initial={"version": found.version})
    return commands.answer(request, form, page, end)
