"""Tokens as the OAuth2 server hands them out, made without its dance."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.test import Client
from oauth2_provider.models import AccessToken

from core import clock
from org import services
from org.models import User
from org.rules import SCOPES
from org.services.clients import Registered
from tests.factories import org as people

BACK = "http://127.0.0.1/back"


def app(*, scopes: Sequence[str] = (), name: str = "Ward phone") -> Registered:
    """An app on a device that may ask for every scope of people, or for `scopes`."""
    every = [name for name, scope in SCOPES.items() if not scope.systems_only]
    return services.client_register(
        name=name,
        purpose="Rounds",
        kind="app",
        scopes=list(scopes) or every,
        addresses=[BACK],
        by=None,
        at=people.STARTED,
    )


def system(*, scopes: Sequence[str] = (), name: str = "Laboratory link") -> Registered:
    """A system with a login of its own; it works nowhere yet."""
    return services.client_register(
        name=name,
        purpose="Results",
        kind="system",
        scopes=list(scopes) or list(SCOPES),
        by=None,
        at=people.STARTED,
    )


def bearer(
    made: Registered, scopes: Sequence[str], *, user: User | None = None, seconds: int = 600
) -> Client:
    """A program that holds a token of the client, for `user` or for the system itself."""
    raw = secrets.token_urlsafe(24)
    AccessToken.objects.create(
        user=user,
        application=made.client.application,
        token=raw,
        scope=" ".join(scopes),
        expires=clock.now() + timedelta(seconds=seconds),
    )
    return holding(raw)


def holding(raw: str) -> Client:
    """A program that sends this token with every request."""
    headers = {"Authorization": f"Bearer {raw}"}
    return Client(raise_request_exception=False, headers=headers)
