"""What a merge would touch: every key to a patient, the columns that are filled, both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pghistory.models
import pgtrigger
from django.db.models import (
    Count,
    Field,
    ForeignKey,
    ManyToOneRel,
    Max,
    Model,
    Q,
    QuerySet,
    Value,
)
from django.utils.translation import gettext_lazy as _

from core.hooks import Blocker, merge_blockers
from org.permissions import Grants
from org.services.vault import opened
from patients.models import Contact, MergeCase, Patient, PatientIdentifier
from patients.permissions import seen_ever, visible_to
from patients.selectors.search import NUMBER

# What a record is, not what is known of the person: neither filled nor compared.
OF_THE_RECORD = frozenset(
    {"id", "public_id", "version", "created_at", "occurred_at", "recorded_at", "recorded_by_id"}
    | {"source", "voided_at", "site_id", "mrn", "state", "merged_into_id"}
)
# The name that counts is one of the rows of names.
OF_THE_NAME = frozenset({"family", "given", "title"})
# What only makes sense together.
GROUPS = (("birth_on", "birth_precision"), ("died_on", "died_at"))
SEALED = "_sealed"


@dataclass(frozen=True, slots=True)
class Key:
    """A column by which rows of some room belong to a patient."""

    model: type[Model]
    field: ForeignKey[Any, Any]

    @property
    def table(self) -> str:
        """The name of the model, as the trail knows it."""
        return self.model._meta.label_lower

    @property
    def column(self) -> str:
        """The attribute that holds the patient's number."""
        return self.field.attname


def keys() -> list[Key]:
    """Return every key to Patient whose rows go along, of all rooms, in one order.

    Left out: row history and other tables that refuse a change, views, and tables that say of
    themselves (`stays_at_merge`) that they speak of the record and not of the person.
    """
    relations = Patient._meta.get_fields(include_hidden=True)
    found = [
        Key(relation.related_model, relation.field)
        for relation in relations
        if isinstance(relation, ManyToOneRel)
        and isinstance(relation.field, ForeignKey)
        and isinstance(relation.related_model, type)
        and not _stays(relation.related_model)
    ]
    return sorted(found, key=lambda key: (key.table, key.column))


def tables_that_go_along() -> list[tuple[str, str]]:
    """Return (table, column) of the database for every key whose rows go along."""
    return [(key.model._meta.db_table, str(key.field.column)) for key in keys()]


def _stays(model: type[Model]) -> bool:
    if model is Patient or issubclass(model, Patient | pghistory.models.Event):
        return True
    if not model._meta.managed or model._meta.proxy or getattr(model, "stays_at_merge", False):
        return True
    return any(_refuses_change(trigger) for trigger in getattr(model._meta, "triggers", ()))


def _refuses_change(trigger: pgtrigger.Trigger) -> bool:
    operation = str(getattr(trigger, "operation", ""))
    return isinstance(trigger, pgtrigger.Protect) and "UPDATE" in operation.upper()


def counts(loser: Patient) -> dict[str, int]:
    """Return how many rows of each table belong to the record, in one question."""
    parts = [
        key.model._base_manager.filter(**{key.column: loser.pk})
        .order_by()
        .annotate(at_table=Value(key.table))
        .values("at_table")
        .annotate(rows=Count("pk"))
        .values_list("at_table", "rows")
        for key in keys()
    ]
    found: dict[str, int] = {}
    for table, count in parts[0].union(*parts[1:], all=True):
        if count:
            found[table] = found.get(table, 0) + count
    return found


# The columns of the record itself -------------------------------------------------------------


def own_columns() -> list["Field[Any, Any]"]:
    """Return the columns of a patient that say something of the person."""
    return [
        field
        for field in Patient._meta.concrete_fields
        if field.attname not in OF_THE_RECORD | OF_THE_NAME
        and not field.unique
        and not field.attname.endswith(SEALED)
    ]


def _is_blank(field: "Field[Any, Any]", value: object) -> bool:
    if value is None or value is False or value in ("", [], {}):
        return True
    return bool(field.has_default() and field.get_default() == value)


def fills(winner: Patient, loser: Patient) -> dict[str, Any]:
    """Return what the winner takes over: what it lacks, and what both lists hold together."""
    found: dict[str, Any] = {}
    grouped = {name for group in GROUPS for name in group}
    for field in own_columns():
        name = field.attname
        ours, theirs = getattr(winner, name), getattr(loser, name)
        if name in grouped or _is_blank(field, theirs):
            continue
        if isinstance(ours, list) and isinstance(theirs, list):
            more = [each for each in theirs if each not in ours]
            if more:
                found[name] = [*ours, *more]
        elif _is_blank(field, ours):
            found[name] = theirs
    for group in GROUPS:
        if getattr(winner, group[0]) is None and getattr(loser, group[0]) is not None:
            found |= {name: getattr(loser, name) for name in group}
    return found


def text_of(row: Model, name: str) -> str | None:
    """Return a column as a snapshot keeps it."""
    if getattr(row, name) is None:
        return None
    return str(_field(type(row), name).value_to_string(row))


def value_of(model: type[Model], name: str, text: str | None) -> Any:
    """Return what a snapshot keeps of a column."""
    return None if text is None else _field(model, name).to_python(text)


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    return next(field for field in model._meta.concrete_fields if field.attname == name)


def columns_kept(row: Model) -> dict[str, str | None]:
    """Return all columns of a row as a snapshot keeps them, but for sealed ones."""
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: text_of(row, name) for name in names if not name.endswith(SEALED)}


# What stands in the way -----------------------------------------------------------------------


def against(winner: Patient, loser: Patient, *, at: datetime) -> list[Blocker]:
    """Return what all rooms have against merging the two records, and what they ask."""
    return list(merge_blockers()(winner.pk, loser.pk, at))


def own_blockers(winner_id: int, loser_id: int, at: datetime) -> list[Blocker]:
    """Return what this room has against merging the two records."""
    rows = Patient.objects.in_bulk([winner_id, loser_id])
    winner, loser = rows[winner_id], rows[loser_id]
    found = []
    both = Q(patient=winner, other=loser) | Q(patient=loser, other=winner)
    if Contact.objects.filter(both, period__contains=at.date()).exists():
        text = _("One of them is recorded as a person who matters to the other. End that first.")
        found.append(Blocker("contact_of_each_other", text))
    born, died = (winner.birth_on or loser.birth_on), (winner.died_on or loser.died_on)
    if born and died and died < born:
        text = _("Together the death would be before the birth. Correct one of the records first.")
        found.append(Blocker("death_before_birth", text))
    if (winner.died_on is None) != (loser.died_on is None):
        text = _("One record says that the person has died, the other does not.")
        found.append(Blocker("one_has_died", text, is_question=True))
    if _other_numbers(winner_id, loser_id):
        text = _("The records have different national numbers.")
        found.append(Blocker("national_numbers", text, is_question=True))
    return found


def _other_numbers(winner_id: int, loser_id: int) -> bool:
    rows = PatientIdentifier.objects.filter(
        patient__in=(winner_id, loser_id), system="national", period__upper_inf=True
    )
    found: dict[int, set[str]] = {winner_id: set(), loser_id: set()}
    for pk, sealed in rows.values_list("patient_id", "value_sealed"):
        found[pk].add(opened(sealed, purpose=NUMBER))
    ours, theirs = found.values()
    return bool(ours and theirs and not ours & theirs)


# Cases ------------------------------------------------------------------------------------------


def case_list(*, grants: Grants, at: datetime, states: Sequence[str] = ()) -> QuerySet[MergeCase]:
    """Return the merges of records that the asker may see."""
    seen = seen_ever(grants, at=at).values("pk")
    rows = MergeCase.objects.filter(winner__in=seen, loser__in=seen)
    rows = rows.select_related("winner", "loser")
    return rows.filter(state__in=states) if states else rows


def case_get(*, grants: Grants, public_id: UUID, at: datetime) -> MergeCase | None:
    """Return the merge, None where the asker may not see the records."""
    rows = case_list(grants=grants, at=at).filter(public_id=public_id)
    people = ("proposed_by", "reviewed_by", "executed_by", "reversed_by", "rejected_by")
    return rows.select_related("winner__site", "loser__site", "proposed_by", *people).first()


def cases_of(patient: Patient) -> list[MergeCase]:
    """Return the merges that are proposed or done of this record, the newest first."""
    rows = MergeCase.objects.filter(Q(winner=patient) | Q(loser=patient))
    rows = rows.exclude(state__in=["rejected", "reversed"]).select_related("winner", "loser")
    return list(rows.order_by("-pk"))


def place_taken_by(
    *, grants: Grants, public_id: UUID, at: datetime
) -> tuple[Patient, Patient] | None:
    """Return a record that was merged away and the one that stands for it, if the asker may see it.

    None for everything else.
    """
    row = Patient.objects.filter(public_id=public_id, merged_into__isnull=False).first()
    heir = row
    while heir is not None and heir.merged_into_id is not None:
        heir = Patient.objects.filter(pk=heir.merged_into_id).first()
    if row is None or heir is None:
        return None
    return (row, heir) if visible_to(grants, at=at).filter(pk=heir.pk).exists() else None


def former_numbers(patient: Patient) -> list[tuple[str, UUID]]:
    """Return the record numbers, and records, whose place this one took, also in steps."""
    found: list[tuple[str, UUID]] = []
    level = [patient.pk]
    while level:
        rows = Patient.objects.filter(merged_into__in=level).order_by("pk")
        level = [row.pk for row in rows]
        found += [(row.mrn, row.public_id) for row in rows]
    return found


def highest() -> dict[str, int]:
    """Return the highest number given so far in every table whose rows go along."""
    found = {}
    for key in keys():
        newest = key.model._base_manager.aggregate(most=Max("pk"))["most"]
        if newest is None or isinstance(newest, int):
            found[key.table] = newest or 0
    return found


def written_since(case: MergeCase) -> dict[str, int]:
    """Return how many rows of each table the winner got after the merge: they stay with it."""
    before: dict[str, int] = case.snapshot.get("highest", {})
    found: dict[str, int] = {}
    for key in keys():
        if key.table in before:
            rows = key.model._base_manager.filter(**{key.column: case.winner_id})
            count = rows.filter(pk__gt=before[key.table]).count()
            if count:
                found[key.table] = found.get(key.table, 0) + count
    return found
