"""Who is asking, in which unit and house they stand, for everything behind it."""

import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header

from core import clock, context
from org import gate, house, selectors
from org.rules import agent_label

# These say how the system is even when there is no database to ask.
HEALTH = ("/livez", "/readyz", "/metrics")
# What a page asks by itself says so, and is no sign of life of a person (decisions 27).
POLL_HEADER = "HMS-Poll"
TOUCH_EVERY = timedelta(seconds=30)


# Programs call here; a token opens nothing elsewhere.
FOR_TOKENS = ("/api/", "/oauth/introspect")


class BearerMiddleware:
    """A bearer token says who asks, before anybody stands anywhere; the session does not count.

    A token that is not good makes the request nobody's: the gate says so at every door.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind, _blank, raw = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            self._enter(request, raw.strip())
        return self.get_response(request)

    @staticmethod
    def _enter(request: HttpRequest, raw: str) -> None:
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        engine = import_module(settings.SESSION_ENGINE)
        request.session = engine.SessionStore()
        request.user = AnonymousUser()
        token = None
        if request.path.startswith(FOR_TOKENS):
            token = selectors.token_behind(raw, at=clock.now())
        request.token_refused = token is None  # type: ignore[attr-defined]
        if token is not None:
            request.user = token.user
            request.token = token  # type: ignore[attr-defined]


def _is_in(request: HttpRequest) -> bool:
    """Somebody is signed in, or acts through a token; asks no query of one without a session."""
    by_session = bool(request.session.session_key and request.user.is_authenticated)
    return by_session or hasattr(request, "token")


class PersonMiddleware:
    """Sets the current unit, its clock, the language, the house, and who audit says it was."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.unit_id = None  # type: ignore[attr-defined]
        request.reach = gate.reach  # type: ignore[attr-defined]
        request.holds = gate.holds  # type: ignore[attr-defined]
        zone = ""
        request.session.agent = agent_label(  # type: ignore[attr-defined]
            request.headers.get("User-Agent", "")
        )
        if _is_in(request):
            self._stand(request)
            self._notice(request)
            zone = gate.grants(request).zone_of(request.unit_id)  # type: ignore[attr-defined]
        home = None if request.path.startswith(HEALTH) else _house()
        request.house_name = home.name if home else ""  # type: ignore[attr-defined]
        with (
            context.within_house(house_context(home)),
            timezone.override(zone_of(zone or (home.time_zone if home else ""))),
            translation.override(self._language(request)),
        ):
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
            user_name=request.user.full_name,  # type: ignore[union-attr]
            unit_id=chosen,
            unit_name=held.name_of(chosen),
            role=", ".join(sorted({item.role for item in held.roles_in(chosen)}))[:200],
            session=_session_mark(request),
        )

    @staticmethod
    def _notice(request: HttpRequest) -> None:
        """A locked screen is known as such; any other takes the request for a sign of life."""
        is_locked = gate.watch(request).is_locked
        request.is_locked = is_locked  # type: ignore[attr-defined]
        if not is_locked and POLL_HEADER not in request.headers:
            # Much less often than the lock needs, and never so rarely that it would come early.
            every = min(TOUCH_EVERY, gate.lock_times(request)[0] / 10)
            request.session.touch(at=clock.now(), every=every)  # type: ignore[attr-defined]

    @staticmethod
    def _language(request: HttpRequest) -> str:
        chosen = getattr(request.user, "language", "") if _is_in(request) else ""
        return chosen or _accepted(request) or context.house().language


def _session_mark(request: HttpRequest) -> str:
    """What the trail and the log call this session, or the client whose token it is."""
    token = getattr(request, "token", None)
    return f"oauth:{token.client_id.hex[:8]}" if token else (request.session.session_key or "")[:8]


def _house() -> house.House | None:
    try:
        return house.current()
    except DatabaseError:  # the page itself will say that the database is away
        return None


def house_context(home: house.House | None) -> context.House:
    """Return what amounts and papers need of the hospital; before setup what setup proposes."""
    if home is None:
        return context.House(settings.HMS_CURRENCY, settings.LANGUAGE_CODE)
    return context.House(home.currency, home.language)


def enter_house() -> None:
    """From now on this process works in the hospital's money, in its language, by its clock."""
    home = _house()
    context.enter_house(house_context(home))
    timezone.activate(zone_of(home.time_zone if home else ""))
    translation.activate(context.house().language)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Return the named time zone; for an unknown name that of the environment."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def _accepted(request: HttpRequest) -> str:
    """The first language of the browser that the product speaks, "" for none."""
    for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        with suppress(LookupError):
            return translation.get_supported_language_variant(code)
    return ""
