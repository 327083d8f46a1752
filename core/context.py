"""Who is asking, from where, in which request: carried beside the call, read by audit and logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Asker:
    """The circumstances of one request, task or command; empty values mean "not known"."""

    request_id: str = ""
    user_id: int | None = None
    role: str = ""
    unit_id: int | None = None
    address: str = ""
    session: str = ""
    door: str = ""
    source: str = "screen"


_NOBODY = Asker(source="task")
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
