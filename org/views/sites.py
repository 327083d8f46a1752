"""Doors of sites: their clock, business hours, holidays and blackout dates."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands, paging
from core.doors import requires
from core.errors import Invalid, NotFound
from core.html import Crumb, render
from org import gate, selectors, services
from org.permissions import Perm, may_open_site
from org.site_forms import (
    SiteEditForm,
    SiteForm,
    UnitHoursForm,
    site_initial,
    week_initial,
    weekday_word,
)
from org.views import looks
from org.views.units import crumbs as unit_crumbs
from org.views.units import load as unit_load
from org.views.units import unit_behind

if TYPE_CHECKING:
    from org.models import Site

ORDER = ("name", "id")
WEEK_FORM = "org/week_form.html"


def site_behind(_request: HttpRequest, public_id: UUID, **_rest: Any) -> int | None:
    """Name the root unit of the site for the gate."""
    return selectors.site_root_id(public_id)


def _load(request: HttpRequest, public_id: UUID) -> "Site":
    site = selectors.site_get(grants=gate.grants(request), public_id=public_id)
    if site is None:
        raise NotFound()
    return site


def _address(site: "Site") -> str:
    return reverse("org:site", args=[site.public_id])


def _crumbs(site: "Site | None" = None) -> tuple[Crumb, ...]:
    first = Crumb(_("Sites"), reverse("org:sites"))
    return (first,) if site is None else (first, Crumb(site.name, _address(site)))


@requires(Perm.VIEW_UNITS, module=None)
def sites(request: HttpRequest) -> HttpResponse:
    """The visible sites by name."""
    held = gate.grants(request)
    rows = selectors.site_list(grants=held)
    page = paging.page(rows, order=ORDER, cursor=request.GET.get("cursor", ""))
    context = {"rows": page.items, "pages": page, "may_create": _may_create(request)}
    return render(request, "org/sites.html", context)


def _may_create(request: HttpRequest) -> bool:
    held = gate.grants(request)
    return held.has(Perm.MANAGE_SITES) and may_open_site(held)


@requires(Perm.VIEW_UNITS, module=None)
def site(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One site: its clock, its week, the days on which it is closed or takes no changes."""
    found = _load(request, public_id)
    root_id = selectors.site_root_id(public_id)
    one_day = timedelta(days=1)
    context = {
        "site": found,
        "crumbs": _crumbs(),
        "week": looks.week_rows(found.business_hours),
        "week_start": weekday_word(str(found.week_start)),
        "blackouts": [
            (item.period.lower, item.period.upper - one_day, item.reason)
            for item in found.blackouts.all()
        ],
        "may_manage": gate.grants(request).has(Perm.MANAGE_SITES, root_id),
    }
    return render(request, "org/site.html", context)


@requires(Perm.MANAGE_SITES, module=None, methods=("GET", "POST"))
def site_new(request: HttpRequest) -> HttpResponse:
    """A site comes into being, with its root unit, administered by who made it."""
    form = SiteForm(commands.sent(request))
    page = commands.CommandPage(
        title=_("New site"),
        submit=_("Create site"),
        back=reverse("org:sites"),
        crumbs=_crumbs(),
        template=WEEK_FORM,
        done=_("The site was created. You are its system administrator."),
        intro=_("You become system administrator of the new site and can then assign others."),
    )

    def create(_data: dict[str, Any]) -> str:
        if not _may_create(request):
            raise Invalid(_("Only who administers a whole site can open another."))
        made = services.site_open(values=form.values(), by=gate.person(request), at=clock.now())
        return _address(made)

    return commands.answer(request, form, page, create)


@requires(Perm.MANAGE_SITES, module=None, methods=("GET", "POST"), unit=site_behind)
def site_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Name, clock, week, business hours, holidays or blackout dates change."""
    found = _load(request, public_id)
    form = SiteEditForm(commands.sent(request), initial=site_initial(found), site=found)
    page = commands.CommandPage(
        title=_("Change %(site)s") % {"site": found.name},
        submit=_("Save"),
        back=_address(found),
        crumbs=_crumbs(found),
        template=WEEK_FORM,
        done=_("The site was changed."),
    )

    def change(data: dict[str, Any]) -> str:
        services.site_update(
            found,
            values=form.values(),
            version=data["version"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return _address(found)

    return commands.answer(request, form, page, change)


@requires(Perm.MANAGE_UNITS, module=None, methods=("GET", "POST"), unit=unit_behind)
def unit_hours(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A unit keeps business hours of its own, or those of its site."""
    found = unit_load(request, public_id)
    initial = {
        **week_initial(found.business_hours or found.site.business_hours),
        "whose": "own" if found.business_hours else "site",
        "version": found.version,
    }
    form = UnitHoursForm(commands.sent(request), initial=initial)
    back = reverse("org:unit", args=[found.public_id])
    page = commands.CommandPage(
        title=_("Business hours of %(unit)s") % {"unit": found.name},
        submit=_("Save"),
        back=back,
        crumbs=unit_crumbs(found),
        template=WEEK_FORM,
        done=_("The business hours were changed."),
    )

    def change(data: dict[str, Any]) -> str:
        services.unit_hours_set(
            found,
            hours=form.hours(),
            version=data["version"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return back

    return commands.answer(request, form, page, change)
