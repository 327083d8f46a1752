"""Who is calling the API: a client with a bearer token, or the site's own session."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from core.doors import door_of
from org.rules import PROFILE, SCOPES, scopes_with


class SessionAuthentication(authentication.SessionAuthentication):
    """The signed-in person of the site, with CSRF protection, answering 401 to nobody."""

    def authenticate_header(self, request: Request) -> str:
        """Return what makes an unauthenticated answer a 401."""
        return 'Session realm="api"'

    def enforce_csrf(self, request: Any) -> None:
        """Refuse a writing request whose token is missing or wrong."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise exceptions.PermissionDenied(
                _("The CSRF token is missing or wrong. Reload the page.")
            ) from error


class TokenAuthentication(authentication.BaseAuthentication):
    """The person or system behind a bearer token; org.middleware has looked at it already."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return who it is; None when no good token came."""
        token = getattr(request._request, "token", None)
        return (token.user, token) if token else None

    def authenticate_header(self, request: Request) -> str:
        """Return what makes an unauthenticated answer a 401."""
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema of the API describes bearer tokens, and which scope a door needs."""

    target_class = "org.api.authentication.TokenAuthentication"
    name = "oauth2"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme with both ways to a token."""
        with override("en"):
            scopes = {name: str(scope.words) for name, scope in SCOPES.items()}
        people = {name: text for name, text in scopes.items() if not SCOPES[name].systems_only}
        return {
            "type": "oauth2",
            "description": "Bearer tokens of ten minutes; docs/api-clients.md says how.",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "/oauth/authorize",
                    "tokenUrl": "/oauth/token",
                    "refreshUrl": "/oauth/token",
                    "scopes": people,
                },
                "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes},
            },
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """Return the scope that the door of this operation needs."""
        door = door_of(getattr(auto_schema.view, auto_schema.method.lower(), None))
        who = door.who if door else ""
        wanted = scopes_with(who) if isinstance(who, str) else (PROFILE,)
        return {self.name: list(wanted)}


class SessionScheme(OpenApiAuthenticationExtension):
    """How the schema of the API describes the session."""

    target_class = "org.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme; the cookie's name is that of an installation with TLS."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-session",
            "description": (
                "The session of the signed-in person. A writing request also sends the CSRF token "
                "of the page as the header X-CSRFToken."
            ),
        }
