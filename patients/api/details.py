"""API doors of what hangs on a patient: contacts and numbers that end, notes of special care."""

from typing import TYPE_CHECKING
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import IF_MATCH, if_match, parsed
from core.doors import requires
from core.errors import NotFound
from org import gate
from patients import behind, selectors, services
from patients.api import serializers as shape
from patients.api.views import DESK, MODULE, done
from patients.permissions import Perm

if TYPE_CHECKING:
    from patients.models import Patient


class ContactEndView(APIView):
    """The end of a contact."""

    @extend_schema(
        operation_id="patient_contact_end", request=shape.EndIn, responses={200: shape.PatientOut}
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID, contact_id: UUID) -> Response:
        """Record that somebody matters to the patient no longer."""

        def run(patient: "Patient") -> None:
            contact = selectors.contact_get(patient, contact_id)
            if contact is None:
                raise NotFound()
            services.contact_end(
                contact, **parsed(shape.EndIn, request), by=gate.person(request).pk, at=clock.now()
            )

        return done(request, public_id, run)


class IdentifierEndView(APIView):
    """The end of a number."""

    @extend_schema(
        operation_id="patient_identifier_end",
        request=shape.EndIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID, identifier_id: UUID) -> Response:
        """Record that a number counts no longer."""

        def run(patient: "Patient") -> None:
            number = selectors.identifier_get(patient, identifier_id)
            if number is None:
                raise NotFound()
            services.identifier_end(
                number, **parsed(shape.EndIn, request), by=gate.person(request).pk, at=clock.now()
            )

        return done(request, public_id, run)


class CareNotesView(APIView):
    """Notes that only those who treat the patient may read."""

    @extend_schema(
        operation_id="patient_care_notes_set",
        parameters=[IF_MATCH],
        request=shape.CareNotesIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.CARE_NOTES, module=MODULE, methods=("POST",), unit=behind.desk(Perm.CARE_NOTES))
    def post(self, request: Request, public_id: UUID) -> Response:
        """Write the notes of special care anew; "" takes them away."""
        return done(
            request,
            public_id,
            lambda patient: services.care_notes_set(
                patient,
                **parsed(shape.CareNotesIn, request),
                version=if_match(request),
                by=gate.person(request).pk,
                at=clock.now(),
            ),
        )
