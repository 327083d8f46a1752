"""How soon tasks are due in a unit, where it is not as everywhere."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid
from worklist.models import DuePolicy
from worklist.rules.kinds import KINDS
from worklist.states import Priority

MOST_MINUTES = 525_600


@transaction.atomic
def due_set(
    *, unit_id: int, kind: str, priority: str, minutes: int | None, by: int, at: datetime
) -> DuePolicy | None:
    """From now on such tasks of the unit are due after so many minutes; None: as everywhere.

    Tasks that are open keep their time. Raises Invalid.
    """
    if kind not in KINDS:
        raise Invalid(field="kind")
    if priority not in Priority.values:
        raise Invalid(field="priority")
    if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
        raise Invalid(_("Between 1 minute and a year."), field="minutes")
    rows = DuePolicy.objects.select_for_update(no_key=True)
    old = rows.filter(unit_id=unit_id, kind=kind, priority=priority).first()
    before = {"minutes": old.minutes if old else None}
    made = old
    if minutes is None and old is not None:
        old.delete()
        made = None
    elif minutes is not None:
        made, _new = DuePolicy.objects.update_or_create(
            unit_id=unit_id, kind=kind, priority=priority, defaults={"minutes": minutes}
        )
    record(
        "due_set",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=made or old,
        unit_id=unit_id,
        before={"kind": kind, "priority": priority, **before},
        after={"minutes": minutes},
    )
    return made
