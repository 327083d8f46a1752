"""Who is asking, from where, in which request, in whose house: carried beside the call.

Audit and logs read the asker; amounts and papers read the house.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Asker:
    """The circumstances of one request, task or command; empty values mean "not known"."""

    request_id: str = ""
    user_id: int | None = None
    user_name: str = ""
    role: str = ""
    unit_id: int | None = None
    unit_name: str = ""
    address: str = ""
    session: str = ""
    door: str = ""
    source: str = "screen"
    # Why it is permitted at all, where that is not the ordinary way (FHIR purposeOfEvent).
    purpose: str = ""


# Outside of a request the system itself acts: a task, a command, the relay.
SYSTEM = "system"
_NOBODY = Asker(user_name=SYSTEM, source="task")
_asker: ContextVar[Asker] = ContextVar("asker", default=_NOBODY)


def asker() -> Asker:
    """Return the circumstances of the current request, task or command."""
    return _asker.get()


@contextmanager
def asking(**changes: object) -> Iterator[Asker]:
    """Inside the block the current circumstances carry `changes` (fields of Asker)."""
    token = _asker.set(replace(_asker.get(), **changes))  # type: ignore[arg-type]
    try:
        yield _asker.get()
    finally:
        _asker.reset(token)


def amend(**changes: object) -> None:
    """Add to the circumstances of the request under way, until its `asking` block ends."""
    _asker.set(replace(_asker.get(), **changes))  # type: ignore[arg-type]


def enter(**known: object) -> None:
    """From now on this process acts as the system in these circumstances: a task, a command."""
    _asker.set(replace(_NOBODY, **known))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class House:
    """The money and the language of the hospital in which this happens."""

    currency: str
    language: str


_house: ContextVar[House | None] = ContextVar("house", default=None)


def house() -> House:
    """Return the hospital's money and language; before setup those that setup would propose."""
    return _house.get() or House(settings.HMS_CURRENCY, settings.LANGUAGE_CODE)


def enter_house(found: House) -> None:
    """From now on this task or command happens in that hospital."""
    _house.set(found)


@contextmanager
def within_house(found: House) -> Iterator[House]:
    """Inside the block `house()` answers with `found`."""
    token = _house.set(found)
    try:
        yield found
    finally:
        _house.reset(token)
