"""Pages by key, never by offset: page 4,000 costs as much as page 1."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

MAX_SIZE = 200
DEFAULT_SIZE = 50
_MAX_CURSOR = 600


@dataclass(frozen=True, slots=True)
class Page[T]:
    """One page: its rows and opaque cursors to its neighbours ("" when there is none)."""

    items: list[T]
    next: str
    previous: str


def _encode(backwards: bool, values: list[object]) -> str:
    raw = orjson.dumps([backwards, [str(v) if v is not None else None for v in values]])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(cursor: str, width: int) -> tuple[bool, list[Any]]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        backwards, values = orjson.loads(raw)
        good = isinstance(backwards, bool) and isinstance(values, list) and len(values) == width
        good = good and all(isinstance(v, str) and "\x00" not in v for v in values)
    except (ValueError, TypeError, binascii.Error):
        good = False
    if not good or len(cursor) > _MAX_CURSOR:
        raise Invalid(_("This page address is damaged. Start again from the first page."))
    return backwards, values


def size_of(value: str | None) -> int:
    """Return the asked page size, 1 to 200. Raises Invalid for anything else."""
    if value in (None, ""):
        return DEFAULT_SIZE
    if not (str(value).isascii() and str(value).isdigit() and 1 <= int(str(value)[:9]) <= MAX_SIZE):
        raise Invalid(_("The page size must be a number from 1 to 200."), field="size")
    return int(str(value))


def page[T](
    rows: QuerySet[Any, T], *, order: tuple[str, ...], cursor: str = "", size: int = DEFAULT_SIZE
) -> Page[T]:
    """Cut one page out of `rows`, ordered by `order` (columns, "-" for descending; must be unique).

    Columns must be in the rows and not null. Raises Invalid for a damaged cursor.
    """
    backwards, values = _decode(cursor, len(order)) if cursor else (False, [])
    keys = [(name.lstrip("-"), name.startswith("-") != backwards) for name in order]
    if values:
        rows = rows.filter(_after(rows, keys, values))
    ordered = rows.order_by(*(F(k).desc() if down else F(k).asc() for k, down in keys))
    found = list(ordered[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    names = [key for key, _down in keys]
    has_next, has_previous = (bool(cursor), more) if backwards else (more, bool(cursor))
    return Page(
        items=found,
        next=_encode(False, _key(found[-1], names)) if has_next and found else "",
        previous=_encode(True, _key(found[0], names)) if has_previous and found else "",
    )


def _after(rows: QuerySet[Any, Any], keys: list[tuple[str, bool]], values: list[str]) -> Q:
    condition = Q()
    equal = Q()
    for (name, down), value in zip(keys, values, strict=True):
        try:
            clean = rows.model._meta.get_field(name).to_python(value)
        except Exception as error:
            raise Invalid(
                _("This page address is damaged. Start again from the first page.")
            ) from error
        condition |= equal & Q(**{f"{name}__{'lt' if down else 'gt'}": clean})
        equal &= Q(**{name: clean})
    return condition


def _key(row: object, names: list[str]) -> list[object]:
    if isinstance(row, dict):
        return [row[name] for name in names]
    return [getattr(row, name) for name in names]
