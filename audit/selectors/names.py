"""What the trail's types and ids are called today, asked of the tables themselves.

Rooms above are never imported: a type on the trail is the label of a table, and Django's registry
finds it (docs/adr/0021). Only columns that name a thing are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pghistory.models
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast

from audit.selectors import words

# In this order the first that a table has and a row fills is what the row is called.
NAMING = ("name", "username", "purpose", "reason")
# The type that the column `unit` of every row numbers.
UNIT = "org.unit"
PEOPLE = ("username", "family_name", "given_name", "staff_number")
MOST_FOUND = 200
# A page asks for the names of so many kinds of things; others show their id.
MOST_KINDS = 4
Named = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acted, as they are called now."""

    public_id: UUID
    name: str


@cache
def kinds() -> dict[str, type[models.Model]]:
    """Return every table of the house that a row of the trail can name: label -> model."""
    ours = {
        config.label
        for config in apps.get_app_configs()
        if Path(config.path).parent == settings.BASE_DIR
    }
    return {
        model._meta.label_lower: model
        for model in apps.get_models()
        if model._meta.app_label in ours
        and not issubclass(model, pghistory.models.Event)
        and not model._meta.proxy
    }


def kind_word(label: str) -> str:
    """Return what a type is called: "Unit" of org.unit; one without a word keeps its label."""
    return str(words.KINDS.get(label, label))


def people(ids: Iterable[int | None]) -> dict[int, Person]:
    """Return the people behind the numbers."""
    wanted = {number for number in ids if number is not None}
    if not wanted:
        return {}
    rows: Any = get_user_model().objects.filter(pk__in=wanted)
    return {row.pk: Person(row.public_id, row.full_name) for row in rows.only(*_person_columns())}


def person_id(public_id: UUID) -> int | None:
    """Return the number of a person."""
    rows: Any = get_user_model().objects.filter(public_id=public_id)
    found: int | None = rows.values_list("pk", flat=True).first()
    return found


def people_named(text: str) -> list[int]:
    """Return the numbers of the people whose names hold every word of `text`."""
    return list(_people_named(text).values_list("pk", flat=True)[:MOST_FOUND])


def _people_named(text: str) -> QuerySet[Any]:
    rows: Any = get_user_model().objects.all()
    for word in text.replace(",", " ").split():
        rows = rows.filter(_any_of(PEOPLE, word))
    return rows  # type: ignore[no-any-return]


def _person_columns() -> tuple[str, ...]:
    return ("pk", "public_id", "family_name", "given_name")


def _any_of(columns: Iterable[str], text: str) -> Q:
    condition = Q()
    for name in columns:
        condition |= Q(**{f"{name}__icontains": text})
    return condition


def units_named(text: str) -> list[int]:
    """Return the numbers of the units whose names hold `text`."""
    rows = kinds()[UNIT]._default_manager.filter(name__icontains=text)
    return list(rows.values_list("pk", flat=True)[:MOST_FOUND])


def units(ids: Iterable[int | None]) -> dict[int, str]:
    """Return what the units behind the numbers are called."""
    wanted = {number for number in ids if number is not None}
    if not wanted:
        return {}
    return dict(kinds()[UNIT]._default_manager.filter(pk__in=wanted).values_list("pk", "name"))


def things_named(text: str, *, kind: str = "") -> list[Named]:
    """Return (type, id) of the things whose names hold `text`, of one kind or of all."""
    found = [
        _keys(model, text)
        for label, model in kinds().items()
        if (not kind or label == kind) and _naming(model)
    ]
    if not found:
        return []
    first, *others = found
    return list(first.union(*others, all=True)[:MOST_FOUND])


def _keys(model: type[models.Model], text: str) -> QuerySet[Any, Named]:
    if model is get_user_model():
        rows = _people_named(text)
    else:
        rows = model._default_manager.filter(_any_of(_naming(model), text))
    return rows.order_by().values_list(
        Value(model._meta.label_lower, output_field=CharField()),
        Cast(_key(model), CharField()),
    )


def labels(things: Iterable[Named]) -> dict[Named, str]:
    """Return what the things are called; one that is gone, or has no name, is left out."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, key in things:
        if key and kind in kinds() and _naming(kinds()[kind]):
            by_kind[kind].add(key)
    most = sorted(by_kind, key=lambda kind: -len(by_kind[kind]))[:MOST_KINDS]
    return {name: label for kind in most for name, label in _labels(kind, by_kind[kind])}


def _labels(kind: str, keys: set[str]) -> Iterator[tuple[Named, str]]:
    model = kinds()[kind]
    key = _key(model)
    column: Any = model._meta.get_field(key)
    clean = []
    for text in keys:
        try:
            clean.append(column.to_python(text))
        except Exception:  # noqa: S112  # an id of another time or shape has no name here
            continue
    rows = model._default_manager.filter(**{f"{key}__in": clean})
    for row in rows.only("pk", key, *_columns(model)):
        yield (kind, str(getattr(row, key))), called(row)


def called(row: Any) -> str:
    """Return what a row is called."""
    if isinstance(row, get_user_model()):
        return str(row.full_name)
    model: type[models.Model] = type(row)
    return next((str(value) for name in _naming(model) if (value := getattr(row, name))), "")


@cache
def _naming(model: type[models.Model]) -> tuple[str, ...]:
    has = {field.name for field in model._meta.concrete_fields}
    return tuple(name for name in NAMING if name in has)


def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return _person_columns() if model is get_user_model() else _naming(model)


def _key(model: type[models.Model]) -> str:
    has = {field.name for field in model._meta.concrete_fields}
    return "public_id" if "public_id" in has else model._meta.pk.name


# Columns by which a row of the past is found, whatever it is called now.
NAMED_BY = frozenset({*NAMING, *PEOPLE, "code", "email"})


def numbers_of(text: str) -> dict[str, tuple[int, ...]]:
    """Return the numbers of the things that an id or a name means, by kind: one question."""
    key = _uuid(text)
    questions = [
        rows.order_by().values_list(Value(label, output_field=CharField()), "pk")
        for label, model in kinds().items()
        if isinstance(model._meta.pk, models.IntegerField)
        and (rows := _meant(model, text, key)) is not None
    ]
    first, *others = questions
    found: dict[str, list[int]] = defaultdict(list)
    for label, number in first.union(*others, all=True)[:MOST_FOUND]:
        found[label].append(number)
    return {label: tuple(numbers) for label, numbers in found.items()}


def _meant(model: type[models.Model], text: str, key: UUID | None) -> QuerySet[Any] | None:
    rows = model._default_manager.all()
    if key is not None:
        return rows.filter(public_id=key) if _key(model) == "public_id" else None
    if model is get_user_model():
        return _people_named(text)
    return rows.filter(_any_of(_naming(model), text)) if _naming(model) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def called_by_number(model: type[models.Model], numbers: Iterable[Any]) -> dict[Any, str]:
    """Return what rows are called, by their number; those that are gone are left out."""
    columns = _columns(model)
    if not columns:
        return {}
    rows = model._default_manager.filter(pk__in=set(numbers)).only(*dict.fromkeys(("pk", *columns)))
    return {row.pk: called(row) for row in rows}


def named_kinds() -> list[str]:
    """Return the kinds whose things have names: those that a person can be asked for."""
    return [label for label, model in kinds().items() if _naming(model)]


def keys_of(text: str, *, kind: str) -> list[Named]:
    """Return (type, id) of the things of one kind that an id or a name means."""
    model = kinds().get(kind)
    if model is None:
        return []
    key = _uuid(text)
    if key is None:
        return things_named(text, kind=kind)
    rows = _meant(model, text, key)
    found = rows.values_list("public_id", flat=True) if rows is not None else []
    return [(kind, str(each)) for each in found]
