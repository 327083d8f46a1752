"""Who, in which request and through which door: beside every statement that may change rows.

The triggers of the row history (core.models.kept_history) read it from a setting that lives as long
as the transaction. It travels in front of the statement, in the same round trip; a statement that
comes around Django's cursors is still kept, without it.
"""

import json
from collections.abc import Callable
from typing import Any

from core.context import Asker, asker

SETTING = "pghistory.context_metadata"
WRITES = ("insert", "update", "delete", "with", "merge", "truncate", "copy")
# What the trail itself and the outbox write carries its circumstances in columns of its own.
_OWN = ('insert into "audit_', 'insert into "core_event', 'insert into "core_delivery')
Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


def metadata(here: Asker) -> dict[str, object]:
    """Return what the history keeps of the circumstances; nothing that is not known."""
    known = {
        "user": here.user_id,
        "name": here.user_name,
        "role": here.role,
        "unit": here.unit_id,
        "request": here.request_id,
        "door": here.door,
        "source": here.source,
        "address": here.address,
    }
    return {name: value for name, value in known.items() if value not in {None, ""}}


def with_context(execute: Execute, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Run the statement; the history of the rows it changes says who asked for it."""
    if isinstance(sql, str) and _may_write(sql) and not getattr(context["cursor"], "name", None):
        sql = _prefix(is_formatted=params is not None) + sql
    return execute(sql, params, many, context)


def _may_write(sql: str) -> bool:
    start = sql[:40].lstrip().lower()
    return start.startswith(WRITES) and not start.startswith(_OWN)


def _prefix(*, is_formatted: bool) -> str:
    text = json.dumps(metadata(asker())).replace("\\u0000", "").replace("'", "''")
    if is_formatted:
        text = text.replace("%", "%%")
    return f"SET LOCAL {SETTING} = '{text}'; "
