"""API doors of notices, their deliveries, and score cards of alert rules."""

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
from core.doors import SignedIn, requires
from core.errors import NotFound
from org import gate
from org.api.records import choice_of, held
from worklist import selectors, services
from worklist.api.notice_serializers import (
    AlertScoreOut,
    DeliveryOut,
    DeliveryPageOut,
    NoticeChoiceIn,
    NoticeChoiceOut,
    NoticeOut,
    NoticePageOut,
    NoticesReadOut,
    RuleReviewIn,
    RuleSettingIn,
    ScoresOut,
)
from worklist.permissions import Perm
from worklist.rules.notice_kinds import notice_kind
from worklist.rules.telling import CHOSEN, USUAL
from worklist.states import Channel, DeliveryState

if TYPE_CHECKING:
    from worklist.models import Notice, NoticeChoice, NoticeDelivery

OWN = SignedIn("what the caller was told")


def notice_json(row: Notice) -> dict[str, Any]:
    """Return something the caller was told."""
    return {
        "public_id": row.public_id,
        "kind": row.kind,
        "text": notice_kind(row.kind).text(row.facts),
        "severity": row.severity,
        "subject_type": row.subject_type,
        "subject_id": row.subject_id,
        "told_at": row.told_at,
        "read_at": row.read_at,
    }


def delivery_json(row: NoticeDelivery) -> dict[str, Any]:
    """Return one way by which a notice went to its person."""
    user = row.notice.user
    return {
        "public_id": row.public_id,
        "person": {"public_id": user.public_id, "name": user.full_name},
        "kind": row.notice.kind,
        "channel": row.channel,
        "state": row.state,
        "tries": row.tries,
        "skip_reason": row.skip_reason,
        "fault": row.fault,
        "due_at": row.due_at,
        "sent_at": row.sent_at,
        "delivered_at": row.delivered_at,
    }


class NoticesView(APIView):
    """What the caller was told."""

    @extend_schema(
        operation_id="notice_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("state", str, enum=["unread"])],
        responses={200: NoticePageOut},
    )
    @requires(OWN, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of notices, newest first."""
        unread = choice_of(request, "state", ["unread"]) == "unread"
        rows = selectors.notices_of(gate.person(request).pk, only_unread=unread)
        return paged(page_of(request, rows, order=("-id",)), notice_json)


class NoticeReadView(APIView):
    """Reading a notice."""

    @extend_schema(operation_id="notice_read", request=None, responses={200: NoticeOut})
    @requires(OWN, module=None, methods=("POST",))
    def post(self, request: Request, public_id: UUID) -> Response:
        """Mark the notice as read; ways that were not taken yet are left out."""
        user_id = gate.person(request).pk
        found = selectors.notice_get(user_id, public_id)
        if found is None:
            raise NotFound()

        def act() -> Response:
            row = services.notice_read(found, by=user_id, at=clock.now())
            return Response(notice_json(row))

        return idempotent(request, act)


class NoticesReadView(APIView):
    """Reading everything."""

    @extend_schema(operation_id="notices_read", request=None, responses={200: NoticesReadOut})
    @requires(OWN, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Mark every notice as read, at most 500 at a time."""
        user_id = gate.person(request).pk
        return idempotent(
            request,
            lambda: Response({"count": services.notices_read(by=user_id, at=clock.now())}),
        )


def choice_json(row: NoticeChoice | None) -> dict[str, Any]:
    """Return by which ways somebody is told; the usual ones where nothing was chosen."""
    chosen = row.ways if row else {}
    ways = {severity: list(chosen.get(severity, USUAL[severity])) for severity in CHOSEN}
    begins, ends = (row.quiet_from, row.quiet_to) if row else (None, None)
    return ways | {
        "quiet_from": f"{begins:%H:%M}" if begins else None,
        "quiet_to": f"{ends:%H:%M}" if ends else None,
        "version": row.version if row else 0,
    }


class NoticeChoiceView(APIView):
    """How the caller is told."""

    @extend_schema(operation_id="notice_choice_read", responses={200: NoticeChoiceOut})
    @requires(OWN, module=None)
    def get(self, request: Request) -> Response:
        """Return by which ways the caller is told of what, and the quiet hours."""
        return with_etag(choice_json(selectors.choice_of(gate.person(request).pk)))

    @extend_schema(
        operation_id="notice_choose",
        parameters=[IF_MATCH],
        request=NoticeChoiceIn,
        responses={200: NoticeChoiceOut},
    )
    @requires(OWN, module=None, methods=("PUT",))
    def put(self, request: Request) -> Response:
        """Choose; what is immediate is never held back."""
        user_id = gate.person(request).pk

        def act() -> Response:
            version = if_match(request)
            values = parsed(NoticeChoiceIn, request)
            begins, ends = values.get("quiet_from"), values.get("quiet_to")
            row = services.notice_choose(
                user_id=user_id,
                ways={severity: values[severity] for severity in CHOSEN},
                quiet=(begins, ends) if begins is not None and ends is not None else None,
                version=version,
                by=user_id,
                at=clock.now(),
            )
            return with_etag(choice_json(row))

        return idempotent(request, act)


class DeliveriesView(APIView):
    """What went out of the house."""

    @extend_schema(
        operation_id="delivery_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("state", str, enum=DeliveryState.values),
            OpenApiParameter("channel", str, enum=[Channel.MAIL, Channel.SMS]),
        ],
        responses={200: DeliveryPageOut},
    )
    @requires(Perm.VIEW_DELIVERIES, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of deliveries, newest first."""
        rows = selectors.deliveries(
            grants=held(request),
            state=choice_of(request, "state", DeliveryState.values),
            channel=choice_of(request, "channel", [Channel.MAIL, Channel.SMS]),
        )
        return paged(page_of(request, rows, order=("-id",)), delivery_json)


class DeliveryRetryView(APIView):
    """Trying again."""

    @extend_schema(operation_id="delivery_retry", request=None, responses={200: DeliveryOut})
    @requires(Perm.RETRY_DELIVERY, module=None, methods=("POST",))
    def post(self, request: Request, public_id: UUID) -> Response:
        """Have a delivery that was given up tried again."""
        found = selectors.delivery_get(grants=held(request), public_id=public_id)
        if found is None:
            raise NotFound()

        def act() -> Response:
            row = services.delivery_retry(found, by=gate.person(request).pk, at=clock.now())
            return Response(delivery_json(row))

        return idempotent(request, act)


def alert_score_json(score: Any) -> dict[str, Any]:
    """Return one alert rule with its figures and settings."""
    return {
        "rule": score.rule,
        "words": str(score.words),
        "fired": score.fired,
        "patients": score.patients,
        "acted": score.acted,
        "overridden": score.overridden,
        "expired": score.expired,
        "median_minutes": score.minutes,
        "is_on": score.setting.is_on,
        "override_percent": score.setting.override_percent,
        "least_fired": score.setting.least_fired,
        "is_noisy": score.is_noisy,
        "version": score.setting.version,
    }


def task_score_json(score: Any) -> dict[str, Any]:
    """Return one kind of task with its figures."""
    return {
        "kind": score.kind,
        "opened": score.opened,
        "patients": score.patients,
        "done": score.done,
        "in_time": score.in_time,
        "escalated": score.escalated,
        "median_minutes": score.minutes,
    }


class ScoresView(APIView):
    """Score cards."""

    @extend_schema(operation_id="score_list", responses={200: ScoresOut})
    @requires(Perm.VIEW_SCORES, module=None)
    def get(self, request: Request) -> Response:
        """Return how alert rules and kinds of tasks did in the last 90 days."""
        now = clock.now()
        return Response(
            {
                "alerts": [alert_score_json(one) for one in selectors.alert_scores(at=now)],
                "tasks": [task_score_json(one) for one in selectors.task_scores(at=now)],
            }
        )


def _score(rule: str) -> Any:
    found = selectors.alert_score(rule, at=clock.now())
    if found is None:
        raise NotFound()
    return found


class RuleView(APIView):
    """One alert rule."""

    @extend_schema(operation_id="rule_read", responses={200: AlertScoreOut})
    @requires(Perm.VIEW_SCORES, module=None)
    def get(self, request: Request, rule: str) -> Response:
        """Return the rule with its figures and settings."""
        return with_etag(alert_score_json(_score(rule)))

    @extend_schema(
        operation_id="rule_set",
        parameters=[IF_MATCH],
        request=RuleSettingIn,
        responses={200: AlertScoreOut},
    )
    @requires(Perm.REVIEW_RULES, module=None, methods=("PATCH",))
    def patch(self, request: Request, rule: str) -> Response:
        """Switch the rule on or off, or set from which share of overrides it is looked at."""
        _score(rule)

        def act() -> Response:
            services.alert_rule_set(
                rule=rule,
                version=if_match(request),
                values=parsed(RuleSettingIn, request),
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return with_etag(alert_score_json(_score(rule)))

        return idempotent(request, act)


class RuleReviewView(APIView):
    """Deciding about a rule."""

    @extend_schema(operation_id="rule_review", request=RuleReviewIn, responses={201: AlertScoreOut})
    @requires(Perm.REVIEW_RULES, module=None, methods=("POST",))
    def post(self, request: Request, rule: str) -> Response:
        """Record what was decided about a rule, with its figures of now."""
        score = _score(rule)

        def act() -> Response:
            values = parsed(RuleReviewIn, request)
            services.alert_rule_review(
                rule=rule,
                fired=score.fired,
                overridden=score.overridden,
                by=gate.person(request).pk,
                at=clock.now(),
                **values,
            )
            return with_etag(alert_score_json(_score(rule)), status=201)

        return idempotent(request, act)
