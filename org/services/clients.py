"""API clients: who may ask for tokens, for what, and until when."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from audit.services import Action, changes, record
from core.errors import Invalid, ServiceError, VersionConflict
from org.models import ApiClient
from org.rules import SCOPES, is_redirect
from org.services.people import account_activate, person_create
from org.states import ClientKind

MOST_ADDRESSES = 10
# What an answer with a secret in it is sealed for, while a repeat gets it again.
ANSWER = "client secret"
TO_THE_MINUTE = timedelta(minutes=1)


class ClientClosed(ServiceError):
    """The client was closed: it is never opened again."""

    code = "client_closed"
    message = _("This client was closed.")


@dataclass(frozen=True, slots=True)
class Registered:
    """A client and its secret, which nobody can read again; "" for an app on a device."""

    client: ApiClient
    secret: str


def _checked(kind: str, scopes: Sequence[str], addresses: Sequence[str]) -> None:
    is_system = kind == ClientKind.SYSTEM
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid(_("Choose at least one of the scopes."), field="scopes")
    if not is_system and any(SCOPES[name].systems_only for name in scopes):
        raise Invalid(_("Only a system can have this scope."), field="scopes")
    if is_system:
        if addresses:
            raise Invalid(_("A system is not sent back anywhere."), field="addresses")
        return
    if not 1 <= len(addresses) <= MOST_ADDRESSES:
        raise Invalid(_("Give one to ten addresses, one a line."), field="addresses")
    native = kind == ClientKind.APP
    for address in addresses:
        if not is_redirect(address, native=native):
            raise Invalid(
                _("%(address)s cannot be used: see the hint below the field.")
                % {"address": address[:80]},
                field="addresses",
            )


@transaction.atomic
def client_register(
    *,
    name: str,
    purpose: str,
    kind: str,
    scopes: Sequence[str],
    addresses: Sequence[str] = (),
    contact: str = "",
    by: int | None,
    at: datetime,
) -> Registered:
    """The client may ask for tokens. A system gets a login of its own, without a password.

    Raises Invalid.
    """
    _checked(kind, scopes, addresses)
    secret = "" if kind == ClientKind.APP else secrets.token_urlsafe(48)
    user = None
    if kind == ClientKind.SYSTEM:
        username = f"system-{secrets.token_hex(4)}"
        user = person_create(username=username, family_name=name[:80], by=by, at=at)
        user = account_activate(user, by=by, at=at, reason=purpose[:300])
    application = Application.objects.create(
        name=name,
        client_id=secrets.token_urlsafe(24),
        client_secret=_hashed(secret),
        user=user,
        client_type=Application.CLIENT_PUBLIC
        if kind == ClientKind.APP
        else Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS
        if kind == ClientKind.SYSTEM
        else Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=" ".join(addresses),
    )
    client = ApiClient.objects.create(
        application=application,
        purpose=purpose,
        contact=contact,
        scopes=[n for n in SCOPES if n in scopes],
    )
    record(
        "client_register",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=client,
        after={"kind": kind, **_about(client)},
    )
    return Registered(client, secret)


def _hashed(secret: str) -> str:
    """What is stored; a client without a secret can never show the right one."""
    return make_password(secret or None)


def _about(client: ApiClient) -> dict[str, object]:
    application = client.application
    return {
        "name": application.name,
        "purpose": client.purpose,
        "contact": client.contact,
        "scopes": list(client.scopes),
        "addresses": application.redirect_uris.split(),
    }


def _locked(client: ApiClient, version: int | None) -> ApiClient:
    rows = ApiClient.objects.select_for_update(no_key=True, of=("self",))
    row = rows.select_related("application", "application__user").get(pk=client.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    if row.closed_at is not None:
        raise ClientClosed()
    return row


@transaction.atomic
def client_update(
    client: ApiClient,
    *,
    name: str,
    purpose: str,
    scopes: Sequence[str],
    addresses: Sequence[str] = (),
    contact: str = "",
    version: int | None,
    by: int,
    at: datetime,
) -> ApiClient:
    """The client is as given; scopes that it loses are gone from its living tokens at once.

    Raises Invalid, VersionConflict, ClientClosed.
    """
    row = _locked(client, version)
    _checked(row.kind, scopes, addresses)
    wanted = {
        "name": name,
        "purpose": purpose,
        "contact": contact,
        "scopes": [n for n in SCOPES if n in scopes],
        "addresses": list(addresses),
    }
    before, after = changes(_about(row), wanted)
    if not after:
        return row
    row.purpose, row.contact = purpose, contact
    row.scopes = [n for n in SCOPES if n in scopes]
    row.version += 1
    row.save(update_fields=["purpose", "contact", "scopes", "version"])
    Application.objects.filter(pk=row.application_id).update(
        name=name, redirect_uris=" ".join(addresses), updated=at
    )
    row.application.name, row.application.redirect_uris = name, " ".join(addresses)
    record(
        "client_update",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        before=before,
        after=after,
    )
    return row


@transaction.atomic
def client_used_noted(client: ApiClient, *, at: datetime) -> None:
    """When the client was last given a token is known to the minute.

    Never waits: whoever closes the client holds its row and waits for the rows of its tokens.
    """
    rows = ApiClient.objects.filter(pk=client.pk).filter(
        Q(last_used_at=None) | Q(last_used_at__lt=at - TO_THE_MINUTE)
    )
    if rows.select_for_update(no_key=True, skip_locked=True).first() is not None:
        ApiClient.objects.filter(pk=client.pk).update(last_used_at=at)


@transaction.atomic
def client_secret_renew(client: ApiClient, *, by: int, at: datetime, reason: str) -> Registered:
    """The client has a new secret; the old one opens nothing from now on.

    Raises Invalid for an app that has none, ClientClosed.
    """
    row = _locked(client, None)
    if row.kind == ClientKind.APP:
        raise Invalid(_("An app on a device has no secret: it could not keep one."))
    secret = secrets.token_urlsafe(48)
    hashed = _hashed(secret)
    Application.objects.filter(pk=row.application_id).update(client_secret=hashed, updated=at)
    row.version += 1
    row.save(update_fields=["version"])
    record("client_secret_renew", action=Action.UPDATE, at=at, by=by, subject=row, reason=reason)
    return Registered(row, secret)


@transaction.atomic
def client_close(client: ApiClient, *, by: int, at: datetime, reason: str) -> ApiClient:
    """The client gets no tokens any more, and those it has are void. Raises ClientClosed."""
    row = _locked(client, None)
    row.closed_at, row.closed_by, row.close_reason = at, by, reason
    row.version += 1
    row.save(update_fields=["closed_at", "closed_by", "close_reason", "version"])
    application = row.application_id
    RefreshToken.objects.filter(application_id=application, revoked__isnull=True).update(
        revoked=at, updated=at
    )
    AccessToken.objects.filter(application_id=application).delete()
    Grant.objects.filter(application_id=application).delete()
    record("client_close", action=Action.UPDATE, at=at, by=by, subject=row, reason=reason)
    return row
