"""API doors of the trail: the same questions as on the screen, for programs."""

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import exports, services
from audit.api.serializers import (
    ChangePageOut,
    DisclosureIn,
    EventDetailOut,
    EventOut,
    EventPageOut,
    SealsOut,
)
from audit.api.shapes import (
    chain_json,
    change_json,
    event_json,
    people_of,
    run_json,
    seal_json,
)
from audit.forms import (
    COLUMNS,
    PERIODS,
    DisclosureFilterForm,
    HistoryForm,
    MomentField,
    PeriodForm,
    SearchForm,
)
from audit.permissions import Perm, Reach
from audit.selectors import history, names, seals, search
from audit.selectors.disclosures import disclosures
from core import clock
from core.api import PAGE_PARAMETERS, idempotent, paged, parsed
from core.doors import requires
from core.errors import Invalid, NotFound
from core.paging import size_of

RUNS = 20
PERIOD_PARAMETERS = [
    OpenApiParameter("period", str, enum=list(PERIODS), description="Unless since or until is."),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="ISO 8601 with its zone."),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description="ISO 8601 with its zone."),
]
_TEXTS = (
    *("person", "thing", "act", "kind", "action", "outcome", "role", "unit", "words", "reason"),
    *("recipient", "purpose", "door", "source", "address", "session", "request"),
)
SEARCH_PARAMETERS = [
    *PERIOD_PARAMETERS,
    *(OpenApiParameter(name, str) for name in _TEXTS),
    OpenApiParameter("actor", UUID),
    OpenApiParameter("patient", UUID),
    OpenApiParameter("sort", str, enum=list(COLUMNS)),
    OpenApiParameter("order", str, enum=["down", "up"]),
]


def _reach(request: Request, permission: str) -> Reach:
    found: Reach = request._request.reach(request._request, permission)  # type: ignore[attr-defined]
    return found


def _checked[F: PeriodForm](form: F) -> F:
    """Return the valid form. Raises ValidationError (422) with each field's message."""
    if not form.is_valid():
        raise serializers.ValidationError(
            {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        )
    return form


def _by(request: Request) -> int:
    return int(str(request.user.pk))


def _size(request: Request) -> int:
    return size_of(request.GET.get("size"))


class EventsView(APIView):
    """The rows of the trail."""

    @extend_schema(
        operation_id="audit_event_list",
        parameters=[*PAGE_PARAMETERS, *SEARCH_PARAMETERS],
        responses={200: EventPageOut},
    )
    @requires(Perm.VIEW_TRAIL, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of the rows that are wanted; of the last 24 hours unless told so."""
        form = _checked(SearchForm(request.GET, is_strict=True))
        page = search.page(
            search.search(form.cleaned_data, reach=_reach(request, Perm.VIEW_TRAIL)),
            sort=form.sort_by,
            is_down=form.is_down,
            cursor=request.GET.get("cursor", ""),
            size=_size(request),
        )
        services.look(
            kind="search", count=len(page.items), patient=form.cleaned_data.get("patient")
        )
        people = people_of(page.items)
        return paged(page, lambda event: event_json(event, people))


class EventView(APIView):
    """One row of the trail."""

    @extend_schema(operation_id="audit_event_read", responses={200: EventDetailOut})
    @requires(Perm.VIEW_TRAIL, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the row, and how it is sealed."""
        found = search.one(public_id, reach=_reach(request, Perm.VIEW_TRAIL))
        if found is None:
            raise NotFound()
        services.look(kind="view", subject=found, patient=found.patient)
        seal = seal_json(services.seal_of(found))
        return Response(event_json(found, people_of([found])) | {"seal": seal})


class _AnyAccept(BaseContentNegotiation):
    """The parameter `as` says the form; refusals are problem details whatever was accepted."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class ExportView(APIView):
    """All rows that a search finds."""

    content_negotiation_class = _AnyAccept

    @extend_schema(
        operation_id="audit_event_export",
        parameters=[
            OpenApiParameter("as", str, enum=list(exports.FORMATS), required=True),
            *SEARCH_PARAMETERS,
        ],
        responses={
            (200, one.content_type.partition(";")[0]): OpenApiResponse(
                OpenApiTypes.STR, description="A stream, however many rows there are."
            )
            for one in exports.FORMATS.values()
        },
    )
    @requires(Perm.EXPORT_TRAIL, module=None, fresh=True, reads="export")
    def get(self, request: Request) -> HttpResponseBase:
        """Return the rows as a stream without an end page: CSV, NDJSON or FHIR AuditEvent."""
        form = _checked(SearchForm(request.GET, is_strict=True))
        chosen = request.GET.get("as", "")
        if chosen not in exports.FORMATS:
            raise Invalid(_("The trail is exported as csv, ndjson or fhir."), field="as")
        rows = search.search(form.cleaned_data, reach=_reach(request, Perm.EXPORT_TRAIL))
        return exports.answer(
            search.sorted_rows(rows, sort=form.sort_by, is_down=form.is_down),
            form=chosen,
            query={"terms": {**form.typed(), "period": form.data["period"]}},
            by=_by(request),
        )


class HistoryView(APIView):
    """The changes of the configuration."""

    @extend_schema(
        operation_id="audit_history_list",
        parameters=[
            *PAGE_PARAMETERS,
            *PERIOD_PARAMETERS,
            *(OpenApiParameter(name, str) for name in ("kind", "thing", "person", "request")),
            OpenApiParameter("change", str, enum=["insert", "update", "delete"]),
            OpenApiParameter("actor", UUID),
        ],
        responses={200: ChangePageOut},
    )
    @requires(Perm.VIEW_HISTORY, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of changes, the newest first; of 30 days unless told otherwise."""
        form = _checked(HistoryForm(request.GET, is_strict=True))
        page = history.page(
            form.cleaned_data,
            reach=_reach(request, Perm.VIEW_HISTORY),
            cursor=request.GET.get("cursor", ""),
            size=_size(request),
        )
        services.look(kind="search", count=len(page.items))
        numbers = (row.context.get("user") for row in page.items)
        people = names.people(number for number in numbers if isinstance(number, int))
        return paged(page, lambda version: change_json(version, people))


class DisclosuresView(APIView):
    """What was given to somebody outside."""

    @extend_schema(
        operation_id="audit_disclosure_list",
        parameters=[
            *PAGE_PARAMETERS,
            *PERIOD_PARAMETERS,
            OpenApiParameter("patient", UUID),
            *(OpenApiParameter(name, str) for name in ("kind", "thing", "recipient", "purpose")),
        ],
        responses={200: EventPageOut},
    )
    @requires(Perm.VIEW_TRAIL, module=None)
    def get(self, request: Request) -> Response:
        """Return one page of disclosures, the newest first; of 12 months unless told otherwise."""
        form = _checked(DisclosureFilterForm(request.GET, is_strict=True))
        page = search.page(
            disclosures(form.cleaned_data, reach=_reach(request, Perm.VIEW_TRAIL)),
            cursor=request.GET.get("cursor", ""),
            size=_size(request),
        )
        services.look(
            kind="search", count=len(page.items), patient=form.cleaned_data.get("patient")
        )
        people = people_of(page.items)
        return paged(page, lambda event: event_json(event, people))

    @extend_schema(
        operation_id="audit_disclosure_record", request=DisclosureIn, responses={201: EventOut}
    )
    @requires(Perm.RECORD_DISCLOSURE, module=None, methods=("POST",))
    def post(self, request: Request) -> Response:
        """Record that somebody outside was given data of a patient, or of another subject."""
        return idempotent(request, lambda: _record(request, parsed(DisclosureIn, request)))


def _record(request: Request, values: dict[str, Any]) -> Response:
    said = values.pop("given_at", "")
    try:
        given_at = MomentField(is_strict=True, required=False).clean(said)
    except Exception as error:
        raise serializers.ValidationError({"given_at": getattr(error, "messages", [])}) from error
    kind = values["subject_type"]
    if kind and kind not in names.kinds():
        raise serializers.ValidationError({"subject_type": [_("There is no such kind of thing.")]})
    row = services.disclosure_record(
        recipient=values["recipient"],
        purpose=values["purpose"],
        what=values["what"],
        patient=values.get("patient"),
        subject_type=kind,
        subject_id=values["subject"],
        given_at=given_at,
        at=clock.now(),
        by=_by(request),
    )
    row.refresh_from_db()
    headers = {"Location": f"/api/v1/audit/events/{row.public_id}/"}
    return Response(event_json(row, people_of([row])), status=201, headers=headers)


class SealsView(APIView):
    """Whether the trail is whole."""

    @extend_schema(operation_id="audit_seals", responses={200: SealsOut})
    @requires(Perm.VIEW_SEALS, module=None)
    def get(self, request: Request) -> Response:
        """Return the heads of the chains and the latest checks."""
        anchored = seals.anchors()
        return Response(
            {
                "is_broken": services.break_open() is not None,
                "waiting_seconds": services.unsealed_age(at=clock.now()).total_seconds(),
                "anchored_at": anchored.last_at,
                "chains": [chain_json(head) for head in services.heads()],
                "runs": [run_json(run, services.texts_of(run)) for run in seals.runs()[:RUNS]],
            }
        )
