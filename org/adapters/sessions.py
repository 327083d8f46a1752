"""Django's sessions in a table that also says whose they are, since when, from where."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from core.context import asker
from org.models import LoginSession


class SessionStore(DatabaseSessions):
    """The session engine (SESSION_ENGINE): one row is the session and its line in the list."""

    @classmethod
    def get_model_class(cls) -> type[LoginSession]:
        """Return the table of sessions."""
        return LoginSession

    def create_model_instance(self, data: dict[str, Any]) -> LoginSession:
        """Return the row for `data`; it belongs to whoever is signed in by it."""
        row: LoginSession = super().create_model_instance(data)  # type: ignore[assignment]
        row.user_id = int(data[SESSION_KEY]) if data.get(SESSION_KEY) else None
        row.address = asker().address
        return row
