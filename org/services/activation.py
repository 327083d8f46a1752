"""Switching modules on and off, unit by unit."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, VersionConflict
from core.events import publish
from core.states import Machine, move
from org import levels
from org.events import ActivationChanged
from org.models import ActivationEvent, ModuleActivation, Unit
from org.states import LEVEL_STEPS, Level, Module

LEVELS = Machine(column="level", table=LEVEL_STEPS, words=Level)


@transaction.atomic
def activation_set(
    *,
    unit: Unit,
    module: str,
    level: str,
    reason: str,
    by: int | None,
    at: datetime,
    version: int | None = None,
    drain_until: datetime | None = None,
) -> ModuleActivation:
    """`module` runs at `level` in `unit`; every process knows within 5 seconds.

    Raises TransitionRefused when it already does, Invalid, VersionConflict (0 = never set before).
    """
    _checked(module, level, reason)
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    row, created = ModuleActivation.objects.get_or_create(
        unit=unit, module=module, defaults={"level": Level.OFF, "since": at}
    )
    seen = 0 if created else row.version
    if version is not None and version != seen:
        raise VersionConflict(current=seen)
    before = row.level
    move(row, level, machine=LEVELS, by=by, at=at, reason=reason, unit_id=unit.pk)
    row.since, row.reason = at, reason
    row.drain_until = drain_until if level == Level.READ_ONLY else None
    row.version = seen + 1
    row.save(update_fields=["since", "reason", "drain_until", "version"])
    ActivationEvent.objects.create(
        unit=unit.pk,
        module=module,
        from_level=before,
        to_level=level,
        reason=reason,
        occurred_at=at,
        by_user=by,
    )
    record(
        "activation_set",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        unit_id=unit.pk,
        reason=reason,
        before={"module": module, "level": before},
        after={"module": module, "level": level},
    )
    levels.changed()
    publish(
        ActivationChanged(unit_id=unit.pk, module=module, level=level),
        at=at,
        order_key=f"unit:{unit.pk}",
    )
    return row


def _checked(module: str, level: str, reason: str) -> None:
    if module not in Module.values:
        raise Invalid(_("This module is not known."), field="module")
    if level not in Level.values:
        raise Invalid(_("This level is not known."), field="level")
    if not reason.strip():
        raise Invalid(_("Say why the level changes."), field="reason")
