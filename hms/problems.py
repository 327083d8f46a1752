"""Refusals as people and programs read them: pages, and RFC 9457 problem details."""

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext_lazy as _

from core.errors import ServiceError
from core.redaction import sqlstate


class TooLarge(ServiceError):
    """The request is over the size limit."""

    code = "too_large"
    status = 413
    message = _("This is larger than the system takes (2.5 MB).")


class Unavailable(ServiceError):
    """The database does not answer."""

    code = "unavailable"
    status = 503
    message = _("The system cannot reach its database. Nothing was saved. Try again in a minute.")


class TookTooLong(ServiceError):
    """A statement took longer than statement_timeout and was stopped."""

    code = "too_slow"
    status = 503
    message = _(
        "This took too long and was stopped. Nothing was saved. Try again, or ask for less."
    )


class Contended(ServiceError):
    """Somebody else works on the same rows: a lock was not free, or two waited for each other."""

    code = "busy"
    status = 409
    message = _(
        "Somebody else is changing the same thing at this moment. Nothing was saved. Try again."
    )


class Malformed(ServiceError):
    """The request cannot be read."""

    code = "malformed"
    status = 400
    message = _("The system could not read this request.")


class Broken(ServiceError):
    """Something failed that should not."""

    code = "broken"
    status = 500
    message = _("Something went wrong on our side. Nothing was saved.")


_BY_SQLSTATE: dict[str, type[ServiceError]] = {
    "40001": Contended,  # serialization failure
    "40P01": Contended,  # deadlock
    "55P03": Contended,  # lock_timeout
    "57014": TookTooLong,  # statement_timeout
}


def of_database(error: BaseException | None) -> ServiceError | None:
    """Return what trouble of the database means to the asker; None for everything else.

    No code at all, no room (53…), shutting down (57P…): people can do nothing but come again.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    return _BY_SQLSTATE.get(sqlstate(error), Unavailable)()


FOR_PROGRAMS = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/introspect", "/.well-known/")
_PAGES = {400, 403, 404, 405, 409, 410, 413, 423, 429, 500, 503}


def wants_json(request: HttpRequest) -> bool:
    """Say whether the asker is a program."""
    return request.path.startswith(FOR_PROGRAMS)


def details(error: ServiceError, *, status: int, request: HttpRequest) -> dict[str, Any]:
    """Return the problem-details object of a refusal (RFC 9457), with its stable code."""
    body: dict[str, Any] = {
        "type": f"urn:hms:problem:{error.code}",
        "title": str(error.detail),
        "status": status,
        "code": error.code,
        "detail": str(error.detail),
        "request_id": getattr(request, "request_id", ""),
    }
    if error.field:
        body["field"] = error.field
    return body | error.extra


def headers_of(error: ServiceError, status: int) -> dict[str, str]:
    """Return the headers that go with a refusal."""
    headers = {"Cache-Control": "no-store"}
    if challenge := getattr(error, "challenge", ""):
        headers["WWW-Authenticate"] = challenge
    if status == 503:
        headers["Retry-After"] = "10"
    if status == 429 and error.extra.get("wait"):
        headers["Retry-After"] = str(error.extra["wait"])
    if status == 405 and error.extra.get("allowed"):
        headers["Allow"] = ", ".join(error.extra["allowed"])
    return headers


def as_json(
    request: HttpRequest, error: ServiceError, *, status: int | None = None
) -> HttpResponse:
    """Answer with problem details, whoever asks."""
    status = status or error.status
    return JsonResponse(
        details(error, status=status, request=request),
        status=status,
        headers=headers_of(error, status),
        content_type="application/problem+json",
    )


def answer(request: HttpRequest, error: ServiceError, *, status: int | None = None) -> HttpResponse:
    """Answer with the refusal, as JSON to programs and as a page to people."""
    response = _shown(request, error, status or error.status)
    # For the trail: why, by its stable code.
    response.refusal = error.code  # type: ignore[attr-defined]
    return response


def _shown(request: HttpRequest, error: ServiceError, status: int) -> HttpResponse:
    headers = headers_of(error, status)
    if wants_json(request):
        return as_json(request, error, status=status)
    name = f"errors/{status if status in _PAGES else 409}.html"
    plain = status in {500, 503}
    context = {
        "detail": str(error.detail),
        "code": error.code,
        "extra": error.extra,
        "status": status,
        "request_id": getattr(request, "request_id", ""),
    }
    page = loader.render_to_string(name, context, None if plain else request)
    return HttpResponse(page, status=status, headers=headers)
