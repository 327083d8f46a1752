"""Who changed which row of the configuration: one question to every table of row history.

Nothing is listed by hand: whatever keeps a history (core.models.kept_history) is in it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import pghistory.models
from django.apps import apps
from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent, Outcome
from audit.permissions import Reach
from audit.selectors import names, policy
from core.errors import Invalid
from core.paging import DEFAULT_SIZE, Page

Values = dict[str, Any]
INSERT, UPDATE, DELETE = "insert", "update", "delete"
# A request that did more than this says its reasons in its rows.
MOST_REASONS = 5_000
# How pghistory's own columns begin, and the one that only the sealing reads.
_OWN, _MARK = "pgh_", "sealed_xid"


@dataclass(frozen=True, slots=True)
class Kept:
    """A table whose rows are kept in every version."""

    label: str
    model: type[models.Model]
    table: str
    columns: frozenset[str]

    def row(self, alias: str) -> str:
        """Return SQL for a version without what pghistory adds and without what is secret."""
        own = sorted(name for name in self.columns if name.startswith(_OWN))
        hidden = [*own, _MARK, *sorted(policy.secret_columns().get(self.label, ()))]
        left_out = ", ".join(f"'{name}'" for name in hidden)
        return f"to_jsonb({alias}) - ARRAY[{left_out}]::text[]"

    def pointing_at(self, model: type[models.Model]) -> list[str]:
        """Return the columns that point at rows of `model`."""
        return [
            column.attname
            for column in self.model._meta.concrete_fields
            if isinstance(column, models.ForeignKey)
            and column.related_model._meta.concrete_model is model._meta.concrete_model
            and column.attname in self.columns
        ]


@cache
def kept() -> dict[str, Kept]:
    """Return every table of the configuration with row history: label -> what is known of it.

    Not those of patients' records: their history is no configuration.
    """
    return {label: one for label, one in every().items() if not policy.is_record(label)}


@cache
def every() -> dict[str, Kept]:
    """Return every table with row history, those of patients' records too."""
    found = {}
    for event in apps.get_models():
        tracked = getattr(event, "pgh_tracked_model", None)
        if issubclass(event, pghistory.models.Event) and tracked is not None:
            label = tracked._meta.label_lower
            columns = frozenset(column.attname for column in event._meta.concrete_fields)
            found[label] = Kept(label, tracked, event._meta.db_table, columns)
    return dict(sorted(found.items()))


def column_of(label: str, name: str) -> "models.Field[Any, Any] | None":
    """Return the column of a table with row history, by its name in the table."""
    columns = every()[label].model._meta.concrete_fields
    return next((one for one in columns if one.attname == name), None)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one row: what it became, what it was, who made it so and how."""

    kind: str
    number: int
    at: datetime
    label: str
    row_id: str
    context: Mapping[str, Any]
    row: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""

    @property
    def cursor(self) -> str:
        """Return where the version stands among all."""
        micros = (self.at - _EPOCH) // timedelta(microseconds=1)
        return f"{micros}.{self.kind}.{self.number}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Where:
    """Conditions of one table, with their values."""

    words: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, words: str, *values: Any) -> None:
        self.words.append(words)
        self.values += values

    @property
    def sql(self) -> str:
        return " AND ".join(self.words) or "TRUE"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is wanted, with names already turned into numbers."""

    wanted: Mapping[str, Any]
    reach: Reach
    people: tuple[int, ...] = ()
    things: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    # Of one record only: the label of its table and the key of its row.
    of: tuple[str, int] | None = None


def page(
    wanted: Mapping[str, Any], *, reach: Reach, cursor: str = "", size: int = DEFAULT_SIZE
) -> Page[Version]:
    """Return a page of versions, the newest first. Raises Invalid for a damaged cursor."""
    asked = _Asked(wanted, reach, _people(wanted), _things(wanted))
    chosen = [one for label, one in kept().items() if wanted.get("kind") in {None, "", label}]
    return _page(chosen, asked, cursor=cursor, size=size)


def record_page(
    number: int,
    wanted: Mapping[str, Any],
    *,
    label: str,
    reach: Reach,
    cursor: str = "",
    size: int = DEFAULT_SIZE,
) -> Page[Version]:
    """Return what became of one row of a record table, of the rows that point at it and theirs.

    `label` names the table, `number` is the key of its row; the newest version first. Who reads
    the trail of some units only sees what was done there, and what the system did. Raises Invalid
    for a damaged cursor.
    """
    asked = _Asked(wanted, reach, _people(wanted), of=(label, number))
    about = apps.get_model(label)
    chosen = [
        one
        for name, one in every().items()
        if policy.is_record(name) and (name == label or _ways(one, about))
    ]
    return _page(chosen, asked, cursor=cursor, size=size)


def _page(chosen: Sequence[Kept], asked: _Asked, *, cursor: str, size: int) -> Page[Version]:
    is_back, edge = _edge(cursor)
    rows = _read(chosen, asked, edge=edge, is_back=is_back, most=size + 1)
    more, rows = len(rows) > size, rows[:size]
    if is_back:
        rows.reverse()
    has_next, has_previous = (True, more) if is_back else (more, bool(cursor))
    return Page(
        items=_with_reasons(_with_before(rows)),
        next=f"n{rows[-1].cursor}" if has_next and rows else "",
        previous=f"p{rows[0].cursor}" if has_previous and rows else "",
    )


Edge = tuple[datetime, str, int]
_CURSOR = re.compile(r"([np])(\d{1,17})\.([a-z_]+\.[a-z0-9_]+)\.(\d{1,18})")


def _edge(cursor: str) -> tuple[bool, Edge | None]:
    if not cursor:
        return False, None
    match = _CURSOR.fullmatch(cursor)
    if match is None or match[3] not in every():
        raise Invalid(_("This page address is damaged. Start again from the first page."))
    return match[1] == "p", (
        _EPOCH + timedelta(microseconds=int(match[2])),
        match[3],
        int(match[4]),
    )


def _people(wanted: Mapping[str, Any]) -> tuple[int, ...]:
    if wanted.get("actor"):
        found = names.person_id(wanted["actor"])
        return (found,) if found is not None else (-1,)
    return tuple(names.people_named(wanted["person"])) if wanted.get("person") else ()


def _things(wanted: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    text = wanted.get("thing") or ""
    return names.numbers_of(text) if text else {}


_PLAIN = {
    "since": "e.pgh_created_at >= %s",
    "until": "e.pgh_created_at < %s",
    "change": "e.pgh_label = %s",
    "request": "e.pgh_context->>'request' = %s",
}


def _where(one: Kept, asked: _Asked) -> _Where:
    wanted, where = asked.wanted, _Where()
    units, is_everywhere = asked.reach
    if not is_everywhere:
        # Of one record everybody who asks for it sees what the system did, which stands nowhere.
        or_nowhere = " OR e.pgh_context->>'unit' IS NULL" if asked.of is not None else ""
        where.add(f"((e.pgh_context->>'unit')::bigint = ANY(%s){or_nowhere})", sorted(units))
    for name, words in _PLAIN.items():
        if wanted.get(name):
            where.add(words, wanted[name])
    if wanted.get("actor"):
        where.add("(e.pgh_context->>'user')::bigint = ANY(%s)", list(asked.people))
    if wanted.get("person"):
        where.add(
            "(e.pgh_context->>'name' ILIKE %s OR (e.pgh_context->>'user')::bigint = ANY(%s))",
            _like(wanted["person"]),
            list(asked.people),
        )
    if wanted.get("thing"):
        _about(where, one, asked, str(wanted["thing"]))
    if asked.of is not None:
        _of(where, one, *asked.of)
    return where


def _ways(one: Kept, about: type[models.Model]) -> list[str]:
    """Return conditions, each with one value: the row points at `about`, or at a row that does."""
    direct = [f"e.{column} = %s" for column in one.pointing_at(about)]
    return direct or [
        f'e.{column} IN (SELECT p.pgh_obj_id FROM "{parent.table}" p WHERE p.{further} = %s)'  # noqa: S608  # nosec B608
        for name, parent in every().items()
        if policy.is_record(name)
        for column in one.pointing_at(parent.model)
        for further in parent.pointing_at(about)
    ]


def _of(where: _Where, one: Kept, label: str, number: int) -> None:
    words = _ways(one, apps.get_model(label))
    if one.label == label:
        words = [*words, "e.pgh_obj_id = %s"]
    where.add(f"({' OR '.join(words)})", *[number] * len(words))


def _like(text: str) -> str:
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return f"%{text}%"


def _about(where: _Where, one: Kept, asked: _Asked, text: str) -> None:
    """The row itself by number, id or name, then or now; or a row that points at such a one."""
    words, values = ["e.pgh_obj_id::text = %s"], [text]
    for column in sorted({"public_id", *names.NAMED_BY} & one.columns):
        is_id = column == "public_id"
        words.append(f"e.{column}::text {'=' if is_id else 'ILIKE'} %s")
        values.append(text if is_id else _like(text))
    for label, numbers in asked.things.items():
        columns = one.pointing_at(names.kinds()[label])
        if label == one.label:
            columns.append("pgh_obj_id")
        for column in columns:
            words.append(f"e.{column} = ANY(%s)")
            values.append(list(numbers))  # type: ignore[arg-type]
    where.add(f"({' OR '.join(words)})", *values)


def _read(
    chosen: Sequence[Kept], asked: _Asked, *, edge: Edge | None, is_back: bool, most: int
) -> list[Version]:
    if not chosen:
        return []
    sign, way = (">", "ASC") if is_back else ("<", "DESC")
    parts, values = [], []
    for one in chosen:
        where = _where(one, asked)
        if edge is not None:
            where.add(
                f"(e.pgh_created_at, '{one.label}'::text, e.pgh_id) {sign} (%s, %s, %s)", *edge
            )
        # Names come from the models themselves; whatever was asked travels apart.
        parts.append(
            f"(SELECT '{one.label}'::text AS kind, e.pgh_id, e.pgh_created_at, e.pgh_label, "  # noqa: S608  # nosec B608
            f"e.pgh_obj_id::text, e.pgh_context, {one.row('e')} "
            f'FROM "{one.table}" e WHERE {where.sql} '
            f"ORDER BY e.pgh_created_at {way}, e.pgh_id {way} LIMIT %s)"
        )
        values += [*where.values, most]
    both = " UNION ALL ".join(parts)
    sql = f"SELECT * FROM ({both}) AS found ORDER BY 3 {way}, 1 {way}, 2 {way} LIMIT %s"  # noqa: S608  # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, most])
        return [
            Version(
                kind=row[0],
                number=row[1],
                at=row[2],
                label=row[3],
                row_id=row[4],
                context=_document(row[5]),
                row=_document(row[6]),
            )
            for row in cursor.fetchall()
        ]


def _document(value: str | None) -> Values:
    """Django leaves JSON of plain cursors as text."""
    return dict(orjson.loads(value) or {}) if value else {}


def _with_before(rows: Sequence[Version]) -> list[Version]:
    """Each version with the one before it; only what differs is left of both."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.label == UPDATE:
            by_kind[row.kind].append(row.number)
    earlier = _earlier(by_kind)
    return [_compared(row, earlier.get((row.kind, row.number))) for row in rows]


def _earlier(numbers: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], Values]:
    if not numbers:
        return {}
    parts, values = [], []
    for label in numbers:
        one = every()[label]
        parts.append(
            f"SELECT '{label}'::text, e.pgh_id, (SELECT {one.row('p')} FROM \"{one.table}\" p "  # noqa: S608  # nosec B608
            "WHERE p.pgh_obj_id = e.pgh_obj_id AND p.pgh_id < e.pgh_id "
            f'ORDER BY p.pgh_id DESC LIMIT 1) FROM "{one.table}" e WHERE e.pgh_id = ANY(%s)'
        )
        values.append(list(numbers[label]))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return {(kind, number): _document(row) for kind, number, row in cursor.fetchall()}


def _compared(row: Version, earlier: Values | None) -> Version:
    if row.label == INSERT:
        return replace(row, after=row.row)
    if row.label == DELETE:
        return replace(row, before=row.row)
    if earlier is None:
        return replace(row, after=row.row)
    changed = [name for name in row.row if earlier.get(name) != row.row[name]]
    before = {name: earlier.get(name) for name in changed}
    return replace(row, before=before, after={name: row.row[name] for name in changed})


def _with_reasons(rows: Sequence[Version]) -> list[Version]:
    """The act on the trail and the versions of its rows share the request: the reason is its."""
    requests = {str(row.context["request"]) for row in rows if row.context.get("request")}
    if not requests:
        return list(rows)
    said = (
        AuditEvent.objects.filter(request_id__in=requests, outcome=Outcome.SUCCESS)
        .exclude(reason="")
        .order_by()
        .values_list("request_id", "subject_type", "subject", "reason")
        .distinct()[:MOST_REASONS]
    )
    exact = {(request, kind, key): reason for request, kind, key, reason in said}
    of_request: dict[str, set[str]] = defaultdict(set)
    for request, _kind, _key, reason in said:
        of_request[request].add(reason)
    return [replace(row, reason=_reason(row, exact, of_request)) for row in rows]


def _reason(
    row: Version, exact: Mapping[tuple[str, str, str], str], of_request: Mapping[str, set[str]]
) -> str:
    """What was said of this very row; else what the request said, if it said one thing only."""
    request = str(row.context.get("request"))
    key = str(row.row.get("public_id") or row.row_id)
    only = of_request.get(request, set())
    return exact.get((request, row.kind, key)) or (next(iter(only)) if len(only) == 1 else "")


def meant(rows: Iterable[Version]) -> dict[tuple[str, str, Any], str]:
    """Return what the numbers in the versions point at: (kind, column, number) -> its name."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    places: list[tuple[str, str, Any, type[models.Model]]] = []
    for row in rows:
        for column in every()[row.kind].model._meta.concrete_fields:
            if not isinstance(column, models.ForeignKey):
                continue
            for values in (row.before, row.after, row.row):
                number = (values or {}).get(column.attname)
                if number is not None:
                    wanted[column.related_model].add(number)
                    places.append((row.kind, column.attname, number, column.related_model))
    called = {model: names.called_by_number(model, numbers) for model, numbers in wanted.items()}
    return {
        (kind, column, number): called[model][number]
        for kind, column, number, model in places
        if called[model].get(number)
    }
