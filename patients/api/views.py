"""API doors of patients."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

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
from core.errors import Denied, NotFound
from org import gate
from org import selectors as places
from org.api.records import held, search_of
from patients import behind, selectors, services
from patients.api import serializers as shape
from patients.api.shapes import match_json, patient_json, row_json
from patients.permissions import Perm, unreadable
from patients.rules.identity import NOT_KNOWN

if TYPE_CHECKING:
    from patients.models import Patient

MODULE = "registration"
DESK = behind.desk(Perm.REGISTER)


def _load(request: Request, public_id: UUID) -> "Patient":
    return behind.load(request._request, public_id)


def whole(request: Request, patient: "Patient") -> dict[str, Any]:
    """Return the patient as stored now, with what the caller may see."""
    grants, now = held(request), clock.now()
    stored = selectors.patient_get(grants=grants, public_id=patient.public_id, at=now) or patient
    record = selectors.record_of(stored, grants=grants, today=clock.today(), at=now)
    return patient_json(record)


def created(request: Request, patient: "Patient") -> Response:
    """Answer with the new record and its address."""
    location = f"/api/v1/patients/{patient.public_id}/"
    return with_etag(whole(request, patient), status=201, location=location)


def unit_named(request: Request, public_id: UUID | None) -> int | None:
    """Return the number of a unit that a body names. Raises NotFound."""
    if public_id is None:
        return None
    unit_id = places.unit_id_of(public_id)
    if unit_id is None or unit_id not in held(request).all_unit_ids():
        raise NotFound(field="comes_to")
    return unit_id


def told_of[T](act: Callable[[], T]) -> T:
    """Run the act; likely duplicates stand in the refusal as the API shows them."""
    try:
        return act()
    except services.DuplicatesFound as error:
        error.extra["matches"] = [_plain(match_json(each)) for each in error.candidates]
        raise


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def reachable(request: Request, values: dict[str, Any]) -> dict[str, Any]:
    """Phones and addresses are only changed by whoever may see them (SEC-Z5)."""
    if hidden := unreadable(held(request), values):
        raise Denied(field=hidden[0])
    return values


class PatientsView(APIView):
    """The patients whom the caller may see."""

    @extend_schema(
        operation_id="patient_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter(
                "search",
                str,
                description="Words of names in any order or spelling, a number, a phone, a day of "
                "birth. The best 20, best first.",
            ),
        ],
        responses={200: shape.PatientPageOut},
    )
    @requires(Perm.VIEW, module=None)
    def get(self, request: Request) -> Response:
        """Return the best matches, or one page of patients, the newest record first."""
        now, text = clock.now(), search_of(request)
        if text:
            hits = selectors.search(text, grants=held(request), today=clock.today(), at=now)
            look(patients=[hit.patient.public_id for hit in hits], count=len(hits), kind="search")
            rows = [row_json(hit.patient) for hit in hits]
            return Response({"items": rows, "next": "", "previous": ""})
        page = page_of(
            request, selectors.patient_list(grants=held(request), at=now), order=("-id",)
        )
        look(patients=[row.public_id for row in page.items], count=len(page.items), kind="list")
        return paged(page, row_json)

    @extend_schema(
        operation_id="patient_register", request=shape.PatientIn, responses={201: shape.PatientOut}
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request) -> Response:
        """Give somebody a record, with a number of the site of the caller's unit."""

        def act() -> Response:
            values = reachable(request, parsed(shape.PatientIn, request))
            rest = {name: values.pop(name, ()) for name in ("seen", "sure")}
            values["comes_to"] = unit_named(request, values.get("comes_to"))
            made = services.patient_register(
                values=values,
                unit_id=behind.desk_unit(request, Perm.REGISTER),
                reason=values.pop("reason", ""),
                by=gate.person(request).pk,
                at=clock.now(),
                **rest,
            )
            return created(request, made)

        return told_of(lambda: idempotent(request, act))


class MatchesView(APIView):
    """Records that may be of one person."""

    @extend_schema(
        operation_id="patient_match", request=shape.MatchIn, responses={200: shape.MatchesOut}
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request) -> Response:
        """Return the likely duplicates of somebody who is not registered yet."""

        def act() -> Response:
            values = reachable(request, parsed(shape.MatchIn, request))
            found = selectors.candidates(
                dict(values), values.get("birth", NOT_KNOWN), at=clock.now()
            )
            rows = [each.patient for each in found]
            services.matches_noted(rows, by=gate.person(request).pk, at=clock.now())
            return Response({"items": [match_json(each) for each in found]})

        return idempotent(request, act)


class UnknownsView(APIView):
    """People whom nobody knows."""

    @extend_schema(
        operation_id="patient_register_unknown",
        request=shape.UnknownIn,
        responses={201: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request) -> Response:
        """Give somebody unknown a record under a provisional name."""

        def act() -> Response:
            values = parsed(shape.UnknownIn, request)
            made = services.unknown_register(
                sex=values["sex"],
                born=values.get("birth", NOT_KNOWN),
                description=values["description"],
                unit_id=behind.desk_unit(request, Perm.REGISTER),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return created(request, made)

        return idempotent(request, act)


class PatientView(APIView):
    """One patient."""

    @extend_schema(operation_id="patient_read", responses={200: shape.PatientOut})
    @requires(Perm.VIEW, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the patient."""
        return with_etag(whole(request, _load(request, public_id)))

    @extend_schema(
        operation_id="patient_change",
        parameters=[IF_MATCH],
        request=shape.PatientChangeIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("PATCH",), unit=DESK)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change who the patient is; giving an unknown person a name identifies them."""
        patient, version = _load(request, public_id), if_match(request)
        values = reachable(request, parsed(shape.PatientChangeIn, request))
        rest = {"sure": values.pop("sure", ()), "reason": values.pop("reason", "")}
        services.patient_change(
            patient,
            kind=values.pop("kind", "correction"),
            values=values,
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
            **rest,
        )
        return with_etag(whole(request, patient))


class NewbornsView(APIView):
    """Children of one mother."""

    @extend_schema(
        operation_id="patient_register_newborn",
        request=shape.NewbornIn,
        responses={201: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give a child of this mother a record that is linked to hers."""
        mother = _load(request, public_id)

        def act() -> Response:
            values = parsed(shape.NewbornIn, request)
            made = services.newborn_register(
                mother,
                sex=values["sex"],
                born_at=values["born_at"],
                birth_order=values.get("birth_order"),
                given=values.get("given", ""),
                sure=values.get("sure", ()),
                unit_id=behind.desk_unit(request, Perm.REGISTER),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return created(request, made)

        return idempotent(request, act)


def done(request: Request, public_id: UUID, run: Callable[..., object]) -> Response:
    """Run a verb on the patient, first checking that the caller may know of them."""
    patient = _load(request, public_id)

    def act() -> Response:
        run(patient)
        return with_etag(whole(request, patient))

    return idempotent(request, act)


class VerifyView(APIView):
    """Confirming an identity."""

    @extend_schema(
        operation_id="patient_verify",
        parameters=[IF_MATCH],
        request=shape.VerifyIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record which papers were seen that say who this is."""
        return done(
            request,
            public_id,
            lambda patient: services.patient_verify(
                patient,
                version=if_match(request),
                **parsed(shape.VerifyIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            ),
        )


class DeathView(APIView):
    """The death of a patient."""

    @extend_schema(
        operation_id="patient_death",
        parameters=[IF_MATCH],
        request=shape.DeathIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.DEATH, module=MODULE, methods=("POST",), unit=behind.desk(Perm.DEATH))
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record when the patient died, or take that back."""

        def run(patient: "Patient") -> None:
            version, values = if_match(request), parsed(shape.DeathIn, request)
            services.death_record(
                patient,
                died_on=values["died_on"],
                died_at=values.get("died_at"),
                reason=values["reason"],
                version=version,
                by=gate.person(request).pk,
                at=clock.now(),
            )

        return done(request, public_id, run)


class ContactsView(APIView):
    """People who matter to a patient."""

    @extend_schema(
        operation_id="patient_contact_add",
        request=shape.ContactIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Add a next of kin, guarantor, proxy or emergency contact."""
        return done(
            request,
            public_id,
            lambda patient: services.contact_add(
                patient,
                **parsed(shape.ContactIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            ),
        )


class IdentifiersView(APIView):
    """Numbers of a patient."""

    @extend_schema(
        operation_id="patient_identifier_add",
        request=shape.IdentifierIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Add a number with who issued it and how long it counts."""
        behind.must_see(request._request, "reach")
        return done(
            request,
            public_id,
            lambda patient: services.identifier_add(
                patient,
                **parsed(shape.IdentifierIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            ),
        )
