"""One function moves anything that has a state, and leaves a row that says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, models, transaction

from core.context import asker
from core.errors import TransitionRefused
from core.models import StateChange


@dataclass(frozen=True, slots=True)
class Machine:
    """The legal steps of one column; `stamps` names the columns set on entering a state.

    `stamps[state]` is a prefix: entering it writes `<prefix>_at` and, where the model has it,
    `<prefix>_by_id`. `words` are the states as people read them.
    """

    column: str
    table: Mapping[str, frozenset[str]]
    stamps: Mapping[str, str] = field(default_factory=dict)
    words: type[models.TextChoices] | None = None

    def allowed(self, state: str) -> tuple[str, ...]:
        """Return the states that may follow `state`, sorted."""
        return tuple(sorted(self.table[state]))

    def refusal(self, before: str, to: str) -> TransitionRefused:
        """Return the error of a step that the table does not have, in the reader's language."""
        words = dict(self.words.choices) if self.words else {}
        return TransitionRefused(before, to, self.allowed(before), words=words)


def move(
    obj: models.Model,
    to: str,
    *,
    machine: Machine,
    by: int | None,
    at: datetime,
    reason: str = "",
    unit_id: int | None = None,
) -> StateChange:
    """Move `obj` to state `to`: lock its row, check the table, write column, stamps, StateChange.

    Raises TransitionRefused when the table has no such step; must run inside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("move() needs a transaction.")
    row = type(obj)._base_manager.select_for_update(no_key=True).get(pk=obj.pk)
    before = str(getattr(row, machine.column))
    if to not in machine.table[before]:
        raise machine.refusal(before, to)
    written = {machine.column: to, **_stamps(row, machine.stamps.get(to), by=by, at=at)}
    for name, value in written.items():
        setattr(obj, name, value)
    type(obj)._base_manager.filter(pk=obj.pk).update(**written)
    return state_change_record(obj, before, to, by=by, at=at, reason=reason, unit_id=unit_id)


def _stamps(
    row: models.Model, prefix: str | None, *, by: int | None, at: datetime
) -> dict[str, object]:
    if prefix is None:
        return {}
    columns = {item.attname for item in row._meta.concrete_fields}
    stamps = {f"{prefix}_at": at, f"{prefix}_by_id": by}
    return {name: value for name, value in stamps.items() if name in columns}


def state_change_record(
    obj: models.Model,
    before: str,
    to: str,
    *,
    by: int | None,
    at: datetime,
    reason: str = "",
    unit_id: int | None = None,
) -> StateChange:
    """Store that `obj` went from `before` to `to`, for rows whose first state is set on insert."""
    here = asker()
    return StateChange.objects.create(
        subject_type=obj._meta.label_lower,
        subject_id=obj.pk,
        from_state=before,
        to_state=to,
        occurred_at=at,
        by_user=by,
        unit=unit_id,
        reason=reason,
        source=here.source,
        request_id=here.request_id,
    )


def steps_of(obj: models.Model) -> list[StateChange]:
    """Return the steps that `obj` took, the oldest first."""
    rows = StateChange.objects.filter(subject_type=obj._meta.label_lower, subject_id=obj.pk)
    return list(rows.order_by("occurred_at", "id"))
