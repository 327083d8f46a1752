"""API doors of people and places."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock, paging
from core.api import idempotent, paged, parsed, with_etag
from core.doors import SignedIn, requires
from core.errors import NotFound
from org import gate, selectors, services
from org.api.serializers import UnitIn, UnitOut, UnitPageOut
from org.permissions import Perm


def unit_json(unit: Any) -> dict[str, Any]:
    """Return a unit as the API shows it."""
    return {
        "public_id": unit.public_id,
        "site": unit.site.public_id,
        "parent": unit.parent.public_id if unit.parent else None,
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "beds": unit.beds,
        "is_active": unit.is_active,
        "version": unit.version,
    }


PAGE_PARAMETERS = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
    OpenApiParameter("size", int, description="Rows a page, 1 to 200; 50 when left out."),
]


class MeView(APIView):
    """The signed-in person."""

    @extend_schema(operation_id="me", responses={200: dict})
    @requires(SignedIn("a person may see who the system takes them for"), module=None)
    def get(self, request: Request) -> Response:
        """Return the person, their roles and units."""
        held = gate.grants(request._request).held
        return Response(
            {
                "public_id": request.user.public_id,
                "username": request.user.username,
                "name": request.user.full_name,
                "roles": sorted({item.role for item in held}),
            }
        )


class UnitsView(APIView):
    """The units that the caller may see."""

    @extend_schema(
        operation_id="units_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("search", str)],
        responses={200: UnitPageOut},
    )
    @requires(Perm.VIEW_UNITS, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of units by name."""
        rows = selectors.unit_list(
            grants=gate.grants(request._request), search=request.GET.get("search", "")[:80]
        )
        page = paging.page(
            rows,
            order=("name", "id"),
            cursor=request.GET.get("cursor", ""),
            size=paging.size_of(request.GET.get("size")),
        )
        return paged(page, unit_json)

    @extend_schema(operation_id="unit_create", request=UnitIn, responses={201: UnitOut})
    @requires(Perm.MANAGE_UNITS, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Create a unit below another."""

        def act() -> Response:
            values = parsed(UnitIn, request)
            held = gate.grants(request._request)
            parent = selectors.unit_get(grants=held, public_id=values.pop("parent"))
            if parent is None or not held.has(Perm.MANAGE_UNITS, parent.pk):
                raise NotFound(field="parent")
            unit = services.unit_create(parent=parent, by=request.user.pk, at=clock.now(), **values)
            return with_etag(
                unit_json(unit), status=201, location=f"/api/v1/org/units/{unit.public_id}/"
            )

        return idempotent(request, act)


def _unit(request: Request, public_id: UUID) -> Any:
    unit = selectors.unit_get(grants=gate.grants(request._request), public_id=public_id)
    if unit is None:
        raise NotFound()
    return unit


class UnitView(APIView):
    """One unit."""

    @extend_schema(operation_id="unit_read", responses={200: UnitOut})
    @requires(Perm.VIEW_UNITS, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the unit."""
        return with_etag(unit_json(_unit(request, public_id)))
