"""API of consents."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import IF_MATCH, StrictSerializer, idempotent, if_match, parsed
from core.doors import requires
from core.errors import NotFound
from org import gate
from org.api.records import held
from org.api.serializers import CleanCharField, InstantField
from patients import behind, selectors, services
from patients.api.serializers import NAME, REASON
from patients.permissions import Perm
from patients.states import (
    ConsentCategory,
    ConsentGiver,
    ConsentKind,
    ConsentScope,
    ConsentState,
    Decision,
)

if TYPE_CHECKING:
    from patients.models import Consent, Patient

MODULE = behind.MODULE
DESK = behind.desk(Perm.CONSENTS)


def _choice(choices: Any, *, required: bool = False) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices.choices, required=required)


def _text(limit: int = REASON) -> CleanCharField:
    return CleanCharField(max_length=limit, required=False, allow_blank=True)


class ConsentIn(StrictSerializer):
    """A decision with its evidence; `witness` may only be missing in a draft."""

    kind = _choice(ConsentKind, required=True)
    decision = _choice(Decision, required=True)
    limits = _text()
    giver = _choice(ConsentGiver)
    giver_name = _text(NAME)
    witness = _text()
    note = _text()
    document = serializers.UUIDField(required=False)
    since = InstantField(required=False)
    until = InstantField(required=False)
    is_draft = serializers.BooleanField(required=False, default=False)


class ConsentChangeIn(StrictSerializer):
    """What becomes of it: active, inactive (withdrawn), not_done, entered_in_error."""

    to = _choice(ConsentState, required=True)
    reason = CleanCharField(max_length=REASON)
    witness = _text()
    document = serializers.UUIDField(required=False)


class ConsentOut(serializers.Serializer[Any]):
    """A consent."""

    public_id = serializers.UUIDField()
    kind = _choice(ConsentKind, required=True)
    scope = _choice(ConsentScope, required=True)
    category = _choice(ConsentCategory, required=True)
    decision = _choice(Decision, required=True)
    state = _choice(ConsentState, required=True)
    limits = serializers.CharField()
    giver = _choice(ConsentGiver, required=True)
    giver_name = serializers.CharField()
    witness = serializers.CharField()
    document = serializers.UUIDField(allow_null=True)
    note = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField()
    stands = serializers.BooleanField()
    version = serializers.IntegerField()


class ConsentsOut(serializers.Serializer[Any]):
    """Every consent, the newest first; `stands`: this kind is allowed now."""

    items = ConsentOut(many=True)


_PLAIN = (
    "public_id",
    "kind",
    "scope",
    "category",
    "decision",
    "state",
    "limits",
    "giver",
    "giver_name",
    "witness",
    "note",
    "end_reason",
    "version",
)


def _json(row: "Consent", allowed: set[str]) -> dict[str, Any]:
    period = row.period
    return {name: getattr(row, name) for name in _PLAIN} | {
        "since": period.lower if period else None,
        "until": period.upper if period else None,
        "document": row.document.public_id if row.document else None,
        "stands": row.kind in allowed,
    }


def _all(patient: "Patient") -> Response:
    rows = selectors.consents_of(patient)
    allowed = selectors.kinds_allowed(patient, at=clock.now())
    return Response({"items": [_json(row, allowed) for row in rows]})


def _load(request: Request, public_id: UUID) -> "Patient":
    return behind.load(request._request, public_id)


def _evidence(request: Request, patient: "Patient", values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with the paper that they name. Raises NotFound."""
    if "document" not in values:
        return values
    row = selectors.document_get(patient, values["document"], grants=held(request))
    if row is None:
        raise NotFound(field="document")
    return {**values, "document": row}


class ConsentsView(APIView):
    """What a patient allowed and refused."""

    @extend_schema(operation_id="patient_consent_list", responses={200: ConsentsOut})
    @requires(Perm.SEE_CONSENTS, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return every consent, also withdrawn ones."""
        return _all(_load(request, public_id))

    @extend_schema(
        operation_id="patient_consent_record", request=ConsentIn, responses={200: ConsentsOut}
    )
    @requires(Perm.CONSENTS, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record a decision, or a draft of one."""
        patient = _load(request, public_id)

        def act() -> Response:
            services.consent_record(
                patient,
                **_evidence(request, patient, parsed(ConsentIn, request)),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return _all(patient)

        return idempotent(request, act)


class ConsentView(APIView):
    """One consent."""

    @extend_schema(
        operation_id="patient_consent_change",
        parameters=[IF_MATCH],
        request=ConsentChangeIn,
        responses={200: ConsentsOut},
    )
    @requires(Perm.CONSENTS, module=MODULE, methods=("PATCH",), unit=DESK)
    def patch(self, request: Request, public_id: UUID, consent_id: UUID) -> Response:
        """Give a draft, withdraw a consent, or say that it was entered in error."""
        patient, version = _load(request, public_id), if_match(request)
        row = selectors.consent_get(patient, consent_id)
        if row is None:
            raise NotFound()
        services.consent_change(
            row,
            **_evidence(request, patient, parsed(ConsentChangeIn, request)),
            version=version,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return _all(patient)
