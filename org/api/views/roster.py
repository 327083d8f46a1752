"""API doors of the roster: who stands in which shift, shifts of a site, absences."""

from __future__ import annotations

from datetime import date, timedelta
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
from core.errors import Denied, Invalid, NotFound
from org import gate, selectors, services
from org.api.records import held, person_at, record, roster_behind, shift_behind, uuid_of
from org.api.roster_serializers import (
    AbsenceEndIn,
    AbsenceIn,
    AbsenceOut,
    AbsencePageOut,
    OnNowOut,
    RosterCopyIn,
    RosterCopyOut,
    RosterIn,
    RosterMoveIn,
    RosterOut,
    RosterPageOut,
    RosterRemoveIn,
    ShiftEditIn,
    ShiftIn,
    ShiftOut,
    ShiftsOut,
)
from org.api.shapes import absence_json, roster_json, shift_json, standing_json
from org.permissions import Perm
from org.selectors import roster as plans

if TYPE_CHECKING:
    from org.models import RosterEntry, Shift, Unit, User

MOST_DAYS = timedelta(days=62)
UNIT = OpenApiParameter("unit", UUID, required=True)


def _unit(request: Request, public_id: UUID | None, permission: str) -> Unit:
    """Return the unit that the address or body names. Raises NotFound, Denied, Invalid."""
    if public_id is None:
        raise Invalid(field="unit")
    seen = selectors.units_of(set(held(request).unit_ids(Perm.VIEW_ROSTER)))
    found = next((unit for unit in seen if unit.public_id == public_id), None)
    if found is None:
        raise NotFound(field="unit")
    if not held(request).has(permission, found.pk):
        raise Denied(field="unit")
    return found


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError as error:
        raise Invalid(field=name) from error


def _place(unit: Unit, values: dict[str, Any]) -> services.Place:
    """Return where an entry shall stand; a person who may not stand there is not found."""
    shift = plans.shift_get(values["shift"])
    if shift is None:
        raise NotFound(field="shift")
    now = clock.now()
    for user, role in plans.candidates(unit_id=unit.pk, at=now):
        if user.public_id == values["person"] and role.code == values["role"]:
            rest = {name: values[name] for name in ("day_on", "on_call", "is_double")}
            return services.Place(shift=shift, user=user, role_id=role.pk, **rest)
    raise NotFound(field="person")


class RosterView(APIView):
    """Who stands in the shifts of a unit."""

    @extend_schema(
        operation_id="roster_list",
        parameters=[
            *PAGE_PARAMETERS,
            UNIT,
            OpenApiParameter("first", date, required=True),
            OpenApiParameter("last", date, required=True),
        ],
        responses={200: RosterPageOut},
    )
    @requires(Perm.VIEW_ROSTER, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of the roster of a unit, at most 62 days, by day."""
        unit = _unit(request, uuid_of(request, "unit"), Perm.VIEW_ROSTER)
        first, last = _day(request, "first"), _day(request, "last")
        if not timedelta(0) <= last - first < MOST_DAYS:
            raise Invalid(field="last")
        rows = plans.roster_list(grants=held(request), unit_id=unit.pk, first=first, last=last)
        return paged(page_of(request, rows, order=("day_on", "id")), roster_json)

    @extend_schema(operation_id="roster_add", request=RosterIn, responses={201: RosterOut})
    @requires(Perm.MANAGE_ROSTER, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Let a person stand in a shift of a unit, on duty or on call."""

        def act() -> Response:
            values = parsed(RosterIn, request)
            unit = _unit(request, values["unit"], Perm.MANAGE_ROSTER)
            row = services.roster_add(
                unit=unit,
                place=_place(unit, values),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            where = f"/api/v1/org/roster/{row.public_id}/"
            return with_etag(_fresh(request, row), status=201, location=where)

        return idempotent(request, act)


def _fresh(request: Request, row: RosterEntry) -> dict[str, Any]:
    found = plans.roster_get(grants=held(request), public_id=row.public_id)
    return roster_json(found or row)


class OnNowView(APIView):
    """Who is on now."""

    @extend_schema(operation_id="roster_now", parameters=[UNIT], responses={200: OnNowOut})
    @requires(Perm.VIEW_ROSTER, module=None)
    def get(self, request: Request) -> Response:
        """Return who is on duty in the unit and who is on call for it, without who is away."""
        unit = _unit(request, uuid_of(request, "unit"), Perm.VIEW_ROSTER)
        now = clock.now()
        return Response(
            {
                "on_duty": [standing_json(one) for one in plans.on_duty(unit_id=unit.pk, at=now)],
                "on_call": [standing_json(one) for one in plans.on_call(unit_id=unit.pk, at=now)],
            }
        )


class RosterCopyView(APIView):
    """Copying a week."""

    @extend_schema(operation_id="roster_copy", request=RosterCopyIn, responses={200: RosterCopyOut})
    @requires(Perm.MANAGE_ROSTER, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Let seven days hold what seven others hold; what cannot be is named."""

        def act() -> Response:
            values = parsed(RosterCopyIn, request)
            copied = services.roster_copy(
                unit=_unit(request, values["unit"], Perm.MANAGE_ROSTER),
                from_day=values["from_day"],
                to_day=values["to_day"],
                by=gate.person(request).pk,
                at=clock.now(),
            )
            refused = [
                {"entry": entry.public_id, "reason": reason} for entry, reason in copied.refused
            ]
            return Response({"made": copied.made, "already": copied.already, "refused": refused})

        return idempotent(request, act)


class RosterEntryView(APIView):
    """One entry of the roster."""

    @extend_schema(operation_id="roster_read", responses={200: RosterOut})
    @requires(Perm.VIEW_ROSTER, module=None, unit=roster_behind(Perm.VIEW_ROSTER))
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the entry, also one that was taken off."""
        return with_etag(roster_json(record(request)))


class RosterMoveView(APIView):
    """Moving an entry."""

    @extend_schema(
        operation_id="roster_move",
        parameters=[IF_MATCH],
        request=RosterMoveIn,
        responses={200: RosterOut},
    )
    @requires(
        Perm.MANAGE_ROSTER,
        module=None,
        methods=("POST",),
        unit=roster_behind(Perm.MANAGE_ROSTER),
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Move the entry to another day, shift, person or role of its unit."""
        found = record(request)

        def act() -> Response:
            version = if_match(request)
            stands = {
                "day_on": found.day_on,
                "shift": found.shift.public_id,
                "person": found.user.public_id,
                "role": found.role.code,
                "on_call": found.on_call,
                "is_double": found.is_double,
            }
            row = services.roster_move(
                found,
                place=_place(found.unit, stands | parsed(RosterMoveIn, request)),
                version=version,
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return with_etag(_fresh(request, row))

        return idempotent(request, act)


class RosterRemoveView(APIView):
    """Taking somebody off."""

    @extend_schema(
        operation_id="roster_remove",
        parameters=[IF_MATCH],
        request=RosterRemoveIn,
        responses={200: RosterOut},
    )
    @requires(
        Perm.MANAGE_ROSTER,
        module=None,
        methods=("POST",),
        unit=roster_behind(Perm.MANAGE_ROSTER),
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Take the person off this shift, with a reason."""
        found = record(request)

        def act() -> Response:
            version = if_match(request)
            row = services.roster_remove(
                found,
                version=version,
                reason=parsed(RosterRemoveIn, request)["reason"],
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return with_etag(_fresh(request, row))

        return idempotent(request, act)


class ShiftsView(APIView):
    """The shifts of a site."""

    @extend_schema(
        operation_id="shift_list",
        parameters=[OpenApiParameter("site", UUID, required=True)],
        responses={200: ShiftsOut},
    )
    @requires(Perm.VIEW_ROSTER, module=None)
    def get(self, request: Request) -> Response:
        """Return the shifts of the site by the time they begin."""
        site_id = _site_id(request, uuid_of(request, "site"))
        return Response({"items": [shift_json(row) for row in plans.shift_list(site_id=site_id)]})

    @extend_schema(operation_id="shift_create", request=ShiftIn, responses={201: ShiftOut})
    @requires(Perm.MANAGE_ROSTER, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Add a shift; only who plans the whole site may."""

        def act() -> Response:
            values = parsed(ShiftIn, request)
            root = selectors.site_root(_site_id(request, values.pop("site")))
            if not held(request).has(Perm.MANAGE_ROSTER, root.pk):
                raise Denied(field="site")
            row = services.shift_create(
                site=root.site, values=values, by=gate.person(request).pk, at=clock.now()
            )
            where = f"/api/v1/org/shifts/{row.public_id}/"
            return with_etag(shift_json(row), status=201, location=where)

        return idempotent(request, act)


def _site_id(request: Request, public_id: UUID | None) -> int:
    """Return the site that the address or body names. Raises Invalid, NotFound."""
    if public_id is None:
        raise Invalid(field="site")
    seen = selectors.units_of(set(held(request).unit_ids(Perm.VIEW_ROSTER)))
    found = next((unit.site_id for unit in seen if unit.site.public_id == public_id), None)
    if found is None:
        raise NotFound(field="site")
    return found


class ShiftView(APIView):
    """One shift."""

    @extend_schema(operation_id="shift_read", responses={200: ShiftOut})
    @requires(Perm.VIEW_ROSTER, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the shift."""
        return with_etag(shift_json(_shift(request, public_id)))

    @extend_schema(
        operation_id="shift_update",
        parameters=[IF_MATCH],
        request=ShiftEditIn,
        responses={200: ShiftOut},
    )
    @requires(
        Perm.MANAGE_ROSTER,
        module=None,
        methods=("PATCH",),
        unit=shift_behind(Perm.MANAGE_ROSTER),
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change words or times; what was planned and has not begun follows."""
        found = record(request)

        def act() -> Response:
            version = if_match(request)
            row = services.shift_update(
                found,
                values=parsed(ShiftEditIn, request),
                version=version,
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return with_etag(shift_json(row))

        return idempotent(request, act)


def _shift(request: Request, public_id: UUID) -> Shift:
    found = plans.shift_get(public_id)
    if found is None:
        raise NotFound()
    _site_id(request, found.site.public_id)
    return found


class AbsencesView(APIView):
    """Absences of the people whose shifts the caller plans."""

    @extend_schema(
        operation_id="absence_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("person", UUID)],
        responses={200: AbsencePageOut},
    )
    @requires(Perm.MANAGE_ROSTER, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of absences, the latest first."""
        person = uuid_of(request, "person")
        user_id = _person(request, person).pk if person else None
        rows = plans.absence_list(grants=held(request), user_id=user_id)
        return paged(page_of(request, rows, order=("-id",)), absence_json)

    @extend_schema(operation_id="absence_record", request=AbsenceIn, responses={201: AbsenceOut})
    @requires(Perm.MANAGE_ROSTER, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Enter from when until when a person is away."""

        def act() -> Response:
            values = parsed(AbsenceIn, request)
            row = services.absence_record(
                user=_person(request, values["person"]),
                kind=values["kind"],
                starts_at=values["starts_at"],
                ends_at=values.get("ends_at"),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return with_etag(absence_json(row), status=201)

        return idempotent(request, act)


def _person(request: Request, public_id: UUID) -> User:
    return person_at(request, public_id, Perm.MANAGE_ROSTER)


class AbsenceEndView(APIView):
    """Ending an absence."""

    @extend_schema(
        operation_id="absence_end",
        parameters=[IF_MATCH],
        request=AbsenceEndIn,
        responses={200: AbsenceOut},
    )
    @requires(Perm.MANAGE_ROSTER, module=None, methods=("POST",))
    def post(self, request: Request, public_id: UUID) -> Response:
        """End the absence now or at a time to come; one to come is taken back."""
        found = plans.absence_get(grants=held(request), public_id=public_id)
        if found is None:
            raise NotFound()

        def act() -> Response:
            version, now = if_match(request), clock.now()
            row = services.absence_end(
                found,
                ends_at=parsed(AbsenceEndIn, request).get("ends_at", now),
                version=version,
                by=gate.person(request).pk,
                at=now,
            )
            return with_etag(absence_json(row))

        return idempotent(request, act)
