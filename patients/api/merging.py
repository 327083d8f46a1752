"""API doors of likely duplicates and of merges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

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
from org.api.records import held
from org.api.serializers import CleanCharField
from patients import behind, selectors, services
from patients.api.serializers import REASON, PatientRowOut
from patients.api.shapes import row_json
from patients.permissions import Perm
from patients.states import MERGE_OPEN, MergeState, PairState

if TYPE_CHECKING:
    from collections.abc import Callable

    from patients.models import DuplicatePair, MergeCase, Patient

MODULE = "registration"
PROPOSING = behind.desk(Perm.PROPOSE)
REVIEWING = behind.desk(Perm.REVIEW)


class WhyIn(StrictSerializer):
    """Why."""

    reason = CleanCharField(max_length=REASON)


class MergeReviewIn(StrictSerializer):
    """What the reviewer notes."""

    note = CleanCharField(max_length=REASON, required=False, allow_blank=True)


class MergeIn(StrictSerializer):
    """Which record takes the place of which, and why they are one person."""

    winner = serializers.UUIDField()
    loser = serializers.UUIDField()
    reason = CleanCharField(max_length=REASON)


class ExecuteIn(StrictSerializer):
    """The versions of both records that were looked at; `sure` answers `merge_asked`."""

    winner_version = serializers.IntegerField(min_value=1)
    loser_version = serializers.IntegerField(min_value=1)
    sure = serializers.ListField(child=CleanCharField(max_length=60), required=False, max_length=20)


class WhatHowOut(serializers.Serializer[Any]):
    """One comparison of two records: of what, and how it came out."""

    what = serializers.CharField()
    how = serializers.CharField()


class PairOut(serializers.Serializer[Any]):
    """Two records that may be of one person."""

    public_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PairState.choices)
    score = serializers.FloatField()
    reasons = WhatHowOut(many=True)
    one = PatientRowOut()
    two = PatientRowOut()
    found_at = serializers.DateTimeField()
    note = serializers.CharField()
    version = serializers.IntegerField()


class PairPageOut(serializers.Serializer[Any]):
    """One page of pairs, the best match first."""

    items = PairOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class SaidOut(serializers.Serializer[Any]):
    """What a room has against a merge, or asks about it."""

    code = serializers.CharField()
    text = serializers.CharField()
    is_question = serializers.BooleanField()


class MergeRowOut(serializers.Serializer[Any]):
    """A merge in a list."""

    public_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=MergeState.choices)
    reason = serializers.CharField()
    winner = PatientRowOut()
    loser = PatientRowOut()
    proposed_at = serializers.DateTimeField()
    reviewed_at = serializers.DateTimeField(allow_null=True)
    executed_at = serializers.DateTimeField(allow_null=True)
    reversed_at = serializers.DateTimeField(allow_null=True)
    rejected_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class MergePageOut(serializers.Serializer[Any]):
    """One page of merges, the newest first."""

    items = MergeRowOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class MergeOut(MergeRowOut):
    """A merge. Rows are counted by table.

    `counts` go along with an open merge, `fills` are the fields that the winner takes over;
    `moved`, `stayed` and `since` are of one that was done.
    """

    counts = serializers.DictField(child=serializers.IntegerField())
    fills = serializers.ListField(child=serializers.CharField())
    blockers = SaidOut(many=True)
    moved = serializers.DictField(child=serializers.IntegerField())
    stayed = serializers.DictField(child=serializers.IntegerField())
    since = serializers.DictField(child=serializers.IntegerField())


def pair_json(pair: DuplicatePair) -> dict[str, Any]:
    """Return a pair as the API shows it."""
    return {
        "public_id": pair.public_id,
        "state": pair.state,
        "score": float(pair.score),
        "reasons": [{"what": each["what"], "how": each["how"]} for each in pair.reasons],
        "one": row_json(pair.one),
        "two": row_json(pair.two),
        "found_at": pair.found_at,
        "note": pair.note,
        "version": pair.version,
    }


_MOMENTS = ("proposed_at", "reviewed_at", "executed_at", "reversed_at", "rejected_at")


def case_row_json(case: MergeCase) -> dict[str, Any]:
    """Return a merge as a list shows it."""
    return {
        "public_id": case.public_id,
        "state": case.state,
        "reason": case.reason,
        "winner": row_json(case.winner),
        "loser": row_json(case.loser),
        **{name: getattr(case, name) for name in _MOMENTS},
        "version": case.version,
    }


def _case_json(request: Request, case: MergeCase) -> dict[str, Any]:
    counts: dict[str, int] = {}
    fills: list[str] = []
    blockers: list[Any] = []
    if case.state in MERGE_OPEN:
        found = selectors.comparison(
            case.winner, case.loser, grants=held(request), today=clock.today()
        )
        counts, fills = found.counts, sorted(found.fills)
        blockers = selectors.against(case.winner, case.loser, at=clock.now())
    is_done = case.state == MergeState.EXECUTED
    since = selectors.written_since(case) if is_done else case.snapshot.get("since", {})
    return case_row_json(case) | {
        "counts": counts,
        "fills": fills,
        "blockers": [
            {"code": each.code, "text": str(each.text), "is_question": each.is_question}
            for each in blockers
        ],
        "moved": case.snapshot.get("moved", {}),
        "stayed": case.snapshot.get("stayed", {}),
        "since": since,
    }


def _state_of(request: Request, words: list[str]) -> str:
    wanted = request.query_params.get("state", "")
    if wanted and wanted not in words:
        raise Invalid(field="state")
    return wanted


def _pair(request: Request, public_id: UUID) -> DuplicatePair:
    found = selectors.pair_get(grants=held(request), public_id=public_id, at=clock.now())
    if found is None:
        raise NotFound()
    look(subject=found, patients=[found.one.public_id, found.two.public_id])
    return found


def _case(request: Request, public_id: UUID) -> MergeCase:
    found = selectors.case_get(grants=held(request), public_id=public_id, at=clock.now())
    if found is None:
        raise NotFound()
    look(subject=found, patients=[found.winner.public_id, found.loser.public_id])
    return found


class DuplicatesView(APIView):
    """Pairs of records that may be of one person."""

    @extend_schema(
        operation_id="duplicate_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("state", str, enum=PairState.values, description="Default: open."),
        ],
        responses={200: PairPageOut},
    )
    @requires(Perm.PROPOSE, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of pairs in a state, the best match first."""
        state = _state_of(request, PairState.values) or PairState.OPEN
        rows = selectors.pair_list(grants=held(request), at=clock.now(), state=state)
        page = page_of(request, rows, order=("-score", "-id"))
        seen = [row.public_id for pair in page.items for row in (pair.one, pair.two)]
        look(patients=seen, count=len(page.items), kind="list")
        return paged(page, pair_json)


class DuplicateView(APIView):
    """One pair."""

    @extend_schema(operation_id="duplicate_read", responses={200: PairOut})
    @requires(Perm.PROPOSE, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the pair."""
        return with_etag(pair_json(_pair(request, public_id)))


class DismissView(APIView):
    """Saying that two records are of two persons."""

    @extend_schema(operation_id="duplicate_dismiss", request=WhyIn, responses={200: PairOut})
    @requires(Perm.PROPOSE, module=MODULE, methods=("POST",), unit=PROPOSING)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Dismiss the pair; it comes back only when what was compared changes."""
        pair = _pair(request, public_id)

        def act() -> Response:
            services.pair_dismiss(
                pair, **parsed(WhyIn, request), by=gate.person(request).pk, at=clock.now()
            )
            return with_etag(pair_json(_pair(request, public_id)))

        return idempotent(request, act)


class MergesView(APIView):
    """Merges of records."""

    @extend_schema(
        operation_id="merge_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("state", str, enum=MergeState.values)],
        responses={200: MergePageOut},
    )
    @requires(Perm.PROPOSE, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of merges, the newest first."""
        state = _state_of(request, MergeState.values)
        rows = selectors.case_list(
            grants=held(request), at=clock.now(), states=[state] if state else ()
        )
        page = page_of(request, rows, order=("-id",))
        seen = [row.public_id for case in page.items for row in (case.winner, case.loser)]
        look(patients=seen, count=len(page.items), kind="list")
        return paged(page, case_row_json)

    @extend_schema(operation_id="merge_propose", request=MergeIn, responses={201: MergeOut})
    @requires(Perm.PROPOSE, module=MODULE, methods=("POST",), unit=PROPOSING)
    def post(self, request: Request) -> Response:
        """Propose that one record takes the place of another."""

        def act() -> Response:
            values = parsed(MergeIn, request)
            winner, loser = (_named(request, values[name], name) for name in ("winner", "loser"))
            made = services.merge_propose(
                winner,
                loser,
                reason=values["reason"],
                by=gate.person(request).pk,
                at=clock.now(),
            )
            location = f"/api/v1/patients/merges/{made.public_id}/"
            case = _case(request, made.public_id)
            return with_etag(_case_json(request, case), status=201, location=location)

        return idempotent(request, act)


def _named(request: Request, public_id: UUID, field: str) -> Patient:
    """Return a record that a body names. Raises NotFound, PatientMerged."""
    try:
        return behind.load(request._request, public_id)
    except NotFound as error:
        raise NotFound(field=field) from error


class MergeView(APIView):
    """One merge."""

    @extend_schema(operation_id="merge_read", responses={200: MergeOut})
    @requires(Perm.PROPOSE, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the merge with what it would do, or did."""
        return with_etag(_case_json(request, _case(request, public_id)))


class Decision(APIView):
    """A step of a merge; the subclass names the verb and what it takes."""

    takes: ClassVar[type[StrictSerializer]] = WhyIn

    def decide(self, request: Request, public_id: UUID, verb: Callable[..., object]) -> Response:
        """Take the step, once per key."""
        case = _case(request, public_id)

        def act() -> Response:
            verb(
                case,
                version=if_match(request),
                **parsed(self.takes, request),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return with_etag(_case_json(request, _case(request, public_id)))

        return idempotent(request, act)


class ReviewView(Decision):
    """The second person."""

    takes = MergeReviewIn

    @extend_schema(
        operation_id="merge_review",
        parameters=[IF_MATCH],
        request=MergeReviewIn,
        responses={200: MergeOut},
    )
    @requires(Perm.REVIEW, module=MODULE, methods=("POST",), unit=REVIEWING)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say that both records were compared and are of one person."""
        return self.decide(request, public_id, services.merge_review)


class RejectView(Decision):
    """No merge."""

    @extend_schema(
        operation_id="merge_reject", parameters=[IF_MATCH], request=WhyIn, responses={200: MergeOut}
    )
    @requires(Perm.REVIEW, module=MODULE, methods=("POST",), unit=REVIEWING)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Leave both records as they are."""
        return self.decide(request, public_id, services.merge_reject)


class ExecuteView(Decision):
    """Doing it."""

    takes = ExecuteIn

    @extend_schema(
        operation_id="merge_execute",
        parameters=[IF_MATCH],
        request=ExecuteIn,
        responses={200: MergeOut},
    )
    @requires(Perm.REVIEW, module=MODULE, methods=("POST",), unit=REVIEWING, fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make both records one; afterwards the loser's address answers 410 with `merged_into`."""

        def verb(case: MergeCase, **values: Any) -> object:
            seen = values.pop("winner_version"), values.pop("loser_version")
            return services.merge_execute(case, seen=seen, **values)

        return self.decide(request, public_id, verb)


class ReverseView(Decision):
    """Undoing it."""

    @extend_schema(
        operation_id="merge_reverse",
        parameters=[IF_MATCH],
        request=WhyIn,
        responses={200: MergeOut},
    )
    @requires(Perm.REVIEW, module=MODULE, methods=("POST",), unit=REVIEWING, fresh=True)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Take both records apart again, exactly as they were."""
        return self.decide(request, public_id, services.merge_reverse)
