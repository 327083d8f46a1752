"""What the OAuth2 server asks of the house: scopes from a closed list, checks of each grant.

The toolkit's tables and protocol are used; what it leaves open is decided here: codes are stored
as hashes too, a used code or refresh token that comes again ends its family, a family ends twelve
hours after its sign-in whatever is refreshed, and closed clients and people get nothing.
"""

import re
import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Min
from oauth2_provider.models import AccessToken, Grant, RefreshToken
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    AuthorizationEndpoint,
    BearerToken,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from core import clock
from org import services
from org.models import User
from org.rules import SCOPES, is_redirect
from org.selectors import client_open, token_behind, token_digest

CODE_SECONDS = 60
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.~-]{1,255}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE_LIMIT = 1_000


class ClosedScopes(BaseScopes):  # type: ignore[misc]
    """Scopes come from org.rules; a client has those that it was registered with."""

    def get_all_scopes(self) -> dict[str, str]:
        """Return every scope with its words."""
        return {name: str(scope.words) for name, scope in SCOPES.items()}

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return what the client may ask for."""
        if application is None:
            return list(SCOPES)
        client = client_open(application.client_id)
        is_system = application.authorization_grant_type == "client-credentials"
        allowed = set(client.scopes) if client else set()
        return [
            name
            for name, scope in SCOPES.items()
            if name in allowed and (is_system or not scope.systems_only)
        ]

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return nothing: a client says what it needs."""
        return []


class Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint):  # type: ignore[misc]
    """Authorization code with PKCE (S256), refresh, client credentials; nothing else."""

    def __init__(
        self,
        validator: Any,
        token_expires_in: Any = None,
        token_generator: Any = None,
        refresh_token_generator: Any = None,
        **_others: Any,
    ) -> None:
        code = AuthorizationCodeGrant(validator)
        code._code_challenge_methods = {"S256": code_challenge_method_s256}
        bearer = BearerToken(validator, token_generator, token_expires_in, refresh_token_generator)
        AuthorizationEndpoint.__init__(
            self,
            default_response_type="code",
            response_types={"code": code},
            default_token_type=bearer,
        )
        TokenEndpoint.__init__(
            self,
            default_grant_type="authorization_code",
            grant_types={
                "authorization_code": code,
                "refresh_token": RefreshTokenGrant(validator),
                "client_credentials": ClientCredentialsGrant(validator),
            },
            default_token_type=bearer,
        )
        RevocationEndpoint.__init__(self, validator)


class Validator(OAuth2Validator):  # type: ignore[misc]
    """Every question of the protocol, asked of our tables."""

    # --- clients
    def _load_application(self, client_id: Any, request: Any) -> Any:
        if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
            return None
        if request.client is not None and request.client.client_id == client_id:
            return request.client
        found = client_open(client_id)
        if found is None:
            return None
        request.client, request.house_client = found.application, found
        return request.client

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Say whether the address is registered for this client, and of a kind it may have."""
        native = request.client.client_type == "public"
        return is_redirect(redirect_uri, native=native) and super().validate_redirect_uri(
            client_id, redirect_uri, request, *args, **kwargs
        )

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *a: Any, **k: Any
    ) -> bool:
        """Say whether each scope is on the client's list; asking for none is refused."""
        return bool(scopes) and super().validate_scopes(client_id, scopes, client, request)

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Say yes; an odd challenge is refused here, before anything is stored."""
        if request.code_challenge is not None and not _CHALLENGE.fullmatch(request.code_challenge):
            raise errors.InvalidRequestError(
                description="code_challenge must be 43 characters (S256).", request=request
            )
        if len(request.state or "") > _STATE_LIMIT:
            raise errors.InvalidRequestError(description="state is too long.", request=request)
        return True

    # --- codes
    def _create_authorization_code(self, request: Any, code: Any, expires: Any = None) -> Any:
        # `claims`: when the person of the allowing session said last who they are (SEC-A11).
        return Grant.objects.create(
            application=request.client,
            user=request.user,
            code=token_digest(code["code"]),
            expires=clock.now() + timedelta(seconds=CODE_SECONDS),
            redirect_uri=request.redirect_uri,
            scope=" ".join(request.scopes),
            code_challenge=request.code_challenge,
            code_challenge_method=request.code_challenge_method,
            claims=request.identified_at.isoformat() if request.identified_at else "",
        )

    def _grant(self, code: str, client: Any) -> Any:
        return Grant.objects.filter(code=token_digest(code), application=client).first()

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Say whether the code may be exchanged; one that was already ends what it brought."""
        found = self._grant(code, client)
        if found is None:
            return False
        user = _locked(found.user_id)
        grant = Grant.objects.select_for_update().filter(pk=found.pk).first()
        if grant is None:
            return False
        if grant.nonce:  # the family of the tokens that this code brought
            self._family_ends(uuid.UUID(grant.nonce), user, request)
            return False
        if grant.expires <= clock.now() or not user.is_active:
            return False
        request.scopes, request.user = grant.scope.split(" "), user
        return True

    def get_code_challenge(self, code: str, request: Any) -> Any:
        """Return the challenge that came with the request for this code."""
        return self._grant(code, request.client).code_challenge or None

    def get_code_challenge_method(self, code: str, request: Any) -> Any:
        """Return the method of the challenge."""
        return self._grant(code, request.client).code_challenge_method or None

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Say whether the code was sent to this very address."""
        grant = self._grant(code, client)
        return grant is not None and grant.redirect_uri == redirect_uri

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """The code is used up; it remembers which tokens it brought."""
        Grant.objects.filter(code=token_digest(code), application=request.client).update(
            nonce=str(request.token_family)
        )

    # --- tokens
    def _check_and_set_request_resource(self, request: Any) -> None:
        request.resource = []

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Say whether the token may be exchanged; one that was already ends its family."""
        mark = token_digest(refresh_token)
        found = RefreshToken.objects.filter(token_checksum=mark, application=client).first()
        if found is None:
            return False
        user = _locked(found.user_id)
        row = RefreshToken.objects.select_for_update(of=("self",)).select_related("access_token")
        row = row.get(pk=found.pk)
        if row.revoked is not None:
            self._family_ends(row.token_family, user, request)
            return False
        if row.access_token is None or not user.is_active or self._is_old(row.token_family):
            return False
        request.user, request.refresh_token = user, refresh_token
        request.refresh_token_instance = row
        return True

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """The client's own token and what hangs on it is void; of one in force there is a row."""
        mine = {"token_checksum": token_digest(token), "application": request.client}
        found = (
            RefreshToken.objects.filter(**mine, revoked__isnull=True).first()
            or AccessToken.objects.filter(**mine).first()
        )
        super().revoke_token(token, token_type_hint, request, *args, **kwargs)
        if found is not None:
            user = found.user or request.client.user
            services.token_revoke_noted(client=request.house_client, user=user, at=clock.now())

    @staticmethod
    def _is_old(family: uuid.UUID) -> bool:
        """Rotation does not lengthen a family: it ends so long after its first token (SEC-A10)."""
        rows = RefreshToken.objects.filter(token_family=family)
        first = rows.aggregate(first=Min("created"))["first"]
        longest = timedelta(seconds=oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS)
        return bool(first + longest <= clock.now())

    @staticmethod
    def _family_ends(family: uuid.UUID, user: User, request: Any) -> None:
        RefreshToken.revoke_family(family)
        services.token_reuse_noted(client=request.house_client, user=user, at=clock.now())

    def _create_refresh_token(
        self, request: Any, refresh_token_code: str, access_token: Any, previous: Any
    ) -> Any:
        made = super()._create_refresh_token(request, refresh_token_code, access_token, previous)
        request.token_family = made.token_family
        return made

    def _save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        is_system = request.grant_type == "client_credentials"
        actor = request.client.user if is_system else request.user
        if actor is None or not actor.is_active:
            raise errors.InvalidGrantError(request=request)
        super()._save_bearer_token(token, request, *args, **kwargs)
        services.client_used_noted(request.house_client, at=clock.now())
        if request.grant_type != "refresh_token":
            services.token_issue_noted(
                client=request.house_client, user=actor, scopes=request.scopes, at=clock.now()
            )


def _locked(user_id: int) -> User:
    """One person's tokens change one after the other: see services.tokens_end."""
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def token_facts(raw: str) -> dict[str, Any]:
    """Return what introspection says of an access token (RFC 7662)."""
    token = token_behind(raw, at=clock.now())
    if token is None:
        return {"active": False}
    row = AccessToken.objects.get(token_checksum=token_digest(raw))
    return {
        "active": True,
        "scope": " ".join(sorted(token.scopes)),
        "client_id": row.application.client_id,
        "username": token.user.username,
        "sub": str(token.user.public_id),
        "token_type": "Bearer",
        "exp": int(token.expires_at.timestamp()),
        "iat": int(token.issued_at.timestamp()),
    }
