"""Around every request: its id, its limits, the look of its errors, and deny by default."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.http import urlencode

from core import clock, context, mode
from core.doors import SAFE, MethodRefused, SignInNeeded, door_of
from core.errors import Denied, Invalid, ServiceError
from core.redaction import said
from hms import carried, foreign_doors, metrics, problems
from org import gate

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("hms.request")


def client_address(request: HttpRequest) -> str:
    """Return the asker's address: what our own outermost proxy saw, never what the asker claims."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    hops = [hop.strip() for hop in forwarded.split(",")] if forwarded else []
    if settings.PROXIES and len(hops) >= settings.PROXIES:
        return str(hops[-settings.PROXIES])[:45]
    return str(request.META.get("REMOTE_ADDR", ""))


class RequestContextMiddleware:
    """One id from page to log to audit row (SEC-O9); one JSON line a request, without names."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        started = clock.now()
        source = "api" if request.path.startswith("/api/") else "screen"
        with (
            context.asking(
                request_id=request_id,
                user_id=None,
                user_name="",
                unit_name="",
                role="",
                unit_id=None,
                session="",
                address=client_address(request),
                source=source,
            ),
            structlog.contextvars.bound_contextvars(request_id=request_id),
        ):
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            if not request.path.startswith(("/static/", "/livez", "/readyz", "/metrics")):
                response.setdefault("Cache-Control", "no-store")
                self._note(request, response, (clock.now() - started).total_seconds())
        return response

    @staticmethod
    def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        match, status = request.resolver_match, response.status_code
        door = match.view_name if match else ""
        metrics.request_answered(door, request.method or "", status, seconds)
        log.info(
            "request",
            method=request.method,
            route=match.route if match else "",
            status=status,
            user=context.asker().user_id,
            milliseconds=round(seconds * 1000, 1),
        )


class RequestLimitsMiddleware:
    """Refuses what no door should have to think about: NUL in addresses, bodies over the limit."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return self._refuse(request, Invalid(), status=400)
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self._refuse(request, problems.TooLarge())
        address = request.path + request.META.get("QUERY_STRING", "")
        if "\x00" in address or "%00" in address:
            return self._refuse(request, Invalid(), status=400)
        return self.get_response(request)

    @staticmethod
    def _refuse(
        request: HttpRequest, error: ServiceError, *, status: int | None = None
    ) -> HttpResponse:
        """Answer in the browser's language: who asks is not known yet."""
        with translation.override(translation.get_language_from_request(request)):
            return problems.answer(request, error, status=status)


class PageCompressionMiddleware(GZipMiddleware):
    """Pages travel compressed, with padding against guessing (BREACH).

    Answers of the API do not: their ETag must stay exactly what If-Match sends back.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress a page; leave everything else as it is."""
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


class ErrorMiddleware:
    """Named refusals become pages or problem details with their own status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, ServiceError):
            return refused(request, error)
        if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
            return problems.answer(request, problems.TooLarge())
        if isinstance(error, SuspiciousOperation | UnicodeError):
            return problems.answer(request, Invalid(), status=400)
        trouble = problems.of_database(error)
        if trouble is None:
            return None
        log.error("database_trouble", error=said(error), code=trouble.code)
        if isinstance(trouble, problems.Unavailable):
            for connection in connections.all(initialized_only=True):
                connection.close_if_unusable_or_obsolete()
        return problems.answer(request, trouble)


def refused(request: HttpRequest, error: ServiceError) -> HttpResponse:
    """Answer with the refusal, or send a person to the page that opens the way."""
    response = _elsewhere(request, error) or problems.answer(request, error)
    # For the trail: why, by its stable code.
    response.refusal = error.code  # type: ignore[attr-defined]
    return response


def _elsewhere(request: HttpRequest, error: ServiceError) -> HttpResponse | None:
    if problems.wants_json(request):
        return None
    if isinstance(error, SignInNeeded):
        return sign_in_redirect(request)
    return other_door_first(request, error) if type(error) in _DOORS_FIRST else None


def _page_of(request: HttpRequest) -> str | None:
    """Return the page that is open: of a script its own, where that is one of ours."""
    htmx: Any = getattr(request, "htmx", None)
    if not htmx:
        return request.get_full_path()
    try:
        page: str | None = htmx.current_url_abs_path
    except ValueError:  # what the header says is no address at all
        page = None
    return page


def sign_in_redirect(request: HttpRequest) -> HttpResponse:
    """Send to the sign-in page and back to the page that was open.

    A script that saves is only told (401): going away would lose what was typed.
    """
    htmx: Any = getattr(request, "htmx", None)
    if htmx and request.method not in SAFE:
        return HttpResponse(status=401)
    page = _page_of(request)
    target = resolve_url(settings.LOGIN_URL)
    if request.method in SAFE and page and page != "/":
        target += "?" + urlencode({"next": page})
    if htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


_DOORS_FIRST: dict[type[ServiceError], str] = {
    gate.SessionLocked: "org:unlock",
    gate.StepUpNeeded: "account_reauthenticate",
    gate.SecondFactorNeeded: "org:security",
}


def other_door_first(request: HttpRequest, error: ServiceError) -> HttpResponse:
    """Send to the page that opens the way, and back; what was typed is kept for afterwards.

    A script in front of a locked screen is only told (401): its page asks by itself and goes on.
    """
    htmx: Any = getattr(request, "htmx", None)
    if isinstance(error, gate.SessionLocked) and htmx:
        told = problems.as_json(request, error)
        told["HMS-Locked"] = "1"
        return told
    page = _page_of(request) if request.method in SAFE else carried.keep(request)
    target = resolve_url(_DOORS_FIRST[type(error)])
    if page and page != "/":
        target += "?" + urlencode({"next": page})
    if htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target, status=302 if request.method in SAFE else 303)


class DenyByDefaultMiddleware:
    """A route that declares nothing opens for nobody (SEC-Z1)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        context.amend(door=request.resolver_match.view_name if request.resolver_match else "")
        if request.method == "OPTIONS":
            # It counts as safe: it would pass the CSRF check, read-only mode and the trail.
            return problems.answer(request, MethodRefused())
        if foreign_doors.is_listed(request):
            if request.method not in SAFE and not foreign_doors.is_always(request):
                mode.check()
            return self._foreign(request)
        if door_of(view) is not None:
            return None
        view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if view_class is None:
            return problems.answer(request, Denied())
        handler = getattr(view_class, (request.method or "get").lower(), None)
        if handler is not None and door_of(handler) is None:
            return problems.answer(request, Denied())
        return None

    @staticmethod
    def _foreign(request: HttpRequest) -> HttpResponse | None:
        """Doors of other packages ask no gate: a locked screen stays shut in front of them too."""
        if not getattr(request, "is_locked", False):
            return None
        return refused(request, gate.SessionLocked())


def json_only(data: dict[str, object], status: int = 200) -> JsonResponse:
    """Answer with JSON that no cache keeps."""
    return JsonResponse(data, status=status, headers={"Cache-Control": "no-store"})
