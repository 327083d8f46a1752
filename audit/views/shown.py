"""How rows of the trail look: words for codes, names for numbers, two versions side by side."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.forms import COLUMNS, SOURCES
from audit.permissions import Perm, Reach
from audit.selectors import names, words
from audit.services import Action, Outcome
from audit.views import act_words
from core.html import Look

if TYPE_CHECKING:
    from audit.models import AuditEvent


_OUTCOMES = {
    Outcome.SUCCESS: ("ok", "circle-check"),
    Outcome.MINOR: ("warn", "lock"),
    Outcome.SERIOUS: ("crit", "alert-triangle"),
    Outcome.MAJOR: ("crit", "alert-octagon"),
}
_SOURCES = dict(SOURCES)
_NOBODY = gettext_lazy("Nobody signed in")


def reach(request: HttpRequest, permission: str) -> Reach:
    """Return in which units the asker holds the permission, and whether everywhere."""
    found: Reach = request.reach(request, permission)  # type: ignore[attr-defined]
    return found


def holds(request: HttpRequest, permission: str) -> bool:
    """Say whether the asker holds the permission anywhere."""
    found: bool = request.holds(request, permission)  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the room, as the row of links shows it."""

    label: str
    icon: str
    url: str
    current: bool


_PARTS: tuple[tuple[str, str, Promise, str], ...] = (
    ("audit:events", Perm.VIEW_TRAIL, gettext_lazy("Search"), "search"),
    ("audit:history", Perm.VIEW_HISTORY, gettext_lazy("Changes of settings"), "history"),
    ("audit:disclosures", Perm.VIEW_TRAIL, gettext_lazy("Disclosures"), "external-link"),
    ("audit:seals", Perm.VIEW_SEALS, gettext_lazy("Seals"), "shield-check"),
)


def parts(request: HttpRequest, here: str) -> list[Part]:
    """Return the pages of the room that open for the asker."""
    return [
        Part(str(word), icon, reverse(name), name == here)
        for name, permission, word, icon in _PARTS
        if holds(request, permission)
    ]


def outcome_look(outcome: str) -> Look:
    """Return the look of an outcome."""
    known = Outcome(outcome)
    return Look(*_OUTCOMES[known], str(known.label))


def act_word(act: str) -> str:
    """Return what an act is called; one without a word keeps its code."""
    return str(act_words.WORDS.get(act, act))


def action_word(action: str) -> str:
    """Return what a kind of act is called."""
    return str(Action(action).label)


def source_word(source: str) -> str:
    """Return what a source is called."""
    return str(_SOURCES.get(source, source))


@dataclass(frozen=True, slots=True)
class Shown:
    """One row as a page shows it."""

    event: "AuditEvent"
    who: str
    person: UUID | None
    act: str
    has_word: bool
    kind: str
    thing: str
    unit: str
    outcome: Look


def rows(events: Iterable["AuditEvent"]) -> list[Shown]:
    """Return the rows with the names of today beside the names that were written."""
    found = list(events)
    people = names.people(event.actor for event in found)
    units = names.units(event.unit for event in found if not event.unit_name)
    labels = names.labels((event.subject_type, event.subject) for event in found)
    return [_shown(event, people, units, labels) for event in found]


def _shown(
    event: "AuditEvent",
    people: Mapping[int, names.Person],
    units: Mapping[int, str],
    labels: Mapping[names.Named, str],
) -> Shown:
    person = people.get(event.actor or 0)
    written = event.actor_name or (person.name if person else "")
    return Shown(
        event=event,
        who=written or str(_NOBODY),
        person=person.public_id if person else None,
        act=act_word(event.act),
        has_word=event.act in act_words.WORDS,
        kind=names.kind_word(event.subject_type) if event.subject_type else "",
        thing=labels.get((event.subject_type, event.subject), ""),
        unit=event.unit_name or units.get(event.unit or 0, ""),
        outcome=outcome_look(event.outcome),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """One field, before and after."""

    field: str
    before: str
    after: str
    is_changed: bool

    @property
    def word(self) -> str:
        """Return what the column is called; one without a word keeps its name."""
        return str(words.COLUMNS.get(self.field, self.field))


def compared(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Compared]:
    """Return the fields of two versions side by side, in the order of their names."""
    old, new = before or {}, after or {}
    return [
        Compared(
            field=name,
            before=value_text(old[name]) if name in old else "",
            after=value_text(new[name]) if name in new else "",
            is_changed=old.get(name) != new.get(name),
        )
        for name in sorted({*old, *new})
    ]


def value_text(value: Any) -> str:
    """Return a value of a document as a person reads it."""
    if value is None or value == "":
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return str(value)


def asked(query: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return what was asked for, term by term."""
    said = dict(query or {})
    terms = said.pop("terms", None)
    pairs = list(terms.items()) if isinstance(terms, dict) else []
    return [(str(name), value_text(value)) for name, value in [*pairs, *said.items()]]


def column_word(name: str) -> str:
    """Return what a column is called."""
    return str(COLUMNS[name])
