"""What allauth and axes ask of the house."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from core.context import asker
from org.rules import username_plain


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no: administrators invite people."""
        return False


class FactorAdapter(DefaultMFAAdapter):
    """Second factors."""


def axes_username(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """Return the one spelling of the tried name: ` BOB` and `bob` share a lock (SEC-A5)."""
    posted = request.POST.get("username", "") if request is not None else ""
    return username_plain(str((credentials or {}).get("username") or posted))


def axes_address(_request: HttpRequest) -> str:
    """Return the address our own proxy saw, never what the asker claims."""
    return asker().address
