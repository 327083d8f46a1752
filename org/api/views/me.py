"""API doors about the caller, and the roles that exist."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import PAGE_PARAMETERS, idempotent, page_of, paged
from core.doors import SignedIn, requires
from core.errors import NotFound
from org import gate, selectors, services
from org.api.client_serializers import AppOut
from org.api.records import held
from org.api.serializers import MeOut, RolePageOut, SessionOut
from org.api.shapes import app_json, me_json, role_json, session_json
from org.permissions import Perm


class MeView(APIView):
    """The signed-in person."""

    @extend_schema(operation_id="me", responses={200: MeOut})
    @requires(SignedIn("a person may see who the system takes them for"), module=None)
    def get(self, request: Request) -> Response:
        """Return the person, their roles and units."""
        grants = held(request)
        units = selectors.units_of({item.unit_id for item in grants.held})
        return Response(me_json(gate.person(request), grants, {unit.pk: unit for unit in units}))


class RolesView(APIView):
    """The roles of the hospital."""

    @extend_schema(
        operation_id="role_list", parameters=PAGE_PARAMETERS, responses={200: RolePageOut}
    )
    @requires(Perm.VIEW_ROLES, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of roles with their permissions."""
        rows = selectors.role_list().prefetch_related("group__permissions__content_type")
        return paged(page_of(request, rows, order=("name", "id")), role_json)


class SessionsView(APIView):
    """Where the caller is signed in."""

    @extend_schema(operation_id="session_list", responses={200: SessionOut(many=True)})
    @requires(SignedIn("a person sees where they are signed in"), module=None)
    def get(self, request: Request) -> Response:
        """Return the caller's sessions, the latest sign of life first."""
        rows = selectors.session_list(gate.person(request), at=clock.now())
        here = request._request.session.session_key
        return Response([session_json(row, here) for row in rows])


class SessionEndView(APIView):
    """Ending one of the caller's sessions."""

    @extend_schema(operation_id="session_end", request=None, responses={204: None})
    @requires(
        SignedIn("one's own sessions are one's own to end"),
        module=None,
        methods=("POST",),
        always=True,
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """End the session; it opens nothing from the next request on."""
        person = gate.person(request)

        def act() -> Response:
            services.session_end(person, public_id, by=person.pk, at=clock.now())
            return Response(status=204)

        return idempotent(request, act)


OWN_APPS = SignedIn("whom one let act for oneself is one's own to end")


class AppsView(APIView):
    """The apps that may act for the caller."""

    @extend_schema(operation_id="app_list", responses={200: AppOut(many=True)})
    @requires(OWN_APPS, module=None)
    def get(self, request: Request) -> Response:
        """Return the apps with living tokens of the caller, by name."""
        rows = selectors.apps_of(gate.person(request), at=clock.now())
        return Response([app_json(row) for row in rows])


class AppsEndView(APIView):
    """Ending all apps of the caller."""

    @extend_schema(operation_id="app_end_all", request=None, responses={204: None})
    @requires(OWN_APPS, module=None, methods=("POST",), always=True)
    def post(self, request: Request) -> Response:
        """End every app, also the one that asks."""
        person = gate.person(request)

        def act() -> Response:
            services.tokens_end(person, by=person.pk, at=clock.now(), reason="by the person")
            return Response(status=204)

        return idempotent(request, act)


class AppEndView(APIView):
    """Ending one app of the caller."""

    @extend_schema(operation_id="app_end", request=None, responses={204: None})
    @requires(OWN_APPS, module=None, methods=("POST",), always=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """End the app's tokens of the caller, also those of the asking app."""
        person, client = gate.person(request), selectors.client_get(public_id)
        if client is None:
            raise NotFound()

        def act() -> Response:
            services.tokens_end(
                person, client=client, by=person.pk, at=clock.now(), reason="by the person"
            )
            return Response(status=204)

        return idempotent(request, act)
