"""API doors of sites and of business hours."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import (
    IF_MATCH,
    PAGE_PARAMETERS,
    idempotent,
    if_match,
    page_of,
    paged,
    parsed,
    with_etag,
)
from core.doors import requires
from core.errors import Denied
from org import gate, selectors, services
from org.api.records import held, record, site_behind, unit_behind
from org.api.serializers import SiteChangeIn, SiteIn, SiteOut, SitePageOut, UnitHoursIn, UnitOut
from org.api.shapes import site_json, unit_json
from org.permissions import Perm, may_open_site


class SitesView(APIView):
    """The sites in which the caller may see units."""

    @extend_schema(
        operation_id="site_list", parameters=PAGE_PARAMETERS, responses={200: SitePageOut}
    )
    @requires(Perm.VIEW_UNITS, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of sites by name."""
        rows = selectors.site_list(grants=held(request))
        return paged(page_of(request, rows, order=("name", "id")), site_json)

    @extend_schema(operation_id="site_create", request=SiteIn, responses={201: SiteOut})
    @requires(Perm.MANAGE_SITES, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Create a site with its root unit; the caller becomes its system administrator."""

        def act() -> Response:
            values = parsed(SiteIn, request)
            if not may_open_site(held(request)):
                raise Denied()
            site = services.site_open(values=values, by=gate.person(request), at=clock.now())
            return with_etag(
                site_json(site), status=201, location=f"/api/v1/org/sites/{site.public_id}/"
            )

        return idempotent(request, act)


class SiteView(APIView):
    """One site."""

    @extend_schema(operation_id="site_read", responses={200: SiteOut})
    @requires(Perm.VIEW_UNITS, module=None, unit=site_behind(Perm.VIEW_UNITS))
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the site."""
        return with_etag(site_json(record(request)))

    @extend_schema(
        operation_id="site_change",
        parameters=[IF_MATCH],
        request=SiteChangeIn,
        responses={200: SiteOut},
    )
    @requires(
        Perm.MANAGE_SITES, module=None, methods=("PATCH",), unit=site_behind(Perm.MANAGE_SITES)
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change name, code, clock, week, business hours, holidays or blackout dates."""
        version = if_match(request)
        site = services.site_update(
            record(request),
            values=parsed(SiteChangeIn, request),
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return with_etag(site_json(site))


class UnitHoursView(APIView):
    """The business hours of one unit."""

    @extend_schema(
        operation_id="unit_hours_set",
        parameters=[IF_MATCH],
        request=UnitHoursIn,
        responses={200: UnitOut},
    )
    @requires(Perm.MANAGE_UNITS, module=None, methods=("PUT",), unit=unit_behind(Perm.MANAGE_UNITS))
    def put(self, request: Request, public_id: UUID) -> Response:
        """Give the unit business hours of its own, or with `{}` those of its site."""
        version = if_match(request)
        unit = services.unit_hours_set(
            record(request),
            hours=parsed(UnitHoursIn, request)["business_hours"],
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return with_etag(unit_json(unit))
