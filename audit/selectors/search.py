"""The trail filtered by every recorded field, sorted by every column, page by page."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    CharField,
    Expression,
    F,
    IntegerField,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Left, NullIf
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from audit.permissions import Reach, visible_to
from audit.selectors import names
from core.errors import Invalid
from core.paging import DEFAULT_SIZE, Page

Rows = QuerySet[AuditEvent]
Wanted = Mapping[str, Any]
COUNTED = 1_000
# Rows are recorded when or after they happen, give or take clocks and long transactions: with this
# the months before the period are not even opened.
SLACK = timedelta(days=1)
EXACT = {
    "action": "action",
    "outcome": "outcome",
    "source": "source",
    "kind": "subject_type",
    "patient": "patient",
    "session": "session",
    "request": "request_id",
}
PARTS = {
    "role": "role",
    "act": "act",
    "door": "door",
    "reason": "reason",
    "recipient": "recipient",
    "purpose": "purpose",
}
DOCUMENTS = ("query", "before", "after")
# A document is sorted by its beginning: that is enough to bring like to like.
BEGINNING = 80


def search(wanted: Wanted, *, reach: Reach) -> Rows:
    """Return the rows in reach that are wanted; unset filters let everything through."""
    rows = visible_to(reach)
    for name, column in EXACT.items():
        if value := wanted.get(name):
            rows = rows.filter(**{column: value})
    for name, column in PARTS.items():
        if value := wanted.get(name):
            rows = rows.filter(**{f"{column}__icontains": value})
    for name, condition in CONDITIONS.items():
        if value := wanted.get(name):
            rows = condition(rows, value, wanted)
    return rows


def _since(rows: Rows, value: Any, _wanted: Wanted) -> Rows:
    return rows.filter(occurred_at__gte=value, recorded_at__gte=value - SLACK)


def _until(rows: Rows, value: Any, _wanted: Wanted) -> Rows:
    return rows.filter(occurred_at__lt=value)


def _person(rows: Rows, value: str, _wanted: Wanted) -> Rows:
    """Names as they were written, and as they are now."""
    return rows.filter(Q(actor_name__icontains=value) | Q(actor__in=names.people_named(value)))


def _actor(rows: Rows, value: UUID, _wanted: Wanted) -> Rows:
    found = names.person_id(value)
    return rows.filter(actor=found) if found is not None else rows.none()


def _unit(rows: Rows, value: str, _wanted: Wanted) -> Rows:
    return rows.filter(Q(unit_name__icontains=value) | Q(unit__in=names.units_named(value)))


_ID = re.compile(r"[0-9]{1,19}|[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


def _thing(rows: Rows, value: str, wanted: Wanted) -> Rows:
    """An id is the thing itself; anything else is what things are called."""
    if _ID.fullmatch(value):
        return rows.filter(subject=str(UUID(value)) if len(value) > 19 else value)
    condition = Q(subject=value)
    for kind, key in names.things_named(value, kind=wanted.get("kind") or ""):
        condition |= Q(subject_type=kind, subject=key)
    return rows.filter(condition)


def _address(rows: Rows, value: str, _wanted: Wanted) -> Rows:
    return rows.filter(address__startswith=value)


def _words(rows: Rows, value: str, _wanted: Wanted) -> Rows:
    condition = Q(reason__icontains=value)
    for name in DOCUMENTS:
        rows = rows.alias(**{f"{name}_text": Cast(name, TextField())})
        condition |= Q(**{f"{name}_text__icontains": value})
    return rows.filter(condition)


CONDITIONS: dict[str, Callable[[Rows, Any, Wanted], Rows]] = {
    "since": _since,
    "until": _until,
    "person": _person,
    "actor": _actor,
    "unit": _unit,
    "thing": _thing,
    "address": _address,
    "words": _words,
}


def count_up_to(rows: Rows, most: int = COUNTED) -> int:
    """Return how many rows there are, and `most` + 1 when there are more: never counts them all."""
    return rows.order_by().values("pk")[: most + 1].count()


def _filled(name: str) -> Expression:
    """A text that nobody wrote sorts like a value that is not there."""
    return NullIf(F(name), Value("", output_field=CharField()))


def _beginning(name: str) -> Expression:
    return Left(Cast(F(name), TextField()), BEGINNING)


NEVER_EMPTY = frozenset(
    {"id", "public_id", "occurred_at", "recorded_at", "act", "action", "source"}
)
_BLANK = (
    *("actor_name", "role", "unit_name", "subject_type", "subject", "reason"),
    *("recipient", "purpose", "door", "address", "session", "request_id"),
)
# The closed list: a word of the address picks one of these expressions, and never becomes SQL.
SORTS: dict[str, Expression | F] = {
    **{name: F(name) for name in sorted(NEVER_EMPTY)},
    **{name: F(name) for name in ("actor", "unit", "patient")},
    **{name: _filled(name) for name in _BLANK},
    **{name: _beginning(name) for name in DOCUMENTS},
    "outcome": Cast(F("outcome"), IntegerField()),
}
_CURSOR = re.compile(r"([np])([0-9a-f]{32})")


def page(
    rows: Rows,
    *,
    sort: str = "occurred_at",
    is_down: bool = True,
    cursor: str = "",
    size: int = DEFAULT_SIZE,
) -> Page[AuditEvent]:
    """Cut a page out of the rows, sorted by one column; what has no value there comes last.

    A cursor names the row at the edge: rows never change, so its values are looked up, and rows
    that are written meanwhile move nothing. Raises Invalid for a cursor or column that is not one.
    """
    is_back, edge = _edge(cursor, sort)
    ordered = sorted_rows(rows, sort=sort, is_down=is_down, is_back=is_back)
    if edge is not None:
        ordered = ordered.filter(_beyond(*edge, sort=sort, is_down=is_down, is_back=is_back))
    found = list(ordered[: size + 1])
    more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    has_next, has_previous = (True, more) if is_back else (more, bool(cursor))
    return Page(
        items=found,
        next=f"n{found[-1].public_id.hex}" if has_next and found else "",
        previous=f"p{found[0].public_id.hex}" if has_previous and found else "",
    )


def sorted_rows(
    rows: Rows, *, sort: str = "occurred_at", is_down: bool = True, is_back: bool = False
) -> Rows:
    """Return the rows in order, the row's number deciding between equals. Raises Invalid."""
    if sort not in SORTS:
        raise Invalid(_("The trail cannot be sorted by this."), field="sort")
    goes_down = is_down != is_back
    key, number = F("sort_key"), F("id")
    # Without a word on empty values where there are none, so that an index serves.
    side = "nulls_first" if is_back else "nulls_last"
    empty: dict[str, Any] = {} if sort in NEVER_EMPTY else {side: True}
    first = key.desc(**empty) if goes_down else key.asc(**empty)
    return rows.alias(sort_key=SORTS[sort]).order_by(
        first, number.desc() if goes_down else number.asc()
    )


Edge = tuple[Any, int]


def _edge(cursor: str, sort: str) -> tuple[bool, Edge | None]:
    if not cursor:
        return False, None
    match = _CURSOR.fullmatch(cursor)
    found = None
    if match and sort in SORTS:
        rows = AuditEvent.objects.annotate(sort_key=SORTS[sort])
        found = rows.filter(public_id=UUID(match[2])).values_list("sort_key", "id").first()
    if match is None or found is None:
        raise Invalid(_("This page address is damaged. Start again from the first page."))
    return match[1] == "p", found


def _beyond(value: Any, number: int, *, sort: str, is_down: bool, is_back: bool) -> Q:
    """What comes after the edge; before it when the page goes back. Empty values stand last."""
    side = "lt" if is_down != is_back else "gt"
    if value is None:
        among = Q(sort_key__isnull=True, **{f"id__{side}": number})
        return among | Q(sort_key__isnull=False) if is_back else among
    after = Q(**{f"sort_key__{side}": value}) | Q(sort_key=value, **{f"id__{side}": number})
    if sort in NEVER_EMPTY:
        # The same once more in a form that an index can start from.
        return Q(**{f"sort_key__{side}e": value}) & after
    return after if is_back else after | Q(sort_key__isnull=True)


def one(public_id: UUID, *, reach: Reach) -> AuditEvent | None:
    """Return one row in reach."""
    return visible_to(reach).filter(public_id=public_id).first()


def same_request(row: AuditEvent, *, reach: Reach) -> int:
    """Return how many rows in reach one request left."""
    return visible_to(reach).filter(request_id=row.request_id).count() if row.request_id else 1
