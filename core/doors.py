"""Every door says who may open it: `@requires` on views, API handlers and tasks.

The decision itself is the gate's (filled by the roof): permission, unit scope, activation level.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _

from core.errors import ServiceError
from core.hooks import Hook

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may open this door; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Any signed-in person may open this door, for things of their own."""

    reason: str


@dataclass(frozen=True, slots=True)
class System:
    """Only the system itself opens this door (beat, relay)."""

    reason: str


Who = str | Public | SignedIn | System
UnitOf = Callable[..., int | None]


@dataclass(frozen=True, slots=True)
class Door:
    """What a door declares: who, in which module, with which methods, in whose unit."""

    who: Who
    module: str | None
    methods: frozenset[str]
    closing: bool
    observe: bool
    unit: UnitOf | None
    early: bool = False
    fresh: bool = False
    always: bool = False
    locked: bool = False
    reads: str = ""

    @property
    def is_writing(self) -> bool:
        return bool(self.methods - SAFE)


@dataclass(frozen=True, slots=True)
class Knock:
    """One attempt to open a door."""

    door: Door
    request: Any
    method: str
    unit_id: int | None


class Gate(Protocol):
    def __call__(self, knock: Knock) -> None:
        """Return when the door may be opened. Raises a ServiceError, or SignInNeeded."""


class SignInNeeded(ServiceError):
    """Nobody is signed in."""

    code = "not_authenticated"
    status = 401
    message = _("Sign in first.")


class MethodRefused(ServiceError):
    """The door has no such method."""

    code = "method_not_allowed"
    status = 405
    message = _("This address does not take that kind of request.")


gate: Hook[Gate] = Hook("gate")


def requires[F: Callable[..., Any]](
    who: Who,
    *,
    module: str | None,
    methods: Iterable[str] = ("GET",),
    closing: bool = False,
    observe: bool = False,
    unit: UnitOf | None = None,
    early: bool = False,
    fresh: bool = False,
    always: bool = False,
    locked: bool = False,
    reads: str = "",
) -> Callable[[F], F]:
    """Declare a door. `unit(request, **kwargs)` names the unit id of the record behind it.

    `closing` doors stay open while a module drains; `observe` doors open at level observe.
    `early` doors open before a compulsory second factor is set up (SEC-A3). `fresh` doors ask who
    it is again when that was not asked lately (SEC-A11). `always` doors write also while the whole
    system is read-only (SEC-V6). `locked` doors open also in front of a locked screen (SEC-A7).
    `reads` says what a look through this door is called on the trail
    (SEC-U1): view, list, search, print, download, export, or none; "" leaves it to the address.
    A page that also takes a form obeys the level already when it is opened.
    OPTIONS opens no door: it would run the view past the trail, the CSRF check and read-only mode.
    """
    allowed = frozenset(methods)
    door = Door(
        who=who,
        module=module,
        methods=allowed | ({"HEAD"} if "GET" in allowed else frozenset()),
        closing=closing,
        observe=observe,
        unit=unit,
        early=early,
        fresh=fresh,
        always=always,
        locked=locked,
        reads=reads,
    )

    def declare(function: F) -> F:
        if isinstance(who, System):
            function.door = door  # type: ignore[attr-defined]
            return function

        @functools.wraps(function)
        def opened(*args: Any, **kwargs: Any) -> Any:
            request = args[0] if hasattr(args[0], "method") else args[1]
            if request.method not in door.methods:
                raise MethodRefused(allowed=sorted(door.methods))
            unit_id = unit(request, **kwargs) if unit else None
            gate()(Knock(door, request, request.method, unit_id))
            return function(*args, **kwargs)

        opened.door = door  # type: ignore[attr-defined]
        return opened  # type: ignore[return-value]

    return declare


def door_of(function: object) -> Door | None:
    """Return what a view, handler or task declares, or None when it declares nothing."""
    return getattr(function, "door", None)
