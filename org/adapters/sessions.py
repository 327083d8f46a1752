"""Django's sessions in a table that also says whose they are, since when, from where."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db import InternalError, transaction

from core import clock
from core.context import asker
from core.redaction import sqlstate
from org.models import LoginSession

READ_ONLY = "25006"


@contextmanager
def _unless_read_only() -> Iterator[None]:
    """What cannot be written while the database only reads is left out, without an error."""
    try:
        with transaction.atomic():
            yield
    except InternalError as error:
        if sqlstate(error) != READ_ONLY:
            raise


class SessionStore(DatabaseSessions):
    """The session engine (SESSION_ENGINE): one row is the session and its line in the list.

    The row lives SESSION_COOKIE_AGE from the sign-in, whatever is stored in it later.
    """

    row: LoginSession | None = None
    agent = ""

    @classmethod
    def get_model_class(cls) -> type[LoginSession]:
        """Return the table of sessions."""
        return LoginSession

    def _get_session_from_db(self) -> LoginSession | None:
        """Return the row, None for one that is over."""
        now = clock.now()
        row = LoginSession.objects.filter(
            session_key=self.session_key,
            expire_date__gt=now,
            started_at__gt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE),
        ).first()
        self.row = row
        if row is None:
            self._session_key = None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> LoginSession:
        """Return a new row for `data`; it belongs to whoever is signed in by it."""
        now = clock.now()
        self.row = LoginSession(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=now + timedelta(seconds=settings.SESSION_COOKIE_AGE),
            user_id=_owner(data),
            started_at=now,
            last_seen_at=now,
            address=asker().address,
            agent=self.agent,
        )
        return self.row

    def save(self, must_create: bool = False) -> None:
        """Store what changed: data and owner only, never the marks of life and lock.

        Raises UpdateError when the session was ended in the meantime.
        """
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        data = self._get_session(no_load=False)  # type: ignore[attr-defined]
        with _unless_read_only():
            if not self._mine().update(session_data=self.encode(data), user_id=_owner(data)):
                raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """The session is over."""
        key = session_key or self.session_key
        LoginSession.objects.filter(session_key=key).delete()

    def cycle_key(self) -> None:
        """The session goes on under a new key, and the old one opens nothing (SEC-A9).

        A sign-in starts its clock; for somebody who was in already it runs on. Raises UpdateError
        when it has gone on already: the same form was sent twice, or the session was ended.
        """
        data, old = self._session, self.session_key  # type: ignore[attr-defined]
        if old is None:
            self.create()
            return
        new = self._get_new_session_key()  # type: ignore[attr-defined]
        now = clock.now()
        marks: dict[str, Any] = {"last_seen_at": now, "locked_at": None, "pin_misses": 0}
        if _owner(data) is None:
            ends = now + timedelta(seconds=settings.SESSION_COOKIE_AGE)
            marks |= {"started_at": now, "expire_date": ends}
            marks |= {"address": asker().address, "agent": self.agent}
        if not self._mine().update(session_key=new, **marks):
            raise UpdateError
        self._session_key = new
        self.modified = True
        self.row = self._mine().first()

    def touch(self, *, at: datetime, every: timedelta) -> None:
        """A sign of life is noted, at most once in `every`; nothing where nothing can be written.

        Not with `save`: that would write data that another tab has changed.
        """
        if self.row is None or self.row.last_seen_at > at - every:
            return
        with _unless_read_only():
            self._mine().filter(locked_at=None, last_seen_at__lt=at).update(last_seen_at=at)
            self.row.last_seen_at = at

    def _mine(self) -> Any:
        return LoginSession.objects.filter(session_key=self.session_key)


def _owner(data: dict[str, Any]) -> int | None:
    return int(data[SESSION_KEY]) if data.get(SESSION_KEY) else None
