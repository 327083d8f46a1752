"""Which record stands behind a route: seen and permitted, seen and refused, or not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request

from core.errors import Denied, Invalid, NotFound
from org import gate, selectors
from org.permissions import Grants, Perm
from org.selectors import roster
from org.states import Module

if TYPE_CHECKING:
    from org.models import Shift, Unit, User

UnitOf = Callable[..., int | None]
MAX_SEARCH = 80


def held(request: Request) -> Grants:
    """Return what the caller may do."""
    return gate.grants(request._request)


def record(request: Request) -> Any:
    """Return the record that the door's resolver found."""
    return request.record  # type: ignore[attr-defined]


def _behind(permission: str, find: Callable[..., Any], unit_id: Callable[[Any], int]) -> UnitOf:
    def resolve(request: Request, **where: Any) -> int | None:
        grants = held(request)
        if not grants.has(permission):
            return None
        found = find(grants=grants, **where)
        if found is None:
            raise NotFound()
        if not grants.has(permission, unit_id(found)):
            raise Denied()
        request.record = found  # type: ignore[attr-defined]
        return unit_id(found)

    return resolve


def unit_behind(permission: str) -> UnitOf:
    """Name the unit of the route; 404 when it is not visible, 403 when it is but the act is not."""
    return _behind(permission, selectors.unit_get, lambda unit: unit.pk)


def site_behind(permission: str) -> UnitOf:
    """Name the root unit of the site of the route, as `unit_behind`; seen by who sees a unit."""

    def resolve(request: Request, public_id: UUID) -> int | None:
        grants = held(request)
        if not grants.has(permission):
            return None
        found = selectors.site_get(grants=grants, public_id=public_id)
        if found is None:
            raise NotFound()
        request.record = found  # type: ignore[attr-defined]
        if permission == Perm.VIEW_UNITS:
            return None
        root_id = selectors.site_root_id(public_id)
        if root_id is None or not grants.has(permission, root_id):
            raise Denied()
        return root_id

    return resolve


def assignment_behind(permission: str) -> UnitOf:
    """Name the unit of the assignment of the route, as `unit_behind`."""
    return _behind(permission, selectors.assignment_get, lambda row: row.unit_id)


def roster_behind(permission: str) -> UnitOf:
    """Name the unit of the entry of the roster of the route, as `unit_behind`."""
    return _behind(permission, roster.roster_get, lambda row: row.unit_id)


def shift_behind(permission: str) -> UnitOf:
    """Name the root unit of the site of the shift of the route; seen by who sees a roster there."""

    def find(*, grants: Grants, public_id: UUID) -> Shift | None:
        found = roster.shift_get(public_id)
        units = selectors.units_of(set(grants.unit_ids(Perm.VIEW_ROSTER)))
        sites = {unit.site_id for unit in units}
        return found if found and found.site_id in sites else None

    return _behind(permission, find, lambda row: selectors.site_root(row.site_id).pk)


def activation_behind(permission: str) -> UnitOf:
    """Name the unit whose level of a module the route is about, as `unit_behind`."""

    def find(*, grants: Grants, public_id: UUID, module: str) -> Unit | None:
        if module not in Module.values:
            return None
        return selectors.activation_units(grants=grants).filter(public_id=public_id).first()

    return _behind(permission, find, lambda unit: unit.pk)


def person_at(request: Request, public_id: UUID, permission: str = Perm.VIEW_PEOPLE) -> User:
    """Return the person. Raises NotFound when not visible, Denied when visible only."""
    grants = held(request)
    found = selectors.person_get(grants=grants, public_id=public_id, permission=permission)
    if found is not None:
        return found
    if permission != Perm.VIEW_PEOPLE and selectors.person_get(grants=grants, public_id=public_id):
        raise Denied()
    raise NotFound()


def unit_named(request: Request, public_id: UUID, *, permission: str, field: str) -> Unit:
    """Return the unit that a body names. Raises NotFound, Denied."""
    grants = held(request)
    found = selectors.unit_get(grants=grants, public_id=public_id)
    if found is None:
        raise NotFound(field=field)
    if not grants.has(permission, found.pk):
        raise Denied(field=field)
    return found


def search_of(request: Request) -> str:
    """Return the search text. Raises Invalid when it is too long."""
    text: str = request.GET.get("search", "").strip()
    if len(text) > MAX_SEARCH:
        raise Invalid(_("The search text is too long."), field="search")
    return text


def choice_of(request: Request, name: str, choices: list[str]) -> str:
    """Return a filter of the address, "" when left out. Raises Invalid for an unknown word."""
    value: str = request.GET.get(name, "")
    if value and value not in choices:
        raise Invalid(field=name)
    return value


def uuid_of(request: Request, name: str) -> UUID | None:
    """Return an id of the address, None when left out. Raises Invalid when it is not an id."""
    value = request.GET.get(name, "")
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError as error:
        raise Invalid(field=name) from error
