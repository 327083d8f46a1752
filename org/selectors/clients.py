"""Questions about clients: the tokens they hold, the apps that act for people."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from org import rules
from org.models import ApiClient, User

# Clients that act in their own name have a login of their own, with which nobody signs in.
SYSTEMS = Q(
    application__authorization_grant_type="client-credentials", application__user__isnull=False
)


@dataclass(frozen=True, slots=True)
class Token:
    """What a request with a bearer token is: whose, by which client, with which scopes.

    `signed_in_at` is when the person had said last who they are in the session that allowed the
    app; None for a token got by renewal.
    """

    user: User
    kind: str
    scopes: frozenset[str]
    client_id: UUID
    client_name: str
    issued_at: datetime
    expires_at: datetime
    signed_in_at: datetime | None = None


def token_digest(raw: str) -> str:
    """Return what is stored of a token or code."""
    return hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()


def token_behind(raw: str, *, at: datetime) -> Token | None:
    """Return the token in force, None for an unknown, expired or ended one: one query.

    Its client must be open and its person active; scopes taken from the client meanwhile are gone.
    """
    client = ApiClient.objects.filter(
        application=OuterRef("application_id"), closed_at__isnull=True
    )
    family = Cast(OuterRef("refresh_token__token_family"), CharField())
    allowed = Grant.objects.filter(user=OuterRef("user_id"), nonce=family)
    row = (
        AccessToken.objects.filter(token_checksum=token_digest(raw), expires__gt=at)
        .annotate(
            client_public_id=Subquery(client.values("public_id")),
            client_scopes=Subquery(client.values("scopes")),
            identified=Subquery(allowed.values("claims")[:1]),
        )
        .select_related("user", "application", "application__user")
        .first()
    )
    if row is None or row.client_public_id is None:
        return None
    is_system = row.user is None
    user = row.application.user if is_system else row.user
    if user is None or not user.is_active:
        return None
    return Token(
        user=user,
        kind="system" if is_system else "person",
        scopes=frozenset(row.scope.split(" ")) & frozenset(row.client_scopes),
        client_id=row.client_public_id,
        client_name=row.application.name,
        issued_at=row.created,
        expires_at=row.expires,
        signed_in_at=None if row.source_refresh_token_id else _moment(row.identified),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def client_open(client_id: str) -> ApiClient | None:
    """Return the client that may ask for tokens under this public name, with its application."""
    rows = ApiClient.objects.select_related("application", "application__user")
    return rows.filter(application__client_id=client_id, closed_at__isnull=True).first()


def client_list(*, search: str = "", state: str = "") -> QuerySet[ApiClient]:
    """Return clients with their applications; `state` is open, closed or "" for all."""
    rows = ApiClient.objects.select_related("application", "application__user")
    if search:
        rows = rows.filter(Q(application__name__icontains=search) | Q(purpose__icontains=search))
    return rows.filter(closed_at__isnull=state == "open") if state else rows


def client_get(public_id: UUID) -> ApiClient | None:
    """Return the client, open or closed, or None."""
    return client_list().filter(public_id=public_id).first()


@dataclass(frozen=True, slots=True)
class Living:
    """What lives of a client's tokens: access and refresh tokens, and for how many people."""

    access: int
    refresh: int
    people: int


def client_living(client: ApiClient, *, at: datetime) -> Living:
    """Count the client's tokens that open something now."""
    access = AccessToken.objects.filter(application_id=client.application_id, expires__gt=at)
    refresh = RefreshToken.objects.filter(
        application_id=client.application_id,
        revoked__isnull=True,
        created__gt=at - timedelta(seconds=settings.REFRESH_SECONDS),
    )
    holders = set(access.values_list("user_id", flat=True).distinct())
    holders |= set(refresh.values_list("user_id", flat=True).distinct())
    return Living(access.count(), refresh.count(), len(holders - {None}))


@dataclass(frozen=True, slots=True)
class MyApp:
    """An app that may act for a person: what it may do, since when, when it last came."""

    public_id: UUID
    name: str
    purpose: str
    scopes: tuple[str, ...]
    since: datetime
    last_used_at: datetime

    @property
    def words(self) -> list[Any]:
        """Return what it may do, in plain words."""
        return [rules.SCOPES[name].words for name in self.scopes]


def apps_of(user: User, *, at: datetime) -> list[MyApp]:
    """Return the open apps that hold a living token of the person, by name."""
    living = AccessToken.objects.filter(user=user).filter(
        Q(expires__gt=at) | Q(refresh_token__revoked__isnull=True, refresh_token__isnull=False)
    )
    found: dict[int, tuple[set[str], datetime]] = {}
    for token in living:
        scopes, last = found.get(token.application_id, (set(), token.created))
        found[token.application_id] = (scopes | set(token.scope.split()), max(last, token.created))
    first = dict(
        RefreshToken.objects.filter(user=user)
        .values_list("application_id")
        .annotate(first=Min("created"))
    )
    rows = client_list().filter(application_id__in=found, closed_at__isnull=True)
    return [
        MyApp(
            public_id=row.public_id,
            name=row.application.name,
            purpose=row.purpose,
            scopes=tuple(name for name in rules.SCOPES if name in found[row.application_id][0]),
            since=first.get(row.application_id, found[row.application_id][1]),
            last_used_at=found[row.application_id][1],
        )
        for row in rows.order_by("application__name", "id")
    ]
