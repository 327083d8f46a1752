"""What an error may say in a log or a table: its kind and its place, never a value (SEC-U8, P6)."""

import re
import traceback
from types import TracebackType

from django.db.utils import Error as WrappedError
from psycopg2 import Error as DriverError

_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|“[^”\n]*”|«[^»\n]*»|‘[^’\n]*’")
_UNCLOSED = re.compile(r"[\"'“«‘(\[{].*$")
_QUERY = re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]*")
_LONGEST = 300
# Integrity errors quote names of tables, columns and constraints; all others may quote values.
_NAMES_ONLY = "23"
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code of the error, "" when it has none (no answer, no database error)."""
    for each in (error, error.__cause__):
        if isinstance(each, DriverError) and each.pgcode:
            return str(each.pgcode)
    return ""


def said(error: BaseException) -> str:
    """Return what the error is: its type, its SQLSTATE, its first line without any value."""
    code = sqlstate(error)
    is_database = isinstance(error, WrappedError | DriverError)
    first = _first_line(error)
    if not (is_database and code.startswith(_NAMES_ONLY)):
        first = _UNCLOSED.sub("…", _QUOTED.sub("…", first))
    kind = f"{type(error).__name__} [{code}]" if is_database and code else type(error).__name__
    return f"{kind}: {first[:_LONGEST]}".rstrip(": ")


def _first_line(error: BaseException) -> str:
    try:
        return next(iter(str(error).strip().splitlines()), "")
    except Exception:  # an error that cannot say what it is must not hide where it was
        return ""


def without_queries(text: str) -> str:
    """Return the text with what follows the `?` of every address cut off."""
    return _QUERY.sub(r"\1?…", text)


def told(exc_info: ExceptionInfo) -> str:
    """Return the traceback with all its causes, each with `said` for its text."""
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = _frames(error.__traceback__)
        parts.append(f"Traceback (most recent call last):\n{frames}{said(error)}")
        hidden = error.__suppress_context__ and error.__cause__ is None
        error = None if hidden else error.__cause__ or error.__context__
    return "\n\nafter:\n\n".join(parts)


def _frames(trace: TracebackType | None) -> str:
    try:
        return "".join(traceback.format_tb(trace))
    except Exception:  # a frame sent over from another process may lack what is printed
        return ""
