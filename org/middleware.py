"""Who is asking and in which unit they stand, for everything behind it."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from core import context
from org import gate


class PersonMiddleware:
    """Sets the current unit, the language and the circumstances that audit and logs read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.unit_id = None  # type: ignore[attr-defined]
        if request.session.session_key and request.user.is_authenticated:
            self._stand(request)
        with translation.override(self._language(request)):
            request.LANGUAGE_CODE = translation.get_language()  # type: ignore[attr-defined]
            return self.get_response(request)

    @staticmethod
    def _stand(request: HttpRequest) -> None:
        held = gate.grants(request)
        chosen = request.session.get("unit")
        if chosen not in held.all_unit_ids():
            chosen = held.held[0].unit_id if held.held else None
        request.unit_id = chosen  # type: ignore[attr-defined]
        context.amend(
            user_id=request.user.pk,
            unit_id=chosen,
            role=", ".join(sorted({item.role for item in held.roles_in(chosen)}))[:200],
            session=(request.session.session_key or "")[:8],
        )

    @staticmethod
    def _language(request: HttpRequest) -> str:
        chosen = getattr(request.user, "language", "") if request.session.session_key else ""
        return chosen or translation.get_language_from_request(request)


def activate_zone(name: str) -> None:
    """Times are shown in the zone of the site; an unknown name leaves the installation's."""
    try:
        timezone.activate(zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        timezone.deactivate()
