"""API doors of tasks."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import look
from core import clock
from core.api import PAGE_PARAMETERS, idempotent, page_of, parsed, with_etag
from core.doors import requires
from core.errors import Invalid, NotFound
from org import gate
from org import selectors as places
from org.api.records import held
from patients import selectors as patients
from worklist import behind, selectors, services
from worklist.api import serializers as shape
from worklist.api.shapes import delegation_json, task_json, whole_json
from worklist.behind import MODULE, stand_of, unit_of
from worklist.permissions import Perm, may_manage
from worklist.rules.kinds import KINDS
from worklist.selectors import ORDER, Shown, Wanted
from worklist.services import NotTheirWork
from worklist.states import Box, Priority

if TYPE_CHECKING:
    from org.models import User
    from worklist.models import Task

FILTERS = [
    OpenApiParameter("box", str, enum=Box.values, description="Which part; `unit` when left out."),
    OpenApiParameter("kind", str, enum=sorted(KINDS)),
    OpenApiParameter("priority", str, enum=Priority.values),
    OpenApiParameter("unit", UUID),
    OpenApiParameter("patient", UUID),
    OpenApiParameter("hidden", bool, description="Also what is on hold for now."),
]


def _me(request: Request) -> int:
    return gate.person(request).pk


def _load(request: Request, public_id: UUID) -> "Task":
    return behind.load(request._request, public_id)


def _shown(request: Request, rows: "list[Task]") -> list[Shown]:
    grants, now = held(request), clock.now()
    absent = selectors.stands_in_for(grants.user_id, at=now)
    found = selectors.shown(rows, grants=grants, absent=absent, at=now)
    seen = [row.patient.public_id for row in found if row.patient is not None]
    look(patients=seen, count=len(found))
    return found


def _whole(request: Request, public_id: UUID) -> dict[str, Any]:
    row = _load(request, public_id)
    (found,) = _shown(request, [row])
    return whole_json(found, selectors.timeline(row))


def _done(request: Request, public_id: UUID, act: Callable[["Task"], object]) -> Response:
    """Carry the verb out once and answer with the task as it is now, for whoever still sees it."""

    def run() -> Response:
        act(_load(request, public_id))
        return with_etag(_whole(request, public_id))

    return idempotent(request, run)


def _choice(request: Request, name: str, values: Iterable[str]) -> str:
    asked = request.GET.get(name, "")
    if asked and asked not in values:
        raise Invalid(field=name)
    return asked


def _uuid(request: Request, name: str) -> UUID | None:
    asked = request.GET.get(name, "")
    try:
        return UUID(asked) if asked else None
    except ValueError as error:
        raise Invalid(field=name) from error


def _patient_id(request: Request, public_id: UUID | None) -> int | None:
    """Return the number of a patient whom the caller may see. Raises NotFound."""
    if public_id is None:
        return None
    found = patients.patient_get(grants=held(request), public_id=public_id, at=clock.now())
    if found is None:
        raise NotFound(field="patient")
    return found.pk


def _unit_id(request: Request, public_id: UUID | None, permission: str) -> int | None:
    """Return the number of a unit in which the caller may do this. Raises NotFound."""
    if public_id is None:
        return None
    unit_id = places.unit_id_of(public_id)
    if unit_id is None or not held(request).has(permission, unit_id):
        raise NotFound(field="unit")
    return unit_id


def _role(values: dict[str, Any]) -> str:
    role = str(values.get("role") or "")
    if role and role not in selectors.role_names():
        raise Invalid(field="role")
    return role


def _person(people: "list[User]", public_id: UUID) -> int:
    """Return the number of one of the people. Raises NotTheirWork."""
    for user in people:
        if user.public_id == public_id:
            return user.pk
    raise NotTheirWork(field="to")


def _wanted(request: Request) -> Wanted:
    patient_id = _patient_id(request, _uuid(request, "patient"))
    return Wanted(
        kind=_choice(request, "kind", KINDS),
        unit_id=_unit_id(request, _uuid(request, "unit"), Perm.VIEW),
        priority=_choice(request, "priority", Priority.values),
        patient_ids=None if patient_id is None else [patient_id],
        with_hidden=request.GET.get("hidden", "").lower() == "true",
    )


class TasksView(APIView):
    """What waits for the caller."""

    @extend_schema(
        operation_id="task_list",
        parameters=[*PAGE_PARAMETERS, *FILTERS],
        responses={200: shape.TaskPageOut},
    )
    @requires(Perm.VIEW, module=None, reads="list")
    def get(self, request: Request) -> Response:
        """Return open tasks: what cannot wait first, then by the clock."""
        grants, now = held(request), clock.now()
        absent = selectors.stands_in_for(grants.user_id, at=now)
        box = _choice(request, "box", Box.values) or Box.UNIT
        rows = selectors.inbox(box, grants=grants, absent=absent, at=now, wanted=_wanted(request))
        page = page_of(request, rows, order=ORDER)
        items = [task_json(each) for each in _shown(request, page.items)]
        return Response({"items": items, "next": page.next, "previous": page.previous})

    @extend_schema(
        operation_id="task_open", request=shape.TaskIn, responses={201: shape.TaskWholeOut}
    )
    @requires(Perm.WORK, module=MODULE, methods=("POST",), unit=stand_of(Perm.WORK))
    def post(self, request: Request) -> Response:
        """Ask somebody to do something."""

        def act() -> Response:
            values = parsed(shape.TaskIn, request)
            unit_id = _unit_id(request, values["unit"], Perm.WORK)
            if unit_id is None:
                raise NotFound(field="unit")
            made = services.task_open(
                kind=values["kind"],
                unit_id=unit_id,
                role=_role(values),
                detail=values["detail"],
                priority=values.get("priority", ""),
                patient_id=_patient_id(request, values.get("patient")),
                by=_me(request),
                at=clock.now(),
            )
            location = f"/api/v1/worklist/tasks/{made.public_id}/"
            return with_etag(_whole(request, made.public_id), status=201, location=location)

        return idempotent(request, act)


class CountsView(APIView):
    """How much waits."""

    @extend_schema(operation_id="task_counts", responses={200: shape.TaskCountsOut})
    @requires(Perm.VIEW, module=None, reads="list")
    def get(self, request: Request) -> Response:
        """Return how many tasks each part of the inbox holds."""
        grants, now = held(request), clock.now()
        absent = selectors.stands_in_for(grants.user_id, at=now)
        return Response(selectors.counts(grants=grants, absent=absent, at=now))


class TaskView(APIView):
    """One task."""

    @extend_schema(operation_id="task_get", responses={200: shape.TaskWholeOut})
    @requires(Perm.VIEW, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the task with everything that happened to it."""
        return with_etag(_whole(request, public_id))


def _work(method: Callable[..., Response]) -> Callable[..., Response]:
    """Declare a door of the people who do tasks: it stays open while the module drains."""
    return requires(Perm.WORK, module=MODULE, methods=("POST",), unit=unit_of, closing=True)(method)


def _schema(name: str, body: Any = None) -> Callable[..., Any]:
    found: Callable[..., Any] = extend_schema(
        operation_id=name, request=body, responses={200: shape.TaskWholeOut}
    )
    return found


class ClaimView(APIView):
    """Taking a task."""

    @_schema("task_claim")
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Take the task; `task_taken` says who has it already."""

        def act(row: "Task") -> None:
            services.task_claim(row, by=_me(request), at=clock.now())

        return _done(request, public_id, act)


class ReleaseView(APIView):
    """Giving a task back."""

    @_schema("task_release", shape.TaskReleaseIn)
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give the task back: it is free for all."""

        def act(row: "Task") -> None:
            values = parsed(shape.TaskReleaseIn, request)
            services.task_release(
                row, reason=values.get("reason", ""), by=_me(request), at=clock.now()
            )

        return _done(request, public_id, act)


class DoneView(APIView):
    """Doing a task."""

    @_schema("task_done", shape.TaskDoneIn)
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say that the task is done, whether or not it was taken before."""

        def act(row: "Task") -> None:
            values = parsed(shape.TaskDoneIn, request)
            services.task_done(row, note=values.get("note", ""), by=_me(request), at=clock.now())

        return _done(request, public_id, act)


class HandOverView(APIView):
    """Handing a task over."""

    @_schema("task_hand_over", shape.TaskHandOverIn)
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Hand the task to somebody who does tasks in its unit; they take it or give it back."""

        def act(row: "Task") -> None:
            values, now = parsed(shape.TaskHandOverIn, request), clock.now()
            services.task_hand_over(
                row,
                to_user=_person(selectors.receivers(row, at=now), values["to"]),
                reason=values["reason"],
                as_manager=may_manage(held(request), row),
                by=_me(request),
                at=now,
            )

        return _done(request, public_id, act)


class MoveView(APIView):
    """Giving a task to others."""

    @_schema("task_move", shape.TaskMoveIn)
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give the task to a role, or to everybody, of a unit."""

        def act(row: "Task") -> None:
            values = parsed(shape.TaskMoveIn, request)
            services.task_move(
                row,
                unit_id=_unit_id(request, values["unit"], Perm.VIEW) or row.unit_id,
                role=_role(values),
                reason=values["reason"],
                as_manager=may_manage(held(request), row),
                by=_me(request),
                at=clock.now(),
            )

        return _done(request, public_id, act)


class HoldView(APIView):
    """Putting a task on hold."""

    @_schema("task_hold", shape.TaskHoldIn)
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Put the task out of the way until a moment; what cannot wait is refused."""

        def act(row: "Task") -> None:
            values = parsed(shape.TaskHoldIn, request)
            services.task_hold(row, **values, by=_me(request), at=clock.now())

        return _done(request, public_id, act)


class WakeView(APIView):
    """Taking a task up again."""

    @_schema("task_wake")
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Take the task up again before its time."""

        def act(row: "Task") -> None:
            services.task_wake(row, by=_me(request), at=clock.now())

        return _done(request, public_id, act)


class VoidView(APIView):
    """Tasks that should never have been."""

    @_schema("task_void", shape.TaskReasonIn)
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say that the task was entered in error."""

        def act(row: "Task") -> None:
            values = parsed(shape.TaskReasonIn, request)
            services.task_void(row, reason=values["reason"], by=_me(request), at=clock.now())

        return _done(request, public_id, act)


class NotesView(APIView):
    """Notes of a task."""

    @_schema("task_note", shape.TaskNoteIn)
    @_work
    def post(self, request: Request, public_id: UUID) -> Response:
        """Add a note to the task's timeline."""

        def act(row: "Task") -> None:
            values = parsed(shape.TaskNoteIn, request)
            services.task_note(row, text=values["text"], by=_me(request), at=clock.now())

        return _done(request, public_id, act)


class DelegationsView(APIView):
    """Who stands in for the caller."""

    @extend_schema(operation_id="delegation_list", responses={200: shape.DelegationsOut})
    @requires(Perm.WORK, module=None)
    def get(self, request: Request) -> Response:
        """Return who stands in for the caller, now and later."""
        rows = list(selectors.delegations_of(_me(request), at=clock.now()))
        names = places.names_of({row.to_user_id for row in rows})
        return Response({"items": [delegation_json(row, names[row.to_user_id]) for row in rows]})

    @extend_schema(
        operation_id="delegation_begin",
        request=shape.DelegationIn,
        responses={201: shape.DelegationOut},
    )
    @requires(Perm.WORK, module=MODULE, methods=("POST",), unit=stand_of(Perm.WORK))
    def post(self, request: Request) -> Response:
        """Name who stands in for the caller, from when until when."""

        def act() -> Response:
            values, now = parsed(shape.DelegationIn, request), clock.now()
            people = selectors.colleagues(held(request), at=now)
            to_user = _person(people, values["to"])
            row = services.delegation_begin(
                from_user=_me(request),
                to_user=to_user,
                starts_at=values["starts_at"],
                ends_at=values["ends_at"],
                reason=values.get("reason", ""),
                by=_me(request),
                at=now,
            )
            row.refresh_from_db()
            names = places.names_of({to_user})
            return Response(delegation_json(row, names[to_user]), status=201)

        return idempotent(request, act)


class DelegationEndView(APIView):
    """Ending a stand-in."""

    @extend_schema(
        operation_id="delegation_end", request=None, responses={200: shape.DelegationOut}
    )
    @requires(Perm.WORK, module=MODULE, methods=("POST",), unit=stand_of(Perm.WORK))
    def post(self, request: Request, delegation_id: UUID) -> Response:
        """Nobody stands in for the caller any more."""

        def act() -> Response:
            found = selectors.delegation_get(_me(request), delegation_id)
            if found is None:
                raise NotFound()
            row = services.delegation_end(found, by=_me(request), at=clock.now())
            row.refresh_from_db()
            names = places.names_of({row.to_user_id})
            return Response(delegation_json(row, names[row.to_user_id]))

        return idempotent(request, act)
