"""Acts around tasks: somebody asks, somebody takes it, somebody does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import clock
from hms.demo.tasks import TASKS
from hms.simulation.scene import Scene
from worklist import selectors, services

if TYPE_CHECKING:
    from worklist.models import Task

_PRIORITIES = ("routine",) * 6 + ("urgent",) * 3 + ("asap",)
# So much work waits in a unit before nobody asks for more.
_MOST = 14


def _open(scene: Scene) -> list[Task]:
    """What waits in the house, the oldest first; what is opened later than now is not there."""
    held, now = scene.grants, clock.now()
    rows = selectors.inbox("unit", grants=held, absent=frozenset(), at=now)
    return list(rows.filter(occurred_at__lte=now, kind__in=("request", "call", "paperwork"))[:200])


def task_ask(scene: Scene) -> str | None:
    """Somebody asks for something."""
    code = scene.dice.choice(sorted(TASKS))
    unit = next((unit for unit in scene.units() if unit.code == code), None)
    waiting = [row for row in _open(scene) if unit is not None and row.unit_id == unit.pk]
    if unit is None or len(waiting) >= _MOST:
        return None
    asked = scene.dice.choice(TASKS[code])
    services.task_open(
        kind=asked.kind,
        unit_id=unit.pk,
        role=asked.role,
        detail=asked.detail,
        priority=scene.dice.choice(_PRIORITIES),
        by=scene.admin.pk,
        at=clock.now(),
    )
    return f"{asked.kind} in {code}"


def task_take(scene: Scene) -> str | None:
    """Somebody on shift takes what waits for their role in their unit."""
    now = clock.now()
    for row in _open(scene):
        found = [
            work.user
            for work in scene.working()
            if work.unit_id == row.unit_id and row.role in {"", work.role.code}
        ]
        who = scene.pick(sorted(found, key=lambda user: user.username))
        if row.owner_id is None and who is not None:
            services.task_claim(row, by=who.pk, at=now)
            return f"{row.kind} by {who.username}"
    return None


def task_finish(scene: Scene) -> str | None:
    """Whoever has a task has done it."""
    mine = [row for row in _open(scene) if row.owner_id is not None and row.state == "claimed"]
    row = scene.pick(mine)
    if row is None or row.owner_id is None:
        return None
    services.task_done(row, by=row.owner_id, at=clock.now())
    return row.kind
