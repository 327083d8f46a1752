"""Filters that live in the address: what is set, in words, and the address without it."""

from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from audit.forms import PeriodForm
from audit.selectors import names

# What orders the rows, and filters nothing.
ORDERS = frozenset({"sort", "order"})


def changed(asked: QueryDict, **values: str | None) -> str:
    """Return the query of the address with some of it changed, from the first page on."""
    query = asked.copy()
    for name, value in {**values, "cursor": None}.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return query.urlencode()


def plain(asked: QueryDict) -> str:
    """Return the filters of the address without those that say nothing."""
    query = changed(asked, size=None)
    pairs: list[tuple[str, str]] = [
        (name, str(value)) for name, value in QueryDict(query).items() if value
    ]
    return urlencode(pairs)


def chips(asked: QueryDict, form: PeriodForm) -> list[dict[str, str]]:
    """Return each filter that is set, in words, with the address without it."""
    return [
        {
            "label": _("Person") if name == "actor" else str(form[name].label),
            "value": _value(form, name, value),
            "url": f"?{changed(asked, **{name: None})}",
        }
        for name, value in form.typed().items()
        if name not in ORDERS and name not in form.errors
    ]


def _value(form: PeriodForm, name: str, value: str) -> str:
    if name == "actor":
        found = names.person_id(UUID(str(form.cleaned_data["actor"])))
        people = names.people([found])
        return people[found].name if found in people else value
    choices: dict[Any, Any] = dict(getattr(form.fields[name], "choices", ()))
    return str(choices.get(value, value))
