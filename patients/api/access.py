"""API doors about who may open a record, and who did."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.permissions import Perm as Trail
from audit.selectors import Seen, seen_of
from audit.services import look
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
from core.errors import Invalid, NotFound
from org import gate
from org import selectors as places
from org.api.records import held
from patients import behind, selectors, services
from patients.api import access_serializers as shape
from patients.permissions import Perm

if TYPE_CHECKING:
    from audit.models import AuditEvent
    from patients.models import Glass, Keeper, Restriction

FILTERS = ("person", "since", "until", "what")


def restriction_json(row: "Restriction", keepers: "list[Keeper]") -> dict[str, Any]:
    """Return a restriction, with who keeps the record open."""
    return {
        "public_id": row.public_id,
        "patient": row.patient.public_id,
        "mrn": row.patient.mrn,
        "kind": row.kind,
        "reason": row.reason,
        "since": row.period.lower,
        "until": row.period.upper,
        "carers_keep": row.carers_keep,
        "units": [each.unit.public_id for each in keepers if each.unit],
        "people": [each.user.username for each in keepers if each.user],
        "version": row.version,
    }


def glass_json(glass: "Glass") -> dict[str, Any]:
    """Return a broken glass as it stands now."""
    stands = selectors.glass_standing(glass, at=clock.now())
    return {
        "public_id": glass.public_id,
        "patient": glass.patient.public_id,
        "person": glass.user.public_id,
        "unit": glass.unit.public_id,
        "kind": glass.kind,
        "words": glass.words,
        "is_restricted": glass.is_restricted,
        "state": stands.state,
        "is_late": stands.is_late,
        "granted_at": glass.granted_at,
        "until_at": glass.until_at,
        "ended_at": glass.ended_at,
        "due_at": glass.due_at,
        "verdict": glass.verdict,
        "review_words": glass.review_words,
        "reviewed_at": glass.reviewed_at,
    }


def _seen_json(row: "AuditEvent") -> dict[str, Any]:
    return {
        "public_id": row.public_id,
        "occurred_at": row.occurred_at,
        "act": row.act,
        "name": row.actor_name,
        "role": row.role,
        "unit": row.unit_name,
        "address": row.address,
        "door": row.door,
        "subject_type": row.subject_type,
        "reason": row.reason,
        "purpose": row.purpose,
    }


def _kept(request: Request, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the body says as the service takes it. Raises Invalid, NotFound."""
    people = [(name, places.login_named(name.casefold())) for name in values.get("people", ())]
    if unknown := [name for name, user in people if user is None]:
        raise Invalid(field="people", unknown=unknown)
    reach = held(request).unit_ids(Perm.RESTRICT)
    units = [places.unit_id_of(public_id) for public_id in values.get("units", ())]
    if any(unit not in reach for unit in units):
        raise NotFound(field="units")
    return {
        "kind": values["kind"],
        "reason": values["reason"],
        "until": values.get("until"),
        "carers_keep": values.get("carers_keep", True),
        "users": [user.pk for _name, user in people if user is not None],
        "units": [unit for unit in units if unit is not None],
    }


def _restriction(request: Request, public_id: UUID) -> "Restriction":
    found = selectors.restriction_get(grants=held(request), public_id=public_id)
    if found is None:
        raise NotFound()
    look(subject=found, patient=found.patient.public_id)
    return found


def _shown(request: Request, public_id: UUID, status: int = 200) -> Response:
    stored = _restriction(request, public_id)
    body = restriction_json(stored, selectors.keepers_of([stored])[stored.pk])
    return with_etag(body, status=status)


class RestrictionsView(APIView):
    """Records that are open to few."""

    @extend_schema(
        operation_id="restriction_list",
        parameters=PAGE_PARAMETERS,
        responses={200: shape.RestrictionPageOut},
    )
    @requires(Perm.RESTRICT, module=None)
    def get(self, request: Request) -> Response:
        """Return the restrictions that count, the newest first."""
        page = page_of(
            request,
            selectors.restriction_list(grants=held(request), at=clock.now()),
            order=("-id",),
        )
        keepers = selectors.keepers_of(page.items)
        look(patients=[row.patient.public_id for row in page.items], count=len(page.items))
        return paged(page, lambda row: restriction_json(row, keepers[row.pk]))

    @extend_schema(
        operation_id="restriction_set",
        request=shape.RestrictionIn,
        responses={201: shape.RestrictionOut},
    )
    @requires(Perm.RESTRICT, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request) -> Response:
        """Restrict the record with this number."""

        def act() -> Response:
            values = parsed(shape.RestrictionIn, request)
            patient = selectors.to_restrict(values["number"], grants=held(request))
            if patient is None:
                raise NotFound(field="number")
            made = services.restriction_set(
                patient, **_kept(request, values), by=gate.person(request).pk, at=clock.now()
            )
            return _shown(request, made.public_id, status=201)

        return idempotent(request, act)


class RestrictionView(APIView):
    """One restriction."""

    @extend_schema(operation_id="restriction_read", responses={200: shape.RestrictionOut})
    @requires(Perm.RESTRICT, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the restriction."""
        return _shown(request, public_id)

    @extend_schema(
        operation_id="restriction_change",
        parameters=[IF_MATCH],
        request=shape.KeptIn,
        responses={200: shape.RestrictionOut},
    )
    @requires(Perm.RESTRICT, module=None, methods=("PUT",), fresh=True)
    def put(self, request: Request, public_id: UUID) -> Response:
        """Say anew why, until when and to whom the record stays open."""
        found, version = _restriction(request, public_id), if_match(request)
        services.restriction_change(
            found,
            **_kept(request, parsed(shape.KeptIn, request)),
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return _shown(request, public_id)


class LiftView(APIView):
    """The end of a restriction."""

    @extend_schema(
        operation_id="restriction_lift",
        parameters=[IF_MATCH],
        request=shape.LiftIn,
        responses={200: shape.RestrictionOut},
    )
    @requires(Perm.RESTRICT, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Open the record again as every other."""
        found = _restriction(request, public_id)

        def act() -> Response:
            services.restriction_lift(
                found,
                version=if_match(request),
                **parsed(shape.LiftIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return _shown(request, public_id)

        return idempotent(request, act)


class GlassesView(APIView):
    """Records that somebody opened who had no ordinary access."""

    @extend_schema(
        operation_id="glass_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("which", str, enum=["waiting", "late", "open", "reviewed"]),
        ],
        responses={200: shape.GlassPageOut},
    )
    @requires(Perm.REVIEW_GLASS, module=None)
    def get(self, request: Request) -> Response:
        """Return broken glasses, the newest first."""
        which = request.query_params.get("which", "")
        if which not in {"", "waiting", "late", "open", "reviewed"}:
            raise Invalid(field="which")
        rows = selectors.glass_list(grants=held(request), which=which, at=clock.now())
        page = page_of(request, rows, order=("-id",))
        look(patients=[row.patient.public_id for row in page.items], count=len(page.items))
        return paged(page, glass_json)

    @extend_schema(
        operation_id="glass_break", request=shape.GlassIn, responses={201: shape.GlassOut}
    )
    @requires(Perm.BREAK_GLASS, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request) -> Response:
        """Open a record that is not open to the caller, for a while."""

        def act() -> Response:
            values = parsed(shape.GlassIn, request)
            behind.glass_tried(request._request)
            made = behind.glass_broken(request._request, values)
            return Response(glass_json(made), status=201)

        return idempotent(request, act)


class GlassEndView(APIView):
    """The end of one's own broken glass."""

    @extend_schema(operation_id="glass_end", request=None, responses={200: shape.GlassOut})
    @requires(Perm.BREAK_GLASS, module=None, methods=("POST",), always=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Close a record that the caller opened."""
        found = selectors.glass_own(user_id=gate.person(request).pk, public_id=public_id)
        if found is None:
            raise NotFound()

        def act() -> Response:
            ended = services.glass_end(found, by=gate.person(request).pk, at=clock.now())
            return Response(glass_json(ended))

        return idempotent(request, act)


class GlassReviewView(APIView):
    """The verdict on a broken glass."""

    @extend_schema(
        operation_id="glass_review", request=shape.ReviewIn, responses={200: shape.GlassOut}
    )
    @requires(Perm.REVIEW_GLASS, module=None, methods=("POST",))
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say whether it was right; not by whoever broke it."""
        found = selectors.glass_get(grants=held(request), public_id=public_id, at=clock.now())
        if found is None:
            raise NotFound()

        def act() -> Response:
            done = services.glass_review(
                found,
                **parsed(shape.ReviewIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return Response(glass_json(done))

        return idempotent(request, act)


class SeenView(APIView):
    """Who has seen a record."""

    @extend_schema(
        operation_id="patient_seen",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("person", str),
            OpenApiParameter("since", OpenApiTypes.DATETIME),
            OpenApiParameter("until", OpenApiTypes.DATETIME),
            OpenApiParameter("what", str, enum=["looks", "changes", "glass"]),
        ],
        responses={200: shape.SeenPageOut},
    )
    @requires(Trail.VIEW_TRAIL, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return each look at the record and each change of it, the newest first."""
        reach = gate.reach(request, Trail.VIEW_TRAIL)
        if not seen_of(public_id, reach=reach).exists():
            raise NotFound()
        filters = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
        asked = shape.SeenIn(data=filters)
        asked.is_valid(raise_exception=True)
        rows = seen_of(public_id, reach=reach, wanted=Seen(**asked.validated_data))
        page = page_of(request, rows, order=("-occurred_at", "-id"))
        look(patient=public_id, kind="view", count=len(page.items))
        return paged(page, _seen_json)
