"""Where a toast waits for the next page (SEC-P6: nothing of anybody in the browser's storage)."""

from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest


class _Cookie(CookieStorage):
    """For whoever is not signed in: such toasts name nobody, and a visitor leaves no row."""

    cookie_name = "__Host-toast" if settings.USE_TLS else "hms_toast"


def toasts(request: HttpRequest, *args: Any, **kwargs: Any) -> BaseStorage:
    """Return the storage (MESSAGE_STORAGE): the session of whoever is signed in, else a cookie."""
    is_in = SESSION_KEY in request.session
    return (SessionStorage if is_in else _Cookie)(request, *args, **kwargs)
