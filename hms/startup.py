"""What must be true before a production process does any work: nothing of the demo is in there."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.backends.signals import connection_created

from org import selectors

MESSAGE = (
    "This is a production start, but the database holds the demo: {traces}. "
    "Its passwords are published. Use an empty database and `manage.py setup`."
)
_UID = "hms.refuse_demo"
log = structlog.get_logger("hms.startup")


class DemoInProduction(ImproperlyConfigured):
    """The demo's hospital or logins are in a production database."""


def demo_found() -> str:
    """Return the sentence that says what of the demo is here, or "". Raises DatabaseError."""
    traces = selectors.demo_traces()
    return MESSAGE.format(traces=", ".join(traces)) if traces else ""


def refuse_demo() -> None:
    """A production process goes on only without the demo. Raises DemoInProduction.

    While the database does not answer the process may start, and the first connection that opens
    is checked instead: nobody is served from a demo database either way.
    """
    if not settings.IS_PRODUCTION:
        return
    try:
        _check()
    except DatabaseError as error:
        log.warning("demo_check_postponed", error=type(error).__name__)
        connection_created.connect(_check_connection, dispatch_uid=_UID)
    finally:
        connection.close()


def _check() -> None:
    found = demo_found()
    if found:
        log.critical("demo_refused", reason=found)
        raise DemoInProduction(found)


def _check_connection(**given: Any) -> None:
    opened = given["connection"]
    if opened.alias != DEFAULT_DB_ALIAS:
        return
    try:
        _check()
    except DemoInProduction:
        opened.close()  # so that the next attempt is a new connection, and refused as well
        raise
    except DatabaseError:
        return  # tables that are not there yet: the next connection is checked
    connection_created.disconnect(dispatch_uid=_UID)
