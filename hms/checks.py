"""System checks of the house: what a production start would regret."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection

from hms import startup
from org import validators


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
    if settings.DEMO_MAILBOX:
        found.append(Error("HMS_DEMO_MAILBOX shows mails to everybody.", id="hms.E004"))
    return found


@register(Tags.security)
def password_list(**_kwargs: Any) -> list[CheckMessage]:
    """The hospital's own list of breached passwords can be read."""
    fault = validators.list_fault(settings.PASSWORD_LIST) if settings.PASSWORD_LIST else ""
    if not fault:
        return []
    return [Error(f"HMS_PASSWORD_LIST cannot be used: {fault}.", id="hms.E005")]


@register(Tags.database)
def production_database(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """No demo hospital, no demo login that opens a door, and the trail is out of our own reach."""
    if not settings.IS_PRODUCTION or "default" not in (databases or ()):
        return []
    found: list[CheckMessage] = []
    try:
        if sentence := startup.demo_found():
            found.append(Error(sentence, id="hms.E003"))
        if _may_change_the_trail():
            found.append(
                Warning(
                    "DATABASE_URL uses the owner of the tables: the audit trail could be changed.",
                    hint="Give the application a role of its own; docs/deploy.md says how.",
                    id="hms.W003",
                )
            )
    except DatabaseError:
        return []  # no tables yet, or no server: other checks say so
    return found


def _may_change_the_trail() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableowner = current_user FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename = 'audit_auditevent'"
        )
        row = cursor.fetchone()
    return bool(row and row[0])
