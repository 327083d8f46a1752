"""What every entry of a record has in common: locked, moved, on the trail, announced."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

from audit.services import Action, record
from core.context import asker
from core.errors import VersionConflict
from core.events import publish
from core.states import Machine, move, state_change_record
from patients.models import Patient

if TYPE_CHECKING:
    from core.models import HappenedModel


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and when."""

    user: int | None
    at: datetime


def stamp(who: By) -> dict[str, object]:
    """Return when it happened, who wrote it down and how it came in, for a new row."""
    return {"occurred_at": who.at, "recorded_by_id": who.user, "source": asker().source}


def held[M: HappenedModel](row: M, version: int | None = None) -> M:
    """Return the row as it is stored now, locked. Raises VersionConflict."""
    rows = type(row)._base_manager.select_for_update(no_key=True, of=("self",))
    found = rows.get(pk=row.pk)
    if version is not None and found.version != version:
        raise VersionConflict(current=found.version)
    return found


def saved(row: "HappenedModel", **values: object) -> None:
    """The row has these values and one version more."""
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*values, "version"])


def began(row: models.Model, state: str, who: By) -> None:
    """The row's first state is on record."""
    state_change_record(row, "", state, by=who.user, at=who.at)


def moved(row: "HappenedModel", to: str, *, machine: Machine, who: By, reason: str) -> None:
    """The row went to another state. Raises TransitionRefused."""
    move(row, to, machine=machine, by=who.user, at=who.at, reason=reason)


def told(
    act: str,
    row: models.Model,
    patient: Patient,
    fact: object,
    who: By,
    *,
    action: Action = Action.UPDATE,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """The trail and whoever subscribes learn of it."""
    record(
        act,
        action=action,
        at=who.at,
        by=who.user,
        subject=row,
        patient=patient.public_id,
        reason=reason,
        before=before,
        after=after,
    )
    publish(fact, at=who.at, order_key=f"patient:{patient.pk}")
