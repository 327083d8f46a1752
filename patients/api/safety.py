"""API of allergies, of the statement that none is known, and of flags."""

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
from core.errors import Denied, Invalid, NotFound
from org import gate
from org.api.records import held
from org.api.serializers import CleanCharField, InstantField
from patients import behind, selectors, services
from patients.api.serializers import REASON
from patients.permissions import Perm, flag_kinds_set
from patients.rules.flags import FLAGS
from patients.rules.identity import NOT_KNOWN, BirthOn, parse_birth
from patients.states import (
    AllergyKind,
    AllergyState,
    BirthPrecision,
    Criticality,
    FlagCategory,
    FlagKind,
    FlagState,
    Informant,
    NoneKnownScope,
    NoneKnownState,
    Severity,
    SubstanceCategory,
    Verification,
)

if TYPE_CHECKING:
    from patients.models import Allergy, NoneKnown, Patient, PatientFlag

MODULE = behind.MODULE
DESK = behind.desk(Perm.ALLERGIES)
FLAG_DESK = behind.desk(Perm.SET_FLAGS)


def _choice(choices: Any, *, required: bool = False) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices.choices, required=required)


class ReactionIn(StrictSerializer):
    """What a substance did: a code of the list of reactions."""

    manifestation = CleanCharField(max_length=40)
    severity = _choice(Severity)
    note = CleanCharField(max_length=REASON, required=False, allow_blank=True)


class AllergyIn(StrictSerializer):
    """A substance: a code or a name of the list, or free text, which needs its category.

    `onset` is a day (2011-03-07), a month (2011-03) or a year (2011).
    """

    substance = CleanCharField(max_length=120)
    category = _choice(SubstanceCategory)
    kind = _choice(AllergyKind)
    criticality = _choice(Criticality)
    verification = _choice(Verification)
    onset = CleanCharField(max_length=10, required=False)
    informant = _choice(Informant)
    note = CleanCharField(max_length=REASON, required=False, allow_blank=True)
    reactions = ReactionIn(many=True, required=False)


class AllergyChangeIn(StrictSerializer):
    """Fields left out stay."""

    state = _choice(AllergyState)
    verification = _choice(Verification)
    criticality = _choice(Criticality)
    reason = CleanCharField(max_length=REASON)


class NoneKnownIn(StrictSerializer):
    """Somebody asked, and no allergy is known."""

    scope = _choice(NoneKnownScope, required=True)
    informant = _choice(Informant)
    note = CleanCharField(max_length=REASON, required=False, allow_blank=True)


class EndOrErrorIn(StrictSerializer):
    """Why something counts no longer, or never was so."""

    reason = CleanCharField(max_length=REASON)
    is_error = serializers.BooleanField(required=False, default=False)


class FlagIn(StrictSerializer):
    """A warning; without `until` it counts until somebody ends it."""

    kind = _choice(FlagKind, required=True)
    note = CleanCharField(max_length=REASON, required=False, allow_blank=True)
    until = InstantField(required=False)


class ReactionOut(serializers.Serializer[Any]):
    """What a substance did."""

    manifestation = serializers.CharField()
    severity = serializers.CharField()
    note = serializers.CharField()


class AllergyOut(serializers.Serializer[Any]):
    """An allergy or intolerance; an empty `code` is free text."""

    public_id = serializers.UUIDField()
    code = serializers.CharField()
    substance = serializers.CharField()
    category = _choice(SubstanceCategory, required=True)
    kind = _choice(AllergyKind, required=True)
    criticality = _choice(Criticality, required=True)
    state = _choice(AllergyState, required=True)
    verification = _choice(Verification, required=True)
    onset_on = serializers.DateField(allow_null=True)
    onset_precision = _choice(BirthPrecision, required=True)
    informant = _choice(Informant, required=True)
    note = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    reactions = ReactionOut(many=True)
    version = serializers.IntegerField()


class NoneKnownOut(serializers.Serializer[Any]):
    """A statement that no allergy is known."""

    public_id = serializers.UUIDField()
    scope = _choice(NoneKnownScope, required=True)
    state = _choice(NoneKnownState, required=True)
    informant = _choice(Informant, required=True)
    note = serializers.CharField()
    stated_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField()


class AllergiesOut(serializers.Serializer[Any]):
    """Allergies and statements, the newest first; both empty means that nobody was asked."""

    items = AllergyOut(many=True)
    none_known = NoneKnownOut(many=True)


class FlagOut(serializers.Serializer[Any]):
    """A warning."""

    public_id = serializers.UUIDField()
    kind = _choice(FlagKind, required=True)
    category = _choice(FlagCategory, required=True)
    state = _choice(FlagState, required=True)
    note = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField()


class FlagsOut(serializers.Serializer[Any]):
    """The flags of the kinds that the caller may see, the newest first."""

    items = FlagOut(many=True)


def _allergy_json(row: "Allergy") -> dict[str, Any]:
    names = ("public_id", "code", "substance", "category", "kind", "criticality", "state")
    more = ("verification", "onset_on", "onset_precision", "informant", "note", "version")
    return {name: getattr(row, name) for name in (*names, *more)} | {
        "recorded_at": row.occurred_at,
        "reactions": [
            {"manifestation": did.manifestation, "severity": did.severity, "note": did.note}
            for did in row.reactions.all()
        ],
    }


def _statement_json(row: "NoneKnown") -> dict[str, Any]:
    names = ("public_id", "scope", "state", "informant", "note", "ended_at", "end_reason")
    return {name: getattr(row, name) for name in names} | {"stated_at": row.occurred_at}


def _flag_json(row: "PatientFlag") -> dict[str, Any]:
    names = ("public_id", "kind", "state", "note", "end_reason")
    return {name: getattr(row, name) for name in names} | {
        "category": FLAGS[FlagKind(row.kind)].category,
        "since": row.period.lower,
        "until": row.period.upper,
    }


def _allergies(patient: "Patient") -> Response:
    return Response(
        {
            "items": [_allergy_json(row) for row in selectors.allergies_of(patient)],
            "none_known": [_statement_json(row) for row in selectors.statements_of(patient)],
        }
    )


def _flags(request: Request, patient: "Patient") -> Response:
    rows = selectors.flags_of(patient, grants=held(request))
    return Response({"items": [_flag_json(row) for row in rows]})


def _load(request: Request, public_id: UUID) -> "Patient":
    return behind.load(request._request, public_id)


def _who(request: Request) -> dict[str, Any]:
    return {"by": gate.person(request).pk, "at": clock.now()}


def _onset(text: str) -> BirthOn:
    found = parse_birth(text, clock.today()) if text else NOT_KNOWN
    if found is None or found.precision == BirthPrecision.ESTIMATED:
        raise Invalid(field="onset")
    return found


class AllergiesView(APIView):
    """What harms a patient."""

    @extend_schema(operation_id="patient_allergy_list", responses={200: AllergiesOut})
    @requires(Perm.CLINICAL, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return every allergy and every statement that none is known."""
        return _allergies(_load(request, public_id))

    @extend_schema(
        operation_id="patient_allergy_record", request=AllergyIn, responses={200: AllergiesOut}
    )
    @requires(Perm.ALLERGIES, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record an allergy; a statement that none is known is ended."""
        patient = _load(request, public_id)

        def act() -> Response:
            values = parsed(AllergyIn, request)
            onset = _onset(values.pop("onset", ""))
            services.allergy_record(patient, **values, onset=onset, **_who(request))
            return _allergies(patient)

        return idempotent(request, act)


class AllergyView(APIView):
    """One allergy."""

    @extend_schema(
        operation_id="patient_allergy_change",
        parameters=[IF_MATCH],
        request=AllergyChangeIn,
        responses={200: AllergiesOut},
    )
    @requires(Perm.ALLERGIES, module=MODULE, methods=("PATCH",), unit=DESK)
    def patch(self, request: Request, public_id: UUID, allergy_id: UUID) -> Response:
        """Confirm, refute, resolve it, or say that it was entered in error."""
        patient, version = _load(request, public_id), if_match(request)
        row = _found(selectors.allergy_get(patient, allergy_id))
        values = parsed(AllergyChangeIn, request)
        names = ("state", "verification", "criticality")
        wanted = {name: values.get(name, getattr(row, name)) for name in names}
        services.allergy_change(
            row, **wanted, reason=values["reason"], version=version, **_who(request)
        )
        return _allergies(patient)


def _found[T](row: T | None) -> T:
    if row is None:
        raise NotFound()
    return row


class ReactionsView(APIView):
    """What one substance did."""

    @extend_schema(
        operation_id="patient_reaction_add", request=ReactionIn, responses={200: AllergiesOut}
    )
    @requires(Perm.ALLERGIES, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID, allergy_id: UUID) -> Response:
        """Add a reaction."""
        patient = _load(request, public_id)
        row = _found(selectors.allergy_get(patient, allergy_id))

        def act() -> Response:
            values = {"severity": "", **parsed(ReactionIn, request)}
            services.reaction_add(row, **values, **_who(request))
            return _allergies(patient)

        return idempotent(request, act)


class NoneKnownView(APIView):
    """Statements that no allergy is known."""

    @extend_schema(
        operation_id="patient_none_known_state",
        request=NoneKnownIn,
        responses={200: AllergiesOut},
    )
    @requires(Perm.ALLERGIES, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """State that somebody was asked and no allergy is known."""
        patient = _load(request, public_id)

        def act() -> Response:
            services.none_known_state(patient, **parsed(NoneKnownIn, request), **_who(request))
            return _allergies(patient)

        return idempotent(request, act)


class NoneKnownEndView(APIView):
    """The end of a statement."""

    @extend_schema(
        operation_id="patient_none_known_end", request=EndOrErrorIn, responses={200: AllergiesOut}
    )
    @requires(Perm.ALLERGIES, module=MODULE, methods=("POST",), unit=DESK)
    def post(self, request: Request, public_id: UUID, statement_id: UUID) -> Response:
        """End the statement, or take it back as an error."""
        patient = _load(request, public_id)
        row = _found(selectors.statement_get(patient, statement_id))

        def act() -> Response:
            services.none_known_end(row, **parsed(EndOrErrorIn, request), **_who(request))
            return _allergies(patient)

        return idempotent(request, act)


class FlagsView(APIView):
    """Warnings about a patient."""

    @extend_schema(operation_id="patient_flag_list", responses={200: FlagsOut})
    @requires(Perm.VIEW, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the flags of the kinds that the caller may see."""
        return _flags(request, _load(request, public_id))

    @extend_schema(operation_id="patient_flag_set", request=FlagIn, responses={200: FlagsOut})
    @requires(Perm.SET_FLAGS, module=MODULE, methods=("POST",), unit=FLAG_DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Set a flag."""
        patient = _load(request, public_id)

        def act() -> Response:
            values = parsed(FlagIn, request)
            if values["kind"] not in flag_kinds_set(held(request)):
                raise Denied(field="kind")
            services.flag_set(patient, **values, **_who(request))
            return _flags(request, patient)

        return idempotent(request, act)


class FlagEndView(APIView):
    """The end of a warning."""

    @extend_schema(operation_id="patient_flag_end", request=EndOrErrorIn, responses={200: FlagsOut})
    @requires(Perm.SET_FLAGS, module=MODULE, methods=("POST",), unit=FLAG_DESK)
    def post(self, request: Request, public_id: UUID, flag_id: UUID) -> Response:
        """End the flag, or take it back as an error."""
        patient = _load(request, public_id)
        row = _found(selectors.flag_get(patient, flag_id, grants=held(request)))
        if row.kind not in flag_kinds_set(held(request)):
            raise Denied()

        def act() -> Response:
            services.flag_end(row, **parsed(EndOrErrorIn, request), **_who(request))
            return _flags(request, patient)

        return idempotent(request, act)
