"""How every API door parses, answers, refuses, counts and repeats."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import set_rollback

from core import limits
from core.errors import NotFound, ServiceError
from hms import problems

MAX_DEPTH = 64


class StrictJSONParser(BaseParser):
    """JSON only, UTF-8 only, at most 64 levels deep (SEC-I1); anything else is a 400 or 415."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body. Raises ParseError."""
        try:
            raw = stream.read()
            if _too_deep(raw):
                raise exceptions.ParseError(_("The JSON is nested too deeply."))
            data = orjson.loads(raw) if raw else {}
        except (ValueError, UnicodeError, RecursionError) as error:
            raise exceptions.ParseError(_("The body is not valid JSON.")) from error
        if not isinstance(data, dict | list):
            raise exceptions.ParseError(_("The body must be a JSON object."))
        return data


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def _too_deep(raw: bytes) -> bool:
    depth = 0
    for token in _TOKEN.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif first in b"]}":
            depth -= 1
    return False


class FastJSONRenderer(BaseRenderer):
    """orjson; dates in ISO 8601, decimals as strings."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the body's bytes."""
        if data is None:
            return b""
        # Errors of lists are keyed by the number of the row.
        return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)


class ClientThrottle(SimpleRateThrottle):
    """So many requests a window per person, or per address for nobody (core.limits)."""

    scope = "client"
    duration: int
    num_requests: int
    left = 0.0

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Return who is counted."""
        if not request.user.is_authenticated:
            return str(self.get_ident(request))
        token = getattr(request, "token", None)
        return f"u{request.user.pk}" + (f" {token.client_id}" if token else "")

    def allow_request(self, request: Request, view: Any) -> bool:
        """Say whether the request is within the rate; yes when nobody can count."""
        who = self.get_cache_key(request, view)
        self.left = limits.seconds_to_wait(
            "api", who, limit=self.num_requests, window=self.duration
        )
        return not self.left

    def wait(self) -> float:
        """Return how many seconds of the window are left."""
        return self.left


_CODES: dict[type[Exception], str] = {
    exceptions.ParseError: "malformed",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "not_authenticated",
    exceptions.PermissionDenied: "permission_denied",
    exceptions.Throttled: "throttled",
}


def _body(request: HttpRequest, code: str, detail: str, http_status: int) -> dict[str, Any]:
    return {
        "type": f"urn:hms:problem:{code}",
        "title": detail,
        "status": http_status,
        "code": code,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
    }


def _named(error: Exception) -> ServiceError | None:
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, RequestDataTooBig):
        return problems.TooLarge()
    return error if isinstance(error, ServiceError) else problems.of_database(error)


def _framework(
    request: HttpRequest, error: exceptions.APIException
) -> tuple[dict[str, Any], int, dict[str, str]]:
    if isinstance(error, exceptions.ValidationError):
        http_status = status.HTTP_422_UNPROCESSABLE_ENTITY
        body = _body(request, "invalid", _("Some values cannot be used."), http_status)
        return body | {"errors": error.detail}, http_status, {}
    code = _CODES.get(type(error), "refused")
    wait = getattr(error, "wait", None)
    headers = {"Retry-After": str(int(wait) + 1)} if wait else {}
    body = _body(request, code, str(error.detail), error.status_code)
    return body, error.status_code, headers


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn every exception of an API door into problem details with a stable code (RFC 9457)."""
    request = context["request"]._request
    named = _named(error)
    if named is not None:
        body = problems.details(named, status=named.status, request=request)
        http_status, headers = named.status, problems.headers_of(named, named.status)
    elif isinstance(error, exceptions.APIException):
        body, http_status, headers = _framework(request, error)
    else:
        return None
    set_rollback()
    if http_status == status.HTTP_401_UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Session realm="api"')
    headers["Cache-Control"] = "no-store"
    answer = Response(
        body, status=http_status, headers=headers, content_type="application/problem+json"
    )
    answer.refusal = body["code"]  # type: ignore[attr-defined]
    return answer
