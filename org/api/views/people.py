"""API doors of people and their logins."""

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
from org.api.client_serializers import EndingIn, PersonSessionsOut
from org.api.records import choice_of, held, person_at, search_of, unit_named, uuid_of
from org.api.serializers import PersonChangeIn, PersonIn, PersonOut, PersonPageOut, ReasonIn
from org.api.shapes import app_json, person_json, person_row_json, session_json
from org.permissions import Perm, may_manage_login
from org.states import AccountState


class PeopleView(APIView):
    """The people whom the caller may see."""

    @extend_schema(
        operation_id="person_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("search", str, description="Words of names, a user or staff number."),
            OpenApiParameter("state", str, enum=AccountState.values),
            OpenApiParameter("unit", UUID, description="Only people who work or worked there."),
        ],
        responses={200: PersonPageOut},
    )
    @requires(Perm.VIEW_PEOPLE, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of people by name."""
        grants = held(request)
        unit = uuid_of(request, "unit")
        rows = selectors.people_list(
            grants=grants,
            search=search_of(request),
            state=choice_of(request, "state", AccountState.values),
            unit_id=unit_named(request, unit, permission=Perm.VIEW_PEOPLE, field="unit").pk
            if unit
            else None,
        )
        rows = selectors.with_assignments(rows, at=clock.now())
        page = page_of(request, rows, order=("family_name", "given_name", "id"))
        return paged(page, lambda person: person_row_json(person, grants))

    @extend_schema(operation_id="person_create", request=PersonIn, responses={201: PersonOut})
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Create a login, invited and without a password."""

        def act() -> Response:
            values = parsed(PersonIn, request)
            person = services.person_create(by=gate.person(request).pk, at=clock.now(), **values)
            return with_etag(
                person_json(person), status=201, location=f"/api/v1/org/people/{person.public_id}/"
            )

        return idempotent(request, act)


def _login_at(request: Request, public_id: UUID) -> Any:
    """Return a person who works nowhere out of the caller's reach. Raises NotFound, Denied."""
    person = person_at(request, public_id, Perm.MANAGE_PEOPLE)
    if not may_manage_login(held(request), person, at=clock.now()):
        raise Denied()
    return person


class PersonView(APIView):
    """One person."""

    @extend_schema(operation_id="person_read", responses={200: PersonOut})
    @requires(Perm.VIEW_PEOPLE, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the person."""
        return with_etag(person_json(person_at(request, public_id)))

    @extend_schema(
        operation_id="person_change",
        parameters=[IF_MATCH],
        request=PersonChangeIn,
        responses={200: PersonOut},
    )
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("PATCH",), fresh=True)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change names, title, e-mail, staff number or language."""
        person = _login_at(request, public_id)
        version = if_match(request)
        person = services.person_update(
            person,
            values=parsed(PersonChangeIn, request),
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return with_etag(person_json(person))


def _moved(request: Request, public_id: UUID, verb: Any) -> Response:
    person = _login_at(request, public_id)

    def act() -> Response:
        reason = parsed(ReasonIn, request)["reason"]
        moved = verb(person, by=gate.person(request).pk, at=clock.now(), reason=reason)
        return with_etag(person_json(moved))

    return idempotent(request, act)


class PersonActivateView(APIView):
    """Opening a login."""

    @extend_schema(operation_id="person_activate", request=ReasonIn, responses={200: PersonOut})
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Let the login be used."""
        return _moved(request, public_id, services.account_activate)


class PersonSuspendView(APIView):
    """Shutting a login for a time."""

    @extend_schema(operation_id="person_suspend", request=ReasonIn, responses={200: PersonOut})
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Let the login open nothing from the next request on."""
        return _moved(request, public_id, services.account_suspend)


class PersonLeaveView(APIView):
    """Shutting the login of somebody who left."""

    @extend_schema(operation_id="person_leave", request=ReasonIn, responses={200: PersonOut})
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record that the person left: the login opens nothing."""
        return _moved(request, public_id, services.account_leave)


class PersonSessionsView(APIView):
    """Where a person is signed in, and which apps act for them."""

    @extend_schema(operation_id="person_session_list", responses={200: PersonSessionsOut})
    @requires(Perm.END_SESSIONS, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the person's sessions and apps."""
        person, now = person_at(request, public_id, Perm.END_SESSIONS), clock.now()
        return Response(
            {
                "sessions": [
                    session_json(row, None) for row in selectors.session_list(person, at=now)
                ],
                "apps": [app_json(row) for row in selectors.apps_of(person, at=now)],
            }
        )


class PersonSessionsEndView(APIView):
    """Signing a person out everywhere."""

    @extend_schema(operation_id="person_session_end", request=EndingIn, responses={204: None})
    @requires(Perm.END_SESSIONS, module=None, methods=("POST",), fresh=True, always=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """End the person's sessions and apps, or only the apps."""
        person, asked = person_at(request, public_id, Perm.END_SESSIONS), parsed(EndingIn, request)
        ending = services.tokens_end if asked.get("what") == "apps" else services.sessions_end

        def act() -> Response:
            ending(person, by=gate.person(request).pk, at=clock.now(), reason=asked["reason"])
            return Response(status=204)

        return idempotent(request, act)


def _sent(request: Request, public_id: UUID, kind: str) -> Response:
    person = _login_at(request, public_id)

    def act() -> Response:
        services.key_send(person, kind=kind, by=gate.person(request).pk, at=clock.now())
        return Response(status=204)

    return idempotent(request, act)


class PersonInviteView(APIView):
    """Inviting a person."""

    @extend_schema(operation_id="person_invite", request=None, responses={204: None})
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send a link by mail with which the person chooses the first password."""
        return _sent(request, public_id, "invitation")


class PersonResetView(APIView):
    """A new password for a person."""

    @extend_schema(operation_id="person_reset", request=None, responses={204: None})
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send a link by mail with which the person chooses a new password."""
        return _sent(request, public_id, "reset")


class PersonUnlockView(APIView):
    """Lifting a lock."""

    @extend_schema(operation_id="person_unlock", request=ReasonIn, responses={200: PersonOut})
    @requires(Perm.MANAGE_PEOPLE, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Let a person who is locked after wrong passwords try again at once."""
        return _moved(request, public_id, services.lock_lift)
