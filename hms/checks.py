"""System checks of the house: what a production start would regret."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from hms import startup


@register(Tags.security, deploy=True)
def production_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Hosts are named, and the connection from the browser is encrypted."""
    found: list[CheckMessage] = []
    if not settings.IS_PRODUCTION:
        found.append(
            Warning(
                f"HMS_ENV is {settings.HMS_ENV}: this is not a production system.", id="hms.W001"
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS must name the hospital's own hosts.", id="hms.E001"))
    if settings.SECRET_KEY.startswith(settings.DEMO_KEY_PREFIX):
        found.append(Error("SECRET_KEY is the demo's.", id="hms.E002"))
    if not settings.USE_TLS:
        found.append(
            Warning(
                "HMS_TLS is off: passwords would cross the network in the clear.", id="hms.W002"
            )
        )
    if settings.DATABASE_ROLES["app"] == settings.DATABASE_ROLES["owner"]:
        found.append(
            Warning(
                "DATABASE_URL and DATABASE_OWNER_URL use one role: "
                "the audit trail could be changed.",
                id="hms.W003",
            )
        )
    return found


@register(Tags.database)
def no_demo_in_production(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """A production database holds no demo hospital and no demo login that opens a door."""
    if not settings.IS_PRODUCTION or "default" not in (databases or ()):
        return []
    try:
        found = startup.demo_found()
    except DatabaseError:
        return []  # no tables yet, or no server: other checks say so
    return [Error(found, id="hms.E003")] if found else []
