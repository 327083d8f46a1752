"""API doors of units."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
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
from core.errors import Invalid
from org import gate, selectors, services
from org.api.records import choice_of, held, record, search_of, unit_behind, unit_named
from org.api.serializers import (
    InvitedIn,
    InvitedOut,
    ReasonIn,
    UnitChangeIn,
    UnitIn,
    UnitOut,
    UnitPageOut,
)
from org.api.shapes import unit_json
from org.permissions import Perm
from org.states import UnitKind

MOST_INVITED = 200
STATES = ["active", "closed"]


class UnitsView(APIView):
    """The units that the caller may see."""

    @extend_schema(
        operation_id="unit_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("search", str, description="Part of the name or code."),
            OpenApiParameter("kind", str, enum=UnitKind.values),
            OpenApiParameter("state", str, enum=STATES),
        ],
        responses={200: UnitPageOut},
    )
    @requires(Perm.VIEW_UNITS, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of units by name."""
        rows = selectors.unit_list(
            grants=held(request),
            search=search_of(request),
            kind=choice_of(request, "kind", UnitKind.values),
            state=choice_of(request, "state", STATES),
        )
        return paged(page_of(request, rows, order=("name", "id")), unit_json)

    @extend_schema(operation_id="unit_create", request=UnitIn, responses={201: UnitOut})
    @requires(Perm.MANAGE_UNITS, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Create a unit below another."""

        def act() -> Response:
            values = parsed(UnitIn, request)
            parent = unit_named(
                request, values.pop("parent"), permission=Perm.MANAGE_UNITS, field="parent"
            )
            unit = services.unit_create(
                parent=parent, by=gate.person(request).pk, at=clock.now(), **values
            )
            return with_etag(
                unit_json(unit), status=201, location=f"/api/v1/org/units/{unit.public_id}/"
            )

        return idempotent(request, act)


class UnitView(APIView):
    """One unit."""

    @extend_schema(operation_id="unit_read", responses={200: UnitOut})
    @requires(Perm.VIEW_UNITS, module=None, unit=unit_behind(Perm.VIEW_UNITS))
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the unit."""
        return with_etag(unit_json(record(request)))

    @extend_schema(
        operation_id="unit_change",
        parameters=[IF_MATCH],
        request=UnitChangeIn,
        responses={200: UnitOut},
    )
    @requires(
        Perm.MANAGE_UNITS, module=None, methods=("PATCH",), unit=unit_behind(Perm.MANAGE_UNITS)
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change name, code, kind, beds or the unit above."""
        version = if_match(request)
        values = parsed(UnitChangeIn, request)
        if "parent" in values:
            parent = unit_named(
                request, values.pop("parent"), permission=Perm.MANAGE_UNITS, field="parent"
            )
            values["parent_id"] = parent.pk
        unit = services.unit_update(
            record(request),
            values=values,
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return with_etag(unit_json(unit))


def _moved(request: Request, verb: Any) -> Response:
    def act() -> Response:
        unit = verb(
            record(request),
            version=if_match(request),
            by=gate.person(request).pk,
            at=clock.now(),
            reason=parsed(ReasonIn, request)["reason"],
        )
        return with_etag(unit_json(unit))

    return idempotent(request, act)


class UnitCloseView(APIView):
    """Closing a unit."""

    @extend_schema(
        operation_id="unit_close",
        parameters=[IF_MATCH],
        request=ReasonIn,
        responses={200: UnitOut},
    )
    @requires(
        Perm.MANAGE_UNITS, module=None, methods=("POST",), unit=unit_behind(Perm.MANAGE_UNITS)
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Close the unit: it takes no new work."""
        return _moved(request, services.unit_close)


class UnitReopenView(APIView):
    """Reopening a unit."""

    @extend_schema(
        operation_id="unit_reopen",
        parameters=[IF_MATCH],
        request=ReasonIn,
        responses={200: UnitOut},
    )
    @requires(
        Perm.MANAGE_UNITS, module=None, methods=("POST",), unit=unit_behind(Perm.MANAGE_UNITS)
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Open the closed unit again."""
        return _moved(request, services.unit_reopen)


class UnitInviteView(APIView):
    """Inviting the people of a unit."""

    @extend_schema(operation_id="unit_invite", request=InvitedIn, responses={200: InvitedOut})
    @requires(
        Perm.MANAGE_PEOPLE,
        module=None,
        methods=("POST",),
        fresh=True,
        unit=unit_behind(Perm.MANAGE_PEOPLE),
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send a link by mail to whoever works here and has never signed in, 200 at most.

        422 when a named person does not wait for an invitation here, or nobody has an address.
        """

        def act() -> Response:
            waiting = selectors.invited_in(
                grants=held(request), unit_id=record(request).pk, at=clock.now(), limit=MOST_INVITED
            )
            named = parsed(InvitedIn, request).get("people")
            chosen = [one for one in waiting if named is None or one.public_id in named]
            if named is not None and len(chosen) < len(set(named)):
                raise Invalid(_("Not all of them wait for an invitation here."), field="people")
            sent = services.invitations_send(
                [one.pk for one in chosen], by=gate.person(request).pk, at=clock.now()
            )
            left = [one.public_id for one in chosen if not one.email]
            return Response({"sent": sent, "without_address": left})

        return idempotent(request, act)
