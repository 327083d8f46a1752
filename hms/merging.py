"""Which rooms are asked before two records of patients become one (decisions 1 and 8), and a guard.

Whoever adds a row to a record that is being merged at this moment waits for the merge; the guard, a
trigger on every table whose rows go along, then lets the act start anew and find the winner.
"""

from datetime import datetime
from typing import Any

from django.db import connections

from core.hooks import Blocker, MergeBlockers
from patients import selectors as patients

# A room above patients adds its own question here: open stays, unpaid accounts, queue tokens.
ROOMS: tuple[MergeBlockers, ...] = (patients.own_blockers,)


def blockers(winner_id: int, loser_id: int, at: datetime) -> list[Blocker]:
    """Return what all rooms have against it, and what they ask."""
    return [found for room in ROOMS for found in room(winner_id, loser_id, at)]


# 40001: the act is carried out again by itself (core.retries), or somebody is told to try again.
_FUNCTION = """
    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard$
    DECLARE stands text;
    BEGIN
      IF TG_OP = 'UPDATE' AND OLD.{column} IS NOT DISTINCT FROM NEW.{column} THEN
        RETURN NEW;
      END IF;
      SELECT state INTO stands FROM patients_patient WHERE id = NEW.{column} FOR KEY SHARE;
      IF stands = 'merged' THEN
        RAISE EXCEPTION 'hms: the record of this row was merged' USING ERRCODE = '40001';
      END IF;
      RETURN NEW;
    END $guard$
"""


def guard_after_migrate(sender: Any, using: str, **_kwargs: Any) -> None:
    """Once per migrate: no row of any room comes to a record whose place another one took."""
    if sender.label != "org" or using != "owner":
        return
    quoted = connections[using].ops.quote_name
    with connections[using].cursor() as cursor:
        for table, column in patients.tables_that_go_along():
            name = quoted(f"hms_merged_{column}")
            cursor.execute(_FUNCTION.format(function=name, column=quoted(column)))
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {name} BEFORE INSERT OR UPDATE OF {quoted(column)} "
                f"ON {quoted(table)} FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
