"""Doors of the tree of units."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands, paging
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import gate, selectors, services
from org.forms import RootEditForm, UnitEditForm, UnitFilterForm, UnitForm, VersionedReasonForm
from org.permissions import Perm
from org.states import Module
from org.views import looks

if TYPE_CHECKING:
    from org.models import Unit

ORDER = ("name", "id")
LONGEST_TREE = 250


def unit_behind(_request: HttpRequest, public_id: UUID, **_rest: Any) -> int | None:
    """Name the unit of the record for the gate."""
    return selectors.unit_id_of(public_id)


def load(request: HttpRequest, public_id: UUID) -> "Unit":
    """Return the visible unit. Raises NotFound."""
    unit = selectors.unit_get(grants=gate.grants(request), public_id=public_id)
    if unit is None:
        raise NotFound()
    return unit


def address(unit: "Unit") -> str:
    """Return the address of a unit's page."""
    return reverse("org:unit", args=[unit.public_id])


def crumbs(unit: "Unit | None" = None) -> tuple[Crumb, ...]:
    """Return the way to the units, or to one of them."""
    first = Crumb(_("Units"), reverse("org:units"))
    return (first,) if unit is None else (first, Crumb(unit.name, address(unit)))


def _places(request: HttpRequest, permission: str) -> "list[Unit]":
    return selectors.units_of(set(gate.grants(request).unit_ids(permission)))


@requires(Perm.VIEW_UNITS, module=None)
def units(request: HttpRequest) -> HttpResponse:
    """The visible units as a tree; those that match, or too many of them, as a list by name."""
    form = UnitFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = selectors.unit_list(
        grants=gate.grants(request),
        search=wanted.get("q", ""),
        kind=wanted.get("kind", ""),
        state=wanted.get("state", ""),
    )
    is_filtered, cursor = any(wanted.values()), request.GET.get("cursor", "")
    tree = None
    if not (is_filtered or cursor):
        tree = selectors.unit_tree(grants=gate.grants(request), limit=LONGEST_TREE)
    page = None if tree is not None else paging.page(rows, order=ORDER, cursor=cursor)
    shown = tree if page is None else [(unit, 0) for unit in page.items]
    context = {
        "filter": form,
        "is_filtered": is_filtered,
        "is_tree": tree is not None,
        "rows": [(unit, looks.unit_look(unit), depth) for unit, depth in shown or []],
        "pages": page,
        "has_sites": len({unit.site_id for unit, _depth in shown or []}) > 1,
        "may_create": gate.grants(request).has(Perm.MANAGE_UNITS),
    }
    return render(request, "org/units.html", context)


@requires(Perm.VIEW_UNITS, module=None, unit=unit_behind)
def unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One unit: what it is, what is below it, who works there, what runs there."""
    found, held = load(request, public_id), gate.grants(request)
    visible = selectors.unit_list(grants=held)
    people = held.has(Perm.VIEW_PEOPLE, found.pk)
    calendar = selectors.unit_calendar(found)
    context = {
        "unit": found,
        "look": looks.unit_look(found),
        "crumbs": (*crumbs(), *_above(request, found)),
        "calendar": calendar,
        "week": looks.week_rows(calendar.hours),
        "below": visible.filter(parent_id=found.pk).order_by(*ORDER),
        "may_manage": held.has(Perm.MANAGE_UNITS, found.pk),
        "people_address": f"{reverse('org:people')}?unit={found.public_id}" if people else "",
        "may_invite": held.has(Perm.MANAGE_PEOPLE, found.pk),
        "levels": _levels(found) if held.has(Perm.VIEW_ACTIVATION, found.pk) else [],
        "may_set_levels": held.has(Perm.SET_ACTIVATION, found.pk),
    }
    return render(request, "org/unit.html", context)


def _above(request: HttpRequest, found: "Unit") -> tuple[Crumb, ...]:
    chain: list[Crumb] = []
    walk = found
    while walk.parent is not None:
        parent = selectors.unit_get(grants=gate.grants(request), public_id=walk.parent.public_id)
        if parent is None:
            break
        chain.append(Crumb(parent.name, address(parent)))
        walk = parent
    return tuple(reversed(chain))


def _levels(found: "Unit") -> list[dict[str, Any]]:
    return [
        {
            "module": module,
            "word": module.label,
            "look": looks.level_look(selectors.level(unit=found.pk, module=module)),
        }
        for module in Module
    ]


@requires(Perm.MANAGE_UNITS, module=None, methods=("GET", "POST"))
def unit_new(request: HttpRequest) -> HttpResponse:
    """A unit comes into being below another."""
    initial = {"parent": request.GET.get("parent", "")[:36]}
    places = [place for place in _places(request, Perm.MANAGE_UNITS) if place.is_active]
    form = UnitForm(commands.sent(request), initial=initial, units=places)
    page = commands.CommandPage(
        title=_("New unit"),
        submit=_("Create unit"),
        back=reverse("org:units"),
        crumbs=crumbs(),
        done=_("The unit was created."),
    )

    def create(data: dict[str, Any]) -> str:
        made = services.unit_create(**data, by=gate.person(request).pk, at=clock.now())
        return address(made)

    return commands.answer(request, form, page, create)


def _edit_form(request: HttpRequest, found: "Unit") -> UnitEditForm | RootEditForm:
    initial = {name: getattr(found, name) for name in ("name", "code", "kind", "beds", "version")}
    data = commands.sent(request)
    if found.parent is None:
        return RootEditForm(data, initial=initial)
    places = _places(request, Perm.MANAGE_UNITS)
    if found.parent_id not in {place.pk for place in places}:
        places = [found.parent, *places]
    places = [place for place in places if place.site_id == found.site_id and place.pk != found.pk]
    initial["parent"] = str(found.parent.public_id)
    return UnitEditForm(data, initial=initial, units=places)


@requires(Perm.MANAGE_UNITS, module=None, methods=("GET", "POST"), unit=unit_behind)
def unit_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Name, code, kind, beds or place in the tree change."""
    found = load(request, public_id)
    page = commands.CommandPage(
        title=_("Change %(unit)s") % {"unit": found.name},
        submit=_("Save"),
        back=address(found),
        crumbs=crumbs(found),
        done=_("The unit was changed."),
    )

    def change(data: dict[str, Any]) -> str:
        values = dict(data)
        version = values.pop("version")
        if "parent" in values:
            values["parent_id"] = values.pop("parent").pk
        services.unit_update(
            found, values=values, version=version, by=gate.person(request).pk, at=clock.now()
        )
        return address(found)

    return commands.answer(request, _edit_form(request, found), page, change)


@requires(Perm.MANAGE_UNITS, module=None, methods=("GET", "POST"), unit=unit_behind)
def unit_close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The unit takes no new work."""
    found = load(request, public_id)
    page = commands.CommandPage(
        title=_("Close %(unit)s") % {"unit": found.name},
        submit=_("Close unit"),
        back=address(found),
        crumbs=crumbs(found),
        done=_("The unit is closed."),
        intro=_("A closed unit takes no new people and no new work. It can be opened again."),
        is_risky=True,
    )
    form = VersionedReasonForm(commands.sent(request), initial={"version": found.version})

    def close(data: dict[str, Any]) -> str:
        services.unit_close(found, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return commands.answer(request, form, page, close)


@requires(Perm.MANAGE_UNITS, module=None, methods=("GET", "POST"), unit=unit_behind)
def unit_reopen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The closed unit is open again."""
    found = load(request, public_id)
    page = commands.CommandPage(
        title=_("Open %(unit)s again") % {"unit": found.name},
        submit=_("Open unit"),
        back=address(found),
        crumbs=crumbs(found),
        done=_("The unit is open again."),
    )
    form = VersionedReasonForm(commands.sent(request), initial={"version": found.version})

    def reopen(data: dict[str, Any]) -> str:
        services.unit_reopen(found, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return commands.answer(request, form, page, reopen)
