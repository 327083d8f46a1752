"""A poll that changed nothing costs the session and the person, nothing else (decisions 27)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from core import clock, live
from org.middleware import POLL_HEADER

TAG_HEADER = "HX-PTag"


class UnchangedPollMiddleware:
    """Stands after who asks is known and before what they may do is asked.

    The tag was given at most 30 seconds ago to somebody who might see the list; "nothing new" tells
    them nothing. A screen that is locked, or should be by now, is sent on: the gate answers it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(TAG_HEADER, "")
        if sent and request.method == "GET" and POLL_HEADER in request.headers:
            known = live.unchanged(sent, address=request.get_full_path())
            if known is not None and _is_theirs(request, known):
                return HttpResponseNotModified()
        return self.get_response(request)


def _is_theirs(request: HttpRequest, known: live.Unchanged) -> bool:
    user: Any = request.user
    if not user.is_authenticated or user.pk != known.user_id or not user.is_active:
        return False
    # The session's row is known once the person was asked for.
    row = getattr(request.session, "row", None)
    if row is None:
        return False
    idle = clock.now() - row.last_seen_at
    return row.locked_at is None and idle < timedelta(seconds=known.lock_seconds)
