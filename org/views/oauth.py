"""Doors of the OAuth2 server: a person's consent, tokens (RFC 6749, 7009, 7662, 8414)."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt  # noqa: TID251  # clients have no session
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauthlib.oauth2.rfc6749 import errors

from core import clock, context, limits
from core.doors import Public, SignedIn, requires
from core.errors import Invalid
from core.html import render
from org import gate, selectors, services
from org.adapters.oauth import token_facts
from org.rules import INTROSPECT, SCOPES

if TYPE_CHECKING:
    from org.models import ApiClient

FORM = "application/x-www-form-urlencoded"
QUERY_LIMIT = 4_000
# A ward behind one address refreshes each phone every ten minutes; a secret costs an Argon2 hash.
CLIENT_TRIES, SECRET_TRIES, ADDRESS_TRIES, WINDOW = 600, 120, 1200, 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks of the person at the screen."""

    client: "ApiClient"
    scopes: list[str]
    credentials: dict[str, Any]

    @property
    def address(self) -> str:
        """Return where the answer goes."""
        return str(self.credentials["redirect_uri"])


def _says_twice(sent: QueryDict) -> bool:
    """Say whether a parameter came more than once: two readers could each believe another one."""
    return any(len(values) > 1 for _name, values in sent.lists())


def _asked(request: HttpRequest, core: OAuthLibCore) -> Asked:
    """Read the address, never the form: what is shown is what is allowed."""
    if len(request.META.get("QUERY_STRING", "")) > QUERY_LIMIT:
        raise Invalid(_("This address is too long."))
    if _says_twice(request.GET):
        raise Invalid(_("The app asked in a way that cannot be answered."))
    scopes, credentials = core.server.validate_authorization_request(
        core._get_escaped_full_path(request), http_method="GET", body="", headers={}
    )
    client = selectors.client_open(credentials["client_id"])
    if client is None:
        raise Invalid(_("This app is not known here, or no longer."))
    return Asked(client, scopes, credentials)


@requires(
    SignedIn("a person decides which app acts for them"), module=None, methods=("GET", "POST")
)
def authorize(request: HttpRequest) -> HttpResponse:
    """The person allows or refuses what an app asks for; the app gets a code, or a refusal."""
    core = OAuthLibCore()
    try:
        asked = _asked(request, core)
        if request.method == "POST" or _is_remembered(request, asked):
            return _answered(request, core, asked)
    except (FatalClientError, errors.FatalClientError, ValueError) as error:
        # Where to send an answer is just what cannot be trusted: it is said here.
        raise Invalid(_("The app asked in a way that cannot be answered.")) from error
    except errors.OAuth2Error as error:
        return _sent_to(error.in_uri(error.redirect_uri))
    shown = {
        "client": asked.client,
        "name": asked.client.application.name,
        "words": [SCOPES[name].words for name in asked.scopes],
        "host": urlsplit(asked.address).hostname or urlsplit(asked.address).scheme,
        "person": gate.person(request),
    }
    page = render(request, "org/app_allow.html", shown)
    # The answer to the form leads to the app, which the page's policy must let through.
    policy = {**settings.SECURE_CSP, "form-action": ["'self'", _origin(asked.address)]}
    page._csp_config = policy  # type: ignore[attr-defined]
    return page


def _is_remembered(request: HttpRequest, asked: Asked) -> bool:
    """Nobody is asked twice by a client that can prove who it is (RFC 8252, 8.6)."""
    return asked.client.application.client_type == "confidential" and selectors.is_allowed_before(
        gate.person(request), asked.client, asked.scopes, at=clock.now()
    )


def _answered(request: HttpRequest, core: OAuthLibCore, asked: Asked) -> HttpResponse:
    may = request.method != "POST" or request.POST.get("answer") == "allow"
    credentials = {
        name: value
        for name, value in asked.credentials.items()
        if name != "request" and value is not None
    }
    credentials["identified_at"] = gate.identified_at(request)
    if not may:
        _answer_noted(request, asked, is_allowed=False)
    try:
        with transaction.atomic():
            if request.method == "POST" and may:
                _answer_noted(request, asked, is_allowed=True)
            target = core.create_authorization_response(request, asked.scopes, credentials, may)[0]
    except OAuthToolkitError as error:
        return _sent_to(error.oauthlib_error.in_uri(asked.address))
    if request.method == "POST":
        return _sent_to(target)
    # A redirect would end at the policy of the sign-in form that may have led here.
    shown = {"target": target, "name": asked.client.application.name}
    page = render(request, "org/app_return.html", shown)
    page.headers["Refresh"] = f"0; url={target}"
    return page


def _answer_noted(request: HttpRequest, asked: Asked, *, is_allowed: bool) -> None:
    services.app_answer_noted(
        client=asked.client,
        user=gate.person(request),
        scopes=asked.scopes,
        is_allowed=is_allowed,
        at=clock.now(),
    )


def _sent_to(address: str) -> HttpResponse:
    """Send the browser to a registered address of the client, whatever its scheme."""
    return HttpResponse(status=302, headers={"Location": address})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _refused(code: str, words: str, status: int = 400, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JsonResponse({"error": code, "error_description": words}, status=status, headers=named)


def _unreadable(request: HttpRequest) -> HttpResponse | None:
    """What no grant needs to look at: other forms of body, too many tries."""
    if request.content_type != FORM or request.META.get("QUERY_STRING"):
        return _refused("invalid_request", f"Send the parameters as {FORM}, not in the address.")
    if _says_twice(request.POST):
        return _refused("invalid_request", "Send each parameter once.")
    address, name = context.asker().address, request.POST.get("client_id", "")[:255]
    secret = request.headers.get("Authorization", "") or request.POST.get("client_secret", "")
    waits = [
        limits.seconds_to_wait("oauth-address", address, limit=ADDRESS_TRIES, window=WINDOW),
        limits.seconds_to_wait(
            "oauth-client",
            f"{name or secret[:60]} {address}",
            limit=SECRET_TRIES if secret else CLIENT_TRIES,
            window=WINDOW,
        ),
    ]
    if wait := max(waits):
        words = "Too many requests. Retry-After says when to come again."
        return _refused("temporarily_unavailable", words, 429, Retry_After=str(math.ceil(wait)))
    return None


def _said(headers: dict[str, str], body: str | None, status: int) -> HttpResponse:
    """The library's answer, kept by nobody."""
    answer = HttpResponse(body or "", status=status, content_type="application/json")
    for name, value in headers.items():
        answer.headers[name] = value
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="oauth"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _by_library(request: HttpRequest, ask: Callable[[HttpRequest], Any]) -> HttpResponse:
    """What the library answers, in one transaction: of two askers one uses a code or token up."""
    refused = _unreadable(request)
    if refused is not None:
        return refused
    try:
        with transaction.atomic():
            _where, headers, body, status = ask(request)
    except ValueError:
        return _refused("invalid_request", "The request cannot be read.")
    return _said(headers, body, status)


@csrf_exempt
@sensitive_post_parameters()
@requires(
    Public("the client says who it is, with its secret, code or refresh token"),
    module=None,
    methods=("POST",),
    always=True,
)
def token(request: HttpRequest) -> HttpResponse:
    """A client exchanges a code, a refresh token or its own secret for an access token."""
    return _by_library(request, OAuthLibCore().create_token_response)


@csrf_exempt
@sensitive_post_parameters()
@requires(
    Public("the client says who it is; it can end only its own tokens"),
    module=None,
    methods=("POST",),
    always=True,
)
def revoke(request: HttpRequest) -> HttpResponse:
    """A client gives a token back: it and what hangs on it is void (RFC 7009)."""
    return _by_library(request, OAuthLibCore().create_revocation_response)


@csrf_exempt
@sensitive_post_parameters()
@requires(
    Public("a system asks with a token of its own, looked at below"),
    module=None,
    methods=("POST",),
    always=True,
)
def introspect(request: HttpRequest) -> HttpResponse:
    """A system with the scope for it learns whether a token is in force (RFC 7662)."""
    asker = getattr(request, "token", None)
    if asker is None:
        raise gate.TokenRefused()
    if asker.kind != "system" or INTROSPECT not in asker.scopes:
        raise gate.InsufficientScope(INTROSPECT)
    refused = _unreadable(request)
    if refused is not None:
        return refused
    raw = request.POST.get("token", "")
    if not raw:
        return _refused("invalid_request", "Send the token.")
    return _said({}, json.dumps(token_facts(raw)), 200)


@requires(Public("clients read here where to sign in; nothing secret"), module=None)
def metadata(request: HttpRequest) -> HttpResponse:
    """What this server speaks (RFC 8414)."""

    def at(name: str) -> str:
        return request.build_absolute_uri(reverse(name))

    return JsonResponse(
        {
            "issuer": request.build_absolute_uri("/").rstrip("/"),
            "authorization_endpoint": at("oauth-authorize"),
            "token_endpoint": at("oauth-token"),
            "revocation_endpoint": at("oauth-revoke"),
            "introspection_endpoint": at("oauth-introspect"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "none",
            ],
            "scopes_supported": list(SCOPES),
            "authorization_response_iss_parameter_supported": True,
            "service_documentation": at("api-docs"),
        }
    )
