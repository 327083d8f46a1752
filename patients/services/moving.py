"""Rows of one record go to another, of every room, and back again: by introspection (decisions 8).

The general rule for rows that may stand only once for a patient: the winner's row stays as it is.
The loser's steps aside (`steps_aside` of its model says how), or its period is cut to the days that
are free; a row that means nothing without its record (its key says CASCADE) is dropped and kept in
the move; any other stays with the loser.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import Error, IntegrityError, InternalError, connection, transaction
from django.db.models import CASCADE, F, Model

from core.states import state_change_record
from patients.models import MergeCase, MergeMove, NoneKnown, Patient
from patients.rules.merging import cut
from patients.selectors.merging import Key, columns_kept, keys, text_of, value_of
from patients.states import MoveHow

REFUSALS = (IntegrityError, InternalError)
MOST_TRIES = 4
BATCH = 1000


@dataclass
class Tally:
    """What a merge, or its reversal, did with the rows of each table."""

    moved: dict[str, int] = field(default_factory=dict)
    stayed: dict[str, int] = field(default_factory=dict)

    def add(self, key: Key, moved: int, stayed: int = 0) -> None:
        """So many rows of this table more."""
        for found, count in ((self.moved, moved), (self.stayed, stayed)):
            if count:
                found[key.table] = found.get(key.table, 0) + count


def constraints_now() -> None:
    """Every constraint speaks at once, also those that would wait for the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def rows_move(case: MergeCase, winner: Patient, loser: Patient) -> Tally:
    """Everything that belongs to the loser belongs to the winner, as far as that is possible.

    The caller has locked both records.
    """
    tally = Tally()
    for key in keys():
        rows = key.model._base_manager.filter(**{key.column: loser.pk}).order_by("pk")
        pks = list(rows.values_list("pk", flat=True))
        if not pks:
            continue
        moves = _at_once(key, pks, winner) or _one_by_one(key, pks, winner)
        for move in moves:
            move.case = case
        MergeMove.objects.bulk_create(moves, batch_size=BATCH)
        tally.add(key, len(moves), len(pks) - len(moves))
    return tally


def _move(key: Key, pk: object, how: str = MoveHow.MOVED, **rest: Any) -> MergeMove:
    return MergeMove(table=key.table, column=key.column, row=str(pk), how=how, **rest)


def _at_once(key: Key, pks: list[Any], winner: Patient) -> list[MergeMove]:
    try:
        with transaction.atomic():
            key.model._base_manager.filter(pk__in=pks).update(**{key.column: winner.pk})
    except REFUSALS:
        return []
    return [_move(key, pk) for pk in pks]


def _one_by_one(key: Key, pks: list[Any], winner: Patient) -> list[MergeMove]:
    found = []
    for pk in pks:
        row = key.model._base_manager.get(pk=pk)
        if move := _moved(key, row, winner) or _dropped(key, row):
            found.append(move)
    return found


def _moved(key: Key, row: Model, winner: Patient) -> MergeMove | None:
    """Move one row, with as many of its columns changed as it takes; None where nothing helps."""
    changes: dict[str, Any] = {}
    for _try in range(MOST_TRIES):
        try:
            with transaction.atomic():
                key.model._base_manager.filter(pk=row.pk).update(
                    **{key.column: winner.pk}, **changes
                )
        except REFUSALS as error:
            more = _way_out(key, row, winner, _constraint_of(error), changes)
            if not more:
                return None
            changes |= more
        else:
            return _move_of(key, row, changes)
    return None


def _move_of(key: Key, row: Model, changes: Mapping[str, Any]) -> MergeMove:
    if not changes:
        return _move(key, row.pk)
    before = {name: text_of(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    after = {name: text_of(row, name) for name in changes}
    return _move(key, row.pk, MoveHow.CHANGED, before=before, after=after)


def _constraint_of(error: Error) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")


def _way_out(
    key: Key, row: Model, winner: Patient, name: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return further columns to change so that the row does not stand in the winner's way."""
    constraint = next((each for each in key.model._meta.constraints if each.name == name), None)
    if not isinstance(constraint, ExclusionConstraint):
        return {}
    aside: dict[str, Any] = getattr(key.model, "steps_aside", {})
    if aside and not aside.keys() <= changes.keys():
        return dict(aside)
    period = _period_of(constraint)
    if not period or period in changes:
        return {}
    taken = _taken(key, row, winner, constraint, period)
    return {period: cut(getattr(row, period), taken)}


def _period_of(constraint: ExclusionConstraint) -> str:
    found = [
        expression
        for expression, operator in constraint.expressions
        if operator == RangeOperators.OVERLAPS and isinstance(expression, str)
    ]
    return found[0] if len(found) == 1 else ""


def _taken(
    key: Key, row: Model, winner: Patient, constraint: ExclusionConstraint, period: str
) -> list[Any]:
    """Return the periods of the winner's rows that the constraint holds against this one."""
    rows = key.model._base_manager.filter(**{key.column: winner.pk})
    if constraint.condition is not None:
        rows = rows.filter(constraint.condition)
    for number, (expression, operator) in enumerate(constraint.expressions):
        if operator != RangeOperators.EQUAL or expression in {key.field.name, key.column}:
            continue
        term, own = f"term_{number}", F(expression) if isinstance(expression, str) else expression
        mine = key.model._base_manager.filter(pk=row.pk).annotate(**{term: own})
        value = mine.values_list(term, flat=True).first()
        rows = rows.annotate(**{term: own}).filter(**{term: value})
    found: list[Any] = list(rows.values_list(period, flat=True))
    return found


def _dropped(key: Key, row: Model) -> MergeMove | None:
    """Drop a row that the winner has already and that means nothing by itself."""
    if key.field.remote_field.on_delete is not CASCADE:
        return None
    move = _move(key, row.pk, MoveHow.REMOVED, before=columns_kept(row))
    key.model._base_manager.filter(pk=row.pk).delete()
    return move


# Columns that are told apart from what they were, but not put back.
GROWING = ("version",)
# Tables of which a row may have to end, on either record, before both can stand together.
SETTLED: tuple[type[Model], ...] = (NoneKnown,)


@contextmanager
def settled(case: MergeCase, patients: Sequence[Patient]) -> Iterator[None]:
    """What is ended inside, so that both records can stand together, is put back when they part."""
    before = _standing(patients)
    yield
    for key, now in _standing(patients).items():
        old = before.get(key)
        if old is not None and old != now:
            names = [name for name in now if now[name] != old[name] and name not in GROWING]
            MergeMove.objects.create(
                case=case,
                table=key[0],
                column="",
                row=str(key[1]),
                how=MoveHow.SETTLED,
                before={name: old[name] for name in names},
                after={name: now[name] for name in names},
            )


def _standing(patients: Sequence[Patient]) -> dict[tuple[str, int], dict[str, str | None]]:
    return {
        (model._meta.label_lower, row.pk): columns_kept(row)
        for model in SETTLED
        for row in model._base_manager.filter(patient__in=patients)
    }


def settled_back(case: MergeCase, *, by: int, at: datetime, reason: str) -> None:
    """What was ended so that both records could stand together stands again, if nobody touched it.

    The rows are back with their records.
    """
    known = {model._meta.label_lower: model for model in SETTLED}
    for move in MergeMove.objects.filter(case=case, how=MoveHow.SETTLED).order_by("pk"):
        model = known[move.table]
        row = model._base_manager.filter(pk=move.row).first()
        if row is None or any(text_of(row, name) != text for name, text in move.after.items()):
            continue
        values = {name: value_of(model, name, text) for name, text in move.before.items()}
        model._base_manager.filter(pk=row.pk).update(**values)
        if "state" in values:
            was, back = str(move.after["state"]), str(move.before["state"])
            state_change_record(row, was, back, by=by, at=at, reason=reason)


# And back ------------------------------------------------------------------------------------


def rows_return(case: MergeCase, winner: Patient, loser: Patient) -> Tally:
    """Every row that the merge took from the loser is the loser's again, as it was.

    A row that somebody changed meanwhile keeps that change, one that is gone stays gone: both are
    counted as stayed. The caller has locked both records.
    """
    tally = Tally()
    known = {(key.table, key.column): key for key in keys()}
    moves = MergeMove.objects.filter(case=case).exclude(how=MoveHow.SETTLED)
    moves = moves.order_by("table", "column", "pk")
    for place, group in groupby(moves, key=lambda move: (move.table, move.column)):
        key, rows = known[place], list(group)
        back = sum(_returned(key, rows, winner, loser))
        tally.add(key, back, len(rows) - back)
    return tally


def _returned(key: Key, moves: list[MergeMove], winner: Patient, loser: Patient) -> Iterator[int]:
    plain = [move.row for move in moves if move.how == MoveHow.MOVED]
    rows = key.model._base_manager.filter(pk__in=plain, **{key.column: winner.pk})
    yield rows.update(**{key.column: loser.pk})
    for move in moves:
        if move.how == MoveHow.CHANGED:
            yield _changed_back(key, move, winner, loser)
        elif move.how == MoveHow.REMOVED:
            yield _put_back(key, move)


def _changed_back(key: Key, move: MergeMove, winner: Patient, loser: Patient) -> int:
    row = key.model._base_manager.filter(pk=move.row, **{key.column: winner.pk}).first()
    if row is None:
        return 0
    is_same = all(text_of(row, name) == text for name, text in move.after.items())
    values = {name: value_of(key.model, name, text) for name, text in move.before.items()}
    key.model._base_manager.filter(pk=row.pk).update(
        **{key.column: loser.pk}, **(values if is_same else {})
    )
    return int(is_same)


def _put_back(key: Key, move: MergeMove) -> int:
    values = {name: value_of(key.model, name, text) for name, text in move.before.items()}
    if key.model._base_manager.filter(pk=move.row).exists():
        return 0
    key.model._base_manager.bulk_create([key.model(**values)])
    return 1
