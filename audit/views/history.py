"""Door of the configuration's history: who changed what, before, after, why."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import RangeField
from django.db.models import DateTimeField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from audit import services
from audit.forms import HistoryForm
from audit.permissions import Perm, Reach
from audit.selectors import history, names
from audit.views import filters, shown
from audit.views.events import NOTHING
from core.doors import requires
from core.html import Look, render
from core.paging import size_of
from core.templatetags.formats import when_text

# So many fields stand in the list; the rest open on demand.
FIRST_FIELDS = 4
# Said beside the row, or by the list itself.
HIDDEN = frozenset({"id", "public_id", "version", "created_at", "mark"})
_CHANGES: dict[str, tuple[str, str, Promise]] = {
    history.INSERT: ("ok", "plus", pgettext_lazy("of a row", "Created")),
    history.UPDATE: ("info", "pencil", pgettext_lazy("of a row", "Changed")),
    history.DELETE: ("warn", "trash", pgettext_lazy("of a row", "Deleted")),
}
_SYSTEM = gettext_lazy("The system")
_Meant = dict[tuple[str, str, Any], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One version as the page shows it."""

    version: history.Version
    who: str
    person: UUID | None
    change: Look
    kind: str
    thing: str
    first: list[shown.Compared]
    rest: list[shown.Compared]


@requires(Perm.VIEW_HISTORY, module=None)
def changes(request: HttpRequest) -> HttpResponse:
    """The changes that are wanted, the newest first."""
    form = HistoryForm(request.GET)
    reach = shown.reach(request, Perm.VIEW_HISTORY)
    context: dict[str, Any] = {"filter": form, "rows": [], "pages": NOTHING}
    if form.is_valid():
        context |= _found(request, form, reach)
    context["chips"] = filters.chips(request.GET, form)
    context["parts"] = shown.parts(request, "audit:history")
    context["may_search"] = shown.holds(request, Perm.VIEW_TRAIL)
    context["search_url"] = reverse("audit:events")
    return render(request, "audit/history.html", context)


def _found(request: HttpRequest, form: HistoryForm, reach: Reach) -> dict[str, Any]:
    page = history.page(
        form.cleaned_data,
        reach=reach,
        cursor=request.GET.get("cursor", ""),
        size=size_of(request.GET.get("size")),
    )
    services.look(kind="search", count=len(page.items))
    return {"rows": rows(page.items), "pages": page}


def rows(versions: list[history.Version]) -> list[Shown]:
    """Return the versions with names for the numbers in them."""
    meant = history.meant(versions)
    people = names.people(_number(version.context.get("user")) for version in versions)
    return [_shown(version, meant, people) for version in versions]


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _shown(version: history.Version, meant: _Meant, people: dict[int, names.Person]) -> Shown:
    person = people.get(_number(version.context.get("user")) or 0)
    written = str(version.context.get("name") or (person.name if person else "") or _SYSTEM)
    fields = shown.compared(
        _named(version, version.before, meant), _named(version, version.after, meant)
    )
    empty = shown.value_text(None)
    fields = [
        one
        for one in fields
        if one.field not in HIDDEN
        and (version.label == history.UPDATE or (one.after or one.before) != empty)
    ]
    tone, icon, word = _CHANGES[version.label]
    return Shown(
        version=version,
        who=written,
        person=person.public_id if person else None,
        change=Look(tone, icon, str(word)),
        kind=names.kind_word(version.kind),
        thing=_thing(version, meant),
        first=fields[:FIRST_FIELDS],
        rest=fields[FIRST_FIELDS:],
    )


def _named(version: history.Version, values: Any, meant: _Meant) -> dict[str, Any] | None:
    """Numbers that point at something become its name, codes of a choice their word."""
    if values is None:
        return None
    return {
        name: meant.get((version.kind, name, _plain(value)), _choice(version.kind, name, value))
        for name, value in values.items()
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int) else None


def _choice(kind: str, name: str, value: Any) -> Any:
    column = history.column_of(kind, name)
    if column is None or not isinstance(value, str):
        return value
    if isinstance(column, RangeField):
        return _range(value)
    if isinstance(column, DateTimeField):
        return _moment(value)
    choices = dict(column.flatchoices)
    return str(choices[value]) if value in choices else value


_BOUNDS = re.compile(r"[\[(]([^,]*),([^,]*)[\])]")


def _range(text: str) -> str:
    """A period in words; an end that is open is left open."""
    match = _BOUNDS.fullmatch(text)
    if match is None:
        return text
    since, until = (_moment(bound.strip('"')) for bound in match.groups())
    return f"{since or '…'} – {until or '…'}"


def _moment(text: str) -> str:
    try:
        return when_text(datetime.fromisoformat(text)) if text else ""
    except ValueError:
        return text


def _thing(version: history.Version, meant: _Meant) -> str:
    """What the row was called then; a row without a name is told by what it points at."""
    row = version.row
    if row.get("family_name"):
        return f"{row['family_name'].upper()}, {row.get('given_name', '')}".rstrip(", ")
    for name in ("name", "username", "module", "day_on", "purpose"):
        if row.get(name):
            return str(_choice(version.kind, name, row[name])) + _at(version, meant)
    return _pointed(version, meant) or f"{version.row_id}"


def _at(version: history.Version, meant: _Meant) -> str:
    """A level of a module is one of a unit."""
    place = meant.get((version.kind, "unit_id", _plain(version.row.get("unit_id"))))
    return f", {place}" if place and "module" in version.row else ""


def _pointed(version: history.Version, meant: _Meant) -> str:
    found = [
        meant[version.kind, name, value]
        for name, value in version.row.items()
        if isinstance(value, str | int) and (version.kind, name, value) in meant
    ]
    return ", ".join(dict.fromkeys(found))
