"""API doors of which module runs at which level in which unit."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import IF_MATCH, PAGE_PARAMETERS, if_match, page_of, paged, parsed, with_etag
from core.doors import requires
from core.errors import NotFound
from org import gate, selectors, services
from org.api.records import activation_behind, choice_of, held, record, search_of, uuid_of
from org.api.serializers import LevelChangePageOut, LevelIn, LevelOut, UnitLevelsPageOut
from org.api.shapes import change_json, level_json, unit_levels_json
from org.permissions import Perm
from org.states import Module

MODULE = OpenApiParameter("module", str, location=OpenApiParameter.PATH, enum=Module.values)


class LevelsView(APIView):
    """The levels of all modules in the units that the caller may see."""

    @extend_schema(
        operation_id="level_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("search", str)],
        responses={200: UnitLevelsPageOut},
    )
    @requires(Perm.VIEW_ACTIVATION, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of open units, each with the level of every module."""
        units = selectors.activation_units(grants=held(request), search=search_of(request))
        page = page_of(request, units.filter(is_active=True), order=("name", "id"))
        levels = selectors.levels_of(page.items, modules=Module.values)
        found = {row.unit.pk: row.levels for row in levels}
        return paged(page, lambda unit: unit_levels_json(unit, found[unit.pk]))


class LevelView(APIView):
    """The level of one module in one unit."""

    @extend_schema(operation_id="level_read", parameters=[MODULE], responses={200: LevelOut})
    @requires(Perm.VIEW_ACTIVATION, module=None, unit=activation_behind(Perm.VIEW_ACTIVATION))
    def get(self, request: Request, public_id: UUID, module: str) -> Response:
        """Return the level; version 0 when nobody ever set one."""
        unit = record(request)
        row = selectors.activation_get(unit_id=unit.pk, module=module)
        return with_etag(level_json(unit, module, row))

    @extend_schema(
        operation_id="level_set",
        parameters=[MODULE, IF_MATCH],
        request=LevelIn,
        responses={200: LevelOut},
    )
    @requires(
        Perm.SET_ACTIVATION,
        module=None,
        methods=("PUT",),
        unit=activation_behind(Perm.SET_ACTIVATION),
    )
    def put(self, request: Request, public_id: UUID, module: str) -> Response:
        """Set the level; every process knows within 5 seconds."""
        unit = record(request)
        version = if_match(request)
        row = services.activation_set(
            unit=unit,
            module=module,
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
            **parsed(LevelIn, request),
        )
        return with_etag(level_json(unit, module, row))


class LevelHistoryView(APIView):
    """Every change of a level."""

    @extend_schema(
        operation_id="level_history",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("unit", UUID),
            OpenApiParameter("module", str, enum=Module.values),
        ],
        responses={200: LevelChangePageOut},
    )
    @requires(Perm.VIEW_ACTIVATION, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of changes, the latest first."""
        grants, asked = held(request), uuid_of(request, "unit")
        unit = (
            selectors.activation_units(grants=grants).filter(public_id=asked).first()
            if asked
            else None
        )
        if asked and unit is None:
            raise NotFound(field="unit")
        rows = selectors.activation_history(
            grants=grants,
            unit_id=unit.pk if unit else None,
            module=choice_of(request, "module", Module.values),
        )
        page = page_of(request, rows, order=("-id",))
        units = {row.pk: row for row in selectors.units_of({event.unit for event in page.items})}
        names = selectors.names_of({event.by_user for event in page.items if event.by_user})
        return paged(page, lambda event: change_json(event, units, names))
