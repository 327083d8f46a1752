"""Who is calling the API. Tokens come with the sign-in issue; until then the site's own session."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request


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
