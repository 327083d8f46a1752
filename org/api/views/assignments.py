"""API doors of who works where as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
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
from core.errors import Denied, NotFound
from org import gate, selectors, services
from org.api.records import assignment_behind, held, person_at, record, unit_named, uuid_of
from org.api.serializers import (
    AssignmentEndIn,
    AssignmentIn,
    AssignmentOut,
    AssignmentPageOut,
)
from org.api.shapes import assignment_json
from org.permissions import Perm, may_assign

if TYPE_CHECKING:
    from org.models import Role, Unit


def _role(request: Request, code: str, unit: Unit) -> Role:
    role = selectors.role_list().filter(code=code).first()
    if role is None:
        raise NotFound(field="role")
    _check_may_hand_out(request, role.pk, unit)
    return role


def _check_may_hand_out(request: Request, role_id: int, unit: Unit) -> None:
    permissions = selectors.role_permissions(role_id)
    if not may_assign(held(request), permissions=permissions, unit=unit):
        raise Denied(field="role")


def _start(request: Request, values: dict[str, Any]) -> Response:
    unit = unit_named(request, values.pop("unit"), permission=Perm.MANAGE_ASSIGNMENTS, field="unit")
    role = _role(request, values.pop("role"), unit)
    person = person_at(request, values.pop("person"), Perm.MANAGE_ASSIGNMENTS)
    now = clock.now()
    row = services.assignment_start(
        user=person,
        role=role,
        unit=unit,
        starts_at=values.pop("starts_at", now),
        by=gate.person(request).pk,
        at=now,
        **values,
    )
    return with_etag(
        assignment_json(row), status=201, location=f"/api/v1/org/assignments/{row.public_id}/"
    )


class AssignmentsView(APIView):
    """The assignments in units whose people the caller may see."""

    @extend_schema(
        operation_id="assignment_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("person", UUID)],
        responses={200: AssignmentPageOut},
    )
    @requires(Perm.VIEW_PEOPLE, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of assignments, the latest first."""
        person = uuid_of(request, "person")
        rows = selectors.assignment_list(
            grants=held(request), user_id=person_at(request, person).pk if person else None
        )
        return paged(page_of(request, rows, order=("-id",)), assignment_json)

    @extend_schema(
        operation_id="assignment_start", request=AssignmentIn, responses={201: AssignmentOut}
    )
    @requires(Perm.MANAGE_ASSIGNMENTS, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request) -> Response:
        """Let a person work in a unit as something.

        Only in units whose assignments the caller manages, and only roles that permit nothing the
        caller may not do there; whoever manages the whole site may give every role.
        """
        return idempotent(request, lambda: _start(request, parsed(AssignmentIn, request)))


class AssignmentView(APIView):
    """One assignment."""

    @extend_schema(operation_id="assignment_read", responses={200: AssignmentOut})
    @requires(Perm.VIEW_PEOPLE, module=None, unit=assignment_behind(Perm.VIEW_PEOPLE))
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the assignment."""
        return with_etag(assignment_json(record(request)))


class AssignmentEndView(APIView):
    """Ending an assignment."""

    @extend_schema(
        operation_id="assignment_end",
        parameters=[IF_MATCH],
        request=AssignmentEndIn,
        responses={200: AssignmentOut},
    )
    @requires(
        Perm.MANAGE_ASSIGNMENTS,
        module=None,
        methods=("POST",),
        fresh=True,
        unit=assignment_behind(Perm.MANAGE_ASSIGNMENTS),
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """End the assignment now or at a time to come; its role is the caller's to give."""
        found = record(request)
        _check_may_hand_out(request, found.role_id, found.unit)

        def act() -> Response:
            version = if_match(request)
            values = parsed(AssignmentEndIn, request)
            now = clock.now()
            row = services.assignment_end(
                found,
                ends_at=values.get("ends_at", now),
                version=version,
                by=gate.person(request).pk,
                at=now,
                reason=values["reason"],
            )
            return with_etag(assignment_json(row))

        return idempotent(request, act)
