"""API doors of API clients. A secret is in one answer; nobody can read it in the tables."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import (
    IF_MATCH,
    PAGE_PARAMETERS,
    Veil,
    idempotent,
    if_match,
    page_of,
    paged,
    parsed,
    with_etag,
)
from core.doors import requires
from core.errors import Denied, NotFound
from org import gate, selectors, services
from org.api.client_serializers import (
    ClientChangeIn,
    ClientIn,
    ClientOut,
    ClientPageOut,
    ClientSecretOut,
)
from org.api.records import choice_of, held, search_of
from org.api.serializers import ReasonIn
from org.api.shapes import client_json
from org.permissions import Perm, may_manage_login
from org.services import vault
from org.services.clients import ANSWER

VEIL = Veil(
    lambda body: vault.sealed(body, purpose=ANSWER),
    lambda body: vault.opened(body, purpose=ANSWER),
)


def _client_at(public_id: UUID) -> Any:
    found = selectors.client_get(public_id)
    if found is None:
        raise NotFound()
    return found


def _to_change(request: Request, public_id: UUID) -> Any:
    """Return a client that the caller may change: a system only with its login in reach."""
    found = _client_at(public_id)
    user = found.application.user
    if user is not None and not may_manage_login(held(request), user, at=clock.now()):
        raise Denied()
    return found


def _with_secret(made: services.Registered, status: int) -> Response:
    data = client_json(made.client) | {"client_secret": made.secret}
    return with_etag(data, status=status, location=f"/api/v1/org/clients/{made.client.public_id}/")


def _unkept(answer: Response) -> Response:
    answer["Cache-Control"] = "no-store"
    return answer


class ClientsView(APIView):
    """The registered clients."""

    @extend_schema(
        operation_id="client_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("search", str, description="Part of a name or purpose."),
            OpenApiParameter("state", str, enum=["open", "closed"]),
        ],
        responses={200: ClientPageOut},
    )
    @requires(Perm.VIEW_CLIENTS, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of clients by name."""
        state = choice_of(request, "state", ["open", "closed"])
        rows = selectors.client_list(search=search_of(request), state=state)
        return paged(page_of(request, rows, order=("application__name", "id")), client_json)

    @extend_schema(
        operation_id="client_register",
        request=ClientIn,
        responses={201: ClientSecretOut},
    )
    @requires(Perm.MANAGE_CLIENTS, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request) -> Response:
        """Register a client; its secret is in this answer only."""
        values = parsed(ClientIn, request)

        def act() -> Response:
            made = services.client_register(**values, by=gate.person(request).pk, at=clock.now())
            return _with_secret(made, 201)

        return _unkept(idempotent(request, act, veil=VEIL))


class ClientView(APIView):
    """One client."""

    @extend_schema(operation_id="client_read", responses={200: ClientOut})
    @requires(Perm.VIEW_CLIENTS, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the client."""
        return with_etag(client_json(_client_at(public_id)))

    @extend_schema(
        operation_id="client_change",
        parameters=[IF_MATCH],
        request=ClientChangeIn,
        responses={200: ClientOut},
    )
    @requires(Perm.MANAGE_CLIENTS, module=None, methods=("PATCH",), fresh=True)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change name, purpose, contact, scopes or addresses."""
        found, version = _to_change(request, public_id), if_match(request)
        stored = client_json(found)
        names = ("name", "purpose", "contact", "scopes", "addresses")
        values = {name: stored[name] for name in names} | parsed(ClientChangeIn, request)
        changed = services.client_update(
            found, **values, version=version, by=gate.person(request).pk, at=clock.now()
        )
        return with_etag(client_json(changed))


class ClientSecretView(APIView):
    """A new secret of a client."""

    @extend_schema(
        operation_id="client_secret_renew",
        request=ReasonIn,
        responses={200: ClientSecretOut},
    )
    @requires(Perm.MANAGE_CLIENTS, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make a new secret; the old one opens nothing from now on."""
        found, reason = _to_change(request, public_id), parsed(ReasonIn, request)["reason"]

        def act() -> Response:
            made = services.client_secret_renew(
                found, reason=reason, by=gate.person(request).pk, at=clock.now()
            )
            return _with_secret(made, 200)

        return _unkept(idempotent(request, act, veil=VEIL))


class ClientCloseView(APIView):
    """The end of a client."""

    @extend_schema(operation_id="client_close", request=ReasonIn, responses={200: ClientOut})
    @requires(Perm.MANAGE_CLIENTS, module=None, methods=("POST",), fresh=True, always=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Close the client for good; its tokens are void at once."""
        found = _to_change(request, public_id)

        def act() -> Response:
            reason = parsed(ReasonIn, request)["reason"]
            closed = services.client_close(
                found, reason=reason, by=gate.person(request).pk, at=clock.now()
            )
            return with_etag(client_json(closed))

        return idempotent(request, act)
