"""API doors of pre-registration, for the desk."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import look
from core import clock
from core.api import (
    IF_MATCH,
    PAGE_PARAMETERS,
    StrictSerializer,
    Veil,
    idempotent,
    if_match,
    page_of,
    paged,
    parsed,
)
from core.doors import requires
from core.errors import Invalid
from core.notify import address_of
from org import gate
from org.api.records import held
from org.api.serializers import CleanCharField
from org.services import vault
from patients import behind, selectors, services
from patients.api import serializers as shape
from patients.api.views import DESK, created, reachable, told_of, unit_named, whole
from patients.permissions import Perm
from patients.rules.identity import BirthOn
from patients.selectors.preregistration import PURPOSE, WHICH
from patients.states import BirthPrecision, PreRegistrationState, Sex

if TYPE_CHECKING:
    from patients.models import PreRegistration

MODULE = "registration"
VEIL = Veil(
    lambda body: vault.sealed(body, purpose=PURPOSE),
    lambda body: vault.opened(body, purpose=PURPOSE),
)


class PreRegistrationIn(StrictSerializer):
    """Who is asked to say who they are; without an address the answer holds the link."""

    note = CleanCharField(max_length=80, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    language = CleanCharField(max_length=10, required=False, allow_blank=True)


class PreRegistrationMatchIn(shape.PatientChangeIn):
    """The record that it is, and what is right instead of what was told."""

    patient = serializers.UUIDField()
    national = CleanCharField(max_length=40, required=False, allow_blank=True)
    national_issuer = CleanCharField(max_length=80, required=False, allow_blank=True)
    kin_name = CleanCharField(max_length=200, required=False, allow_blank=True)
    kin_relationship = CleanCharField(max_length=60, required=False, allow_blank=True)
    kin_phone = CleanCharField(max_length=40, required=False, allow_blank=True)


class AnswersOut(serializers.Serializer[Any]):
    """What was told; only what the caller may read, and only what was said."""

    family = serializers.CharField(required=False)
    given = serializers.CharField(required=False)
    birth_family = serializers.CharField(required=False)
    birth_on = serializers.DateField(required=False)
    birth_precision = serializers.ChoiceField(choices=BirthPrecision.choices, required=False)
    sex = serializers.ChoiceField(choices=Sex.choices, required=False)
    national = serializers.CharField(required=False)
    national_issuer = serializers.CharField(required=False)
    mobile = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    street = serializers.CharField(required=False)
    house_number = serializers.CharField(required=False)
    postcode = serializers.CharField(required=False)
    locality = serializers.CharField(required=False)
    region = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    language = serializers.CharField(required=False)
    interpreter = serializers.CharField(required=False)
    needs = serializers.ListField(child=serializers.CharField(), required=False)
    kin_name = serializers.CharField(required=False)
    kin_relationship = serializers.CharField(required=False)
    kin_phone = serializers.CharField(required=False)


class PreRegistrationOut(serializers.Serializer[Any]):
    """What somebody said before coming, and what became of it."""

    public_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PreRegistrationState.choices)
    unit = serializers.UUIDField()
    note = serializers.CharField()
    email = serializers.CharField()
    invited_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    patient = serializers.UUIDField(allow_null=True)
    answers = AnswersOut()


class PreRegistrationPageOut(serializers.Serializer[Any]):
    """One page of pre-registrations."""

    items = PreRegistrationOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class PreRegistrationInvitedOut(PreRegistrationOut):
    """The same, with the link to hand over; "" where a mail brings it."""

    link = serializers.CharField()


class RejectIn(StrictSerializer):
    """Why nothing of it comes into a record."""

    reason = CleanCharField(max_length=300)


def _answers_json(answers: dict[str, object]) -> dict[str, Any]:
    body = dict(answers)
    birth = body.pop("birth", None)
    if isinstance(birth, BirthOn):
        body |= {"birth_on": birth.day, "birth_precision": birth.precision}
    return body


def row_json(request: Request, row: "PreRegistration") -> dict[str, Any]:
    """Return a pre-registration as the caller may read it."""
    told = selectors.told(row, grants=held(request))
    return {
        "public_id": row.public_id,
        "state": row.state,
        "unit": row.unit.public_id,
        "note": told.note,
        "email": told.email,
        "invited_at": row.invited_at,
        "expires_at": row.expires_at,
        "sent_at": row.sent_at,
        "decided_at": row.decided_at,
        "reason": row.reason,
        "patient": row.patient.public_id if row.patient else None,
        "answers": _answers_json(told.answers),
    }


def _load(request: Request, public_id: UUID) -> "PreRegistration":
    return behind.preregistration(request._request, public_id)


def _with_link(request: Request, row: "PreRegistration", token: str, status: int) -> Response:
    link = address_of(f"{reverse('patients:welcome')}?key={token}") if token else ""
    return Response(row_json(request, row) | {"link": link}, status=status)


def _unkept(response: Response) -> Response:
    response["Cache-Control"] = "no-store"
    return response


class PreRegistrationsView(APIView):
    """What people said about themselves before they come."""

    @extend_schema(
        operation_id="preregistration_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("which", str, enum=WHICH)],
        responses={200: PreRegistrationPageOut},
    )
    @requires(Perm.REGISTER, module=None)
    def get(self, request: Request) -> Response:
        """Return those of the caller's units, the newest first."""
        which = request.query_params.get("which", "")
        if which and which not in WHICH:
            raise Invalid(field="which")
        rows = selectors.preregistration_list(grants=held(request), which=which)
        page = page_of(request, rows, order=("-id",))
        look(count=len(page.items), kind="list")
        return paged(page, lambda row: row_json(request, row))

    @extend_schema(
        operation_id="preregistration_invite",
        request=PreRegistrationIn,
        responses={201: PreRegistrationInvitedOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request) -> Response:
        """Ask somebody to say who they are: by mail, or by the link in this answer only."""

        def act() -> Response:
            made = services.preregistration_invite(
                unit_id=behind.desk_unit(request, Perm.REGISTER),
                **parsed(PreRegistrationIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            row = _load(request, made.row.public_id)
            return _with_link(request, row, made.token, 201)

        return _unkept(idempotent(request, act, veil=VEIL))


class PreRegistrationView(APIView):
    """One pre-registration."""

    @extend_schema(operation_id="preregistration_read", responses={200: PreRegistrationOut})
    @requires(Perm.REGISTER, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return what was told, and what became of it."""
        return Response(row_json(request, _load(request, public_id)))


class PreRegistrationLinkView(APIView):
    """The link of an invitation."""

    @extend_schema(
        operation_id="preregistration_link",
        request=None,
        responses={200: PreRegistrationInvitedOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=behind.preregistration_unit)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make a new link, in this answer only; the one before opens nothing."""
        row = _load(request, public_id)

        def act() -> Response:
            token = services.preregistration_link(row, by=gate.person(request).pk, at=clock.now())
            return _with_link(request, _load(request, public_id), token, 200)

        return _unkept(idempotent(request, act, veil=VEIL))


class PreRegistrationRegisterView(APIView):
    """A new record of what was told."""

    @extend_schema(
        operation_id="preregistration_register",
        request=shape.PatientIn,
        responses={201: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=behind.preregistration_unit)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Register whoever answered: fields left out are as they were told."""
        row = _load(request, public_id)

        def act() -> Response:
            values = reachable(request, parsed(shape.PatientIn, request))
            rest = {name: values.pop(name, ()) for name in ("seen", "sure")}
            values["comes_to"] = unit_named(request, values.get("comes_to"))
            made = services.preregistration_register(
                row,
                reason=values.pop("reason", ""),
                values=selectors.answers_of(row) | values,
                by=gate.person(request).pk,
                at=clock.now(),
                **rest,
            )
            return created(request, made)

        return told_of(lambda: idempotent(request, act))


class PreRegistrationMatchView(APIView):
    """A record that whoever answered has already."""

    @extend_schema(
        operation_id="preregistration_match",
        parameters=[IF_MATCH],
        request=PreRegistrationMatchIn,
        responses={200: shape.PatientOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=behind.preregistration_unit)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Take what was told into that record, whose version If-Match names."""
        row = _load(request, public_id)

        def act() -> Response:
            values = reachable(request, parsed(PreRegistrationMatchIn, request))
            patient = behind.load(request._request, values.pop("patient"))
            rest = {"sure": values.pop("sure", ()), "reason": values.pop("reason", "")}
            done = services.preregistration_match(
                row,
                patient,
                kind=values.pop("kind", "new"),
                values=selectors.answers_of(row) | values,
                version=if_match(request),
                by=gate.person(request).pk,
                at=clock.now(),
                **rest,
            )
            return Response(whole(request, done))

        return idempotent(request, act)


class PreRegistrationRejectView(APIView):
    """Answers that come into no record."""

    @extend_schema(
        operation_id="preregistration_reject",
        request=RejectIn,
        responses={200: PreRegistrationOut},
    )
    @requires(Perm.REGISTER, module=MODULE, methods=("POST",), unit=behind.preregistration_unit)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Discard what was told, or take the invitation back."""
        row = _load(request, public_id)

        def act() -> Response:
            services.preregistration_reject(
                row,
                **parsed(RejectIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return Response(row_json(request, _load(request, public_id)))

        return idempotent(request, act)
