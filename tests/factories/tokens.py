"""Tokens as the OAuth2 server hands them out, made without its dance."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.test import Client
from oauth2_provider.models import AccessToken, Grant, RefreshToken

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
    """A program that holds a token of the client, for `user` or for the system itself.

    The person has just said who they are in the session that allowed it.
    """
    raw, now, client = secrets.token_urlsafe(24), clock.now(), made.client.application
    ends = now + timedelta(seconds=seconds)
    words = " ".join(scopes)
    row = AccessToken.objects.create(
        user=user, application=client, token=raw, scope=words, expires=ends
    )
    if user is not None:
        renewal = RefreshToken.objects.create(
            user=user,
            application=client,
            token=secrets.token_urlsafe(24),
            access_token=row,
            token_family=uuid.uuid4(),
        )
        Grant.objects.create(
            user=user,
            application=client,
            code=secrets.token_hex(32),
            expires=ends,
            scope=words,
            nonce=str(renewal.token_family),
            claims=now.isoformat(),
        )
    return holding(raw)


def holding(raw: str) -> Client:
    """A program that sends this token with every request."""
    headers = {"Authorization": f"Bearer {raw}"}
    return Client(raise_request_exception=False, headers=headers)
