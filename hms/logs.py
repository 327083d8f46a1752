"""Structured logs: one JSON object a line on standard error, with the request id.

Never a person's name (SEC-U8, SEC-P6): what others log is taken over only in part. Requests, rows
and other objects are named by their type; addresses lose what follows the `?`; errors say their
kind and place, and not the values that PostgreSQL and Python put into their texts.
"""

import logging
from collections.abc import Mapping, MutableMapping
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from uuid import UUID

import structlog
from django.utils.functional import Promise

from core.context import asker
from core.redaction import said, told, without_queries

_PLAIN = (Promise, date, Decimal, UUID, PurePath)
# What libraries hang on their lines (the request, all that is known of a task), and what other
# handlers leave on the record: its text with all values.
_OBJECTS = ("request", "response", "data", "message", "asctime")
# What Celery says of a task beside its name: the traceback below the line says it without values.
_TASK_TEXTS = frozenset({"exc", "traceback", "return_value", "args", "kwargs"})
Line = MutableMapping[str, Any]


def in_request(_logger: Any, _method: str, line: Line) -> Line:
    """The line says in which request: also what a handler or a task does for it later (SEC-O9)."""
    request_id = asker().request_id
    if request_id:
        line.setdefault("request_id", request_id)
    return line


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    in_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class DiscreetFormatter(structlog.stdlib.ProcessorFormatter):
    """Takes the values out of a message's arguments before they become its text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if record.args and isinstance(record.msg, str):
            record = logging.makeLogRecord(record.__dict__)
            record.args = _without_values(record.args)
        return super().format(record)


def _without_values(args: Any) -> Any:
    if isinstance(args, Mapping):
        return {name: "…" if name in _TASK_TEXTS else value for name, value in args.items()}
    return tuple(said(each) if isinstance(each, BaseException) else each for each in args)


def discreet(_logger: Any, _method: str, line: Line) -> Line:
    """The line holds no request object, no query string and no error's own words."""
    for name in _OBJECTS:
        line.pop(name, None)
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = without_queries(value)
        elif isinstance(value, BaseException):
            line[name] = said(value)
    return line


def shown(value: object) -> str:
    """Return a value that JSON does not know: itself where it is plain, else only its type."""
    return str(value) if isinstance(value, _PLAIN) else type(value).__name__


def formatter() -> logging.Formatter:
    """Return the formatter of every handler."""
    return DiscreetFormatter(
        foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()],
        processors=[
            discreet,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(told),
            structlog.processors.JSONRenderer(default=shown),
        ],
    )


def configure() -> None:
    """structlog writes through the standard library's loggers."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
