"""Passkeys: the ceremony with the browser, through allauth."""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from core import clock
from core.errors import Invalid
from org import services
from org.models import User
from org.services.factors import PASSKEY

_WRONG = (ValidationError, ValueError, TypeError, KeyError, AttributeError)


def offer_new(user: User, *, passwordless: bool = True) -> dict[str, Any]:
    """Return what the browser needs to make a passkey; the session keeps the challenge."""
    found: dict[str, Any] = auth.begin_registration(user, passwordless)
    return {"creation_options": found}


def added(user: User, *, name: str, credential: Any) -> None:
    """The passkey that the browser made is the person's. Raises Invalid."""
    try:
        auth.parse_registration_response(credential)
        auth.complete_registration(credential)
    except _WRONG as error:
        raise Invalid() from error
    services.passkey_add(user, name=name, credential=credential, at=clock.now())


def offer(user: User | None) -> dict[str, Any]:
    """Return what the browser needs to answer with a passkey, of this person or of anybody."""
    found: dict[str, Any] = auth.begin_authentication(user)
    return {"request_options": found}


def answered(user: User | None, credential: Any) -> User:
    """Return whose passkey answered. Raises Invalid."""
    try:
        auth.parse_authentication_response(credential)
        who = user or auth.extract_user_from_response(credential)
        row = auth.complete_authentication(who, credential)
    except _WRONG as error:
        raise Invalid() from error
    services.passkey_used(who, factor_id=row.pk, at=clock.now())
    found: User = who
    return found


@transaction.atomic
def sign_in(request: HttpRequest, user: User, *, target: str) -> HttpResponse:
    """Somebody came with a passkey that asked for a finger or a PIN: two factors in one."""
    record_authentication(request, user, "mfa", type=PASSKEY, passwordless=True)
    found: HttpResponse = perform_login(request, Login(user=user, redirect_url=target))
    return found
