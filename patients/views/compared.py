"""Two records side by side in words: every field, and what one record of both would say."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf.locale import LANG_INFO
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from audit.selectors.words import KINDS
from core.html import Look
from core.templatetags.formats import date_text
from patients.selectors import Comparison
from patients.states import (
    AccessNeed,
    ContactKind,
    IdentifierSystem,
    IdentityState,
    MergeState,
    NameUse,
    PairState,
    PhoneUse,
    Sex,
)
from patients.views.shown import birth_words, words_of

if TYPE_CHECKING:
    from patients.models import Patient

Shown = list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both records; `result` is what the record that stays will say."""

    label: str
    ours: Shown
    theirs: Shown
    result: Shown
    differs: bool


def _language(code: str) -> str:
    return str(LANG_INFO.get(code, {}).get("name_local", code)).capitalize() if code else ""


def _name(row: "Patient") -> str:
    return ", ".join(part for part in (row.family.upper(), row.given, row.title) if part)


def _identity(row: "Patient") -> str:
    return str(IdentityState(row.state).label)


_OWN: tuple[tuple[str, Promise, Callable[[Any], str]], ...] = (
    ("birth_on", gettext_lazy("Born"), lambda row: birth_words(row.birth_on, row.birth_precision)),
    ("sex", gettext_lazy("Sex"), lambda row: str(Sex(row.sex).label)),
    ("died_on", gettext_lazy("Died"), lambda row: date_text(row.died_on) if row.died_on else ""),
    ("language", gettext_lazy("Language"), lambda row: _language(row.language)),
    ("interpreter", gettext_lazy("Interpreter"), lambda row: _language(row.interpreter)),
    ("needs", gettext_lazy("Needs"), lambda row: ", ".join(words_of(AccessNeed, row.needs))),
    ("description", gettext_lazy("Description"), lambda row: row.description),
)
_LISTS: tuple[tuple[str, Promise, Any], ...] = (
    ("names", gettext_lazy("Names"), NameUse),
    ("numbers", gettext_lazy("Numbers"), IdentifierSystem),
    ("phones", gettext_lazy("Phones"), PhoneUse),
    ("addresses", gettext_lazy("Addresses"), None),
    ("people", gettext_lazy("People who matter"), ContactKind),
)


def rows_of(found: Comparison) -> list[Row]:
    """Return every field of both records, with what stays."""
    ours, theirs = found.winner.patient, found.loser.patient
    rows = [
        Row(str(label), [mine], [other], [mine], mine != other)
        for label, mine, other in (
            (_("Name"), _name(ours), _name(theirs)),
            (_("Identity"), _identity(ours), _identity(theirs)),
            (_("Record number"), ours.mrn, theirs.mrn),
        )
    ]
    rows += [_own(found, *each) for each in _OWN]
    rows += [_list(found, *each) for each in _LISTS]
    if found.notes is not None:
        rows.append(_notes(found.notes))
    return rows


def _own(found: Comparison, name: str, label: Promise, text: Callable[[Any], str]) -> Row:
    ours, theirs = found.winner.patient, found.loser.patient
    mine, other = text(ours), text(theirs)
    result = mine
    if name == "needs" and name in found.fills:
        result = ", ".join(words_of(AccessNeed, found.fills[name]))
    elif name in found.fills:
        result = other
    return Row(str(label), _some(mine), _some(other), _some(result), mine != other)


def _some(text: str) -> Shown:
    return [text] if text else []


def _list(found: Comparison, name: str, label: Promise, choices: Any) -> Row:
    ours, theirs = (_lines(getattr(side, name), choices) for side in (found.winner, found.loser))
    later = _lines(_beside(name, found), choices)
    both = [*ours, *(line for line in later if line not in ours)]
    return Row(str(label), ours, theirs, both, ours != theirs)


def _beside(name: str, found: Comparison) -> list[tuple[str, str, bool]]:
    """The loser's lines as they will stand beside the winner's: one name, one home at a time."""
    ours, theirs = getattr(found.winner, name), getattr(found.loser, name)
    if name == "names":
        counting = (NameUse.OFFICIAL, NameUse.TEMP)
        return [
            (NameUse.OLD if kind in counting and is_now else kind, text, is_now)
            for kind, text, is_now in theirs
        ]
    if name == "addresses" and any(is_now for _kind, _text, is_now in ours):
        known = {text for _kind, text, _is_now in ours}
        return [(kind, text, False) for kind, text, _is_now in theirs if text not in known]
    return list(theirs)


def _lines(rows: Iterable[tuple[str, str, bool]], choices: Any) -> Shown:
    found = []
    for kind, text, is_current in rows:
        word = f"{choices(kind).label}: " if choices and kind in choices.values else ""
        ended = "" if is_current else f" ({pgettext('a name, number or address', 'ended')})"
        found.append(f"{word}{text}{ended}")
    return found


def _notes(notes: tuple[bool, bool]) -> Row:
    words = {True: _("Recorded"), False: _("None")}
    ours, theirs = ([words[each]] for each in notes)
    return Row(_("Notes of special care"), ours, theirs, [words[any(notes)]], ours != theirs)


# What is derived from other rows is no news to anybody.
DERIVED = frozenset({"patients.patientword"})


def tables_of(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Return how many rows of which kind, in words, the most first."""
    found = [
        (str(KINDS.get(table, table)), count)
        for table, count in counts.items()
        if table not in DERIVED
    ]
    return sorted(found, key=lambda each: (-each[1], each[0]))


_PAIRS: dict[str, tuple[str, str]] = {
    PairState.OPEN: ("warn", "help"),
    PairState.DISMISSED: ("mute", "users"),
    PairState.CONFIRMED: ("info", "hourglass"),
    PairState.MERGED: ("ok", "circle-check"),
}
_MERGES: dict[str, tuple[str, str]] = {
    MergeState.PROPOSED: ("warn", "hourglass"),
    MergeState.REVIEWED: ("info", "eye"),
    MergeState.EXECUTED: ("ok", "circle-check"),
    MergeState.REVERSED: ("mute", "history"),
    MergeState.REJECTED: ("mute", "x"),
}


def pair_look(state: str) -> Look:
    """Return the look of a suspicion."""
    return Look(*_PAIRS[state], str(PairState(state).label))


def merge_look(state: str) -> Look:
    """Return the look of a merge."""
    return Look(*_MERGES[state], str(MergeState(state).label))
