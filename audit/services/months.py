"""The trail's months are made before they come; a row without one is taken in by the rest."""

from datetime import datetime

from django.db import connection

AHEAD = 18


def months_make(*, ahead: int = AHEAD) -> int:
    """The coming months have their tables; returns how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_months_make(%s)", [ahead])
        return int(cursor.fetchone()[0])


def months_ahead(*, at: datetime) -> int:
    """Return for how many months after this one there is a table, without a gap."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relispartition AND relname LIKE %s",
            ["audit_auditevent_2%"],
        )
        there = {row[0] for row in cursor.fetchall()}
    count = 0
    while _name(at, count + 1) in there:
        count += 1
    return count


def _name(at: datetime, later: int) -> str:
    years, month = divmod(at.month - 1 + later, 12)
    return f"audit_auditevent_{at.year + years}_{month + 1:02}"
