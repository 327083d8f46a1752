"""Tasks as people read them: with names, unit, patient as far as the asker may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext

from org import selectors as places
from org.permissions import Grants
from patients import selectors as patients
from worklist.models import Task
from worklist.permissions import may_take, may_work, visible_to
from worklist.rules import clock as rules
from worklist.rules.clock import Step
from worklist.rules.kinds import Kind, kind_of
from worklist.states import OPEN, TaskState

if TYPE_CHECKING:
    from org.models import Unit
    from patients.models import Patient

# So many stand on a patient's page.
ABOUT_OPEN, ABOUT_OVER = 50, 5


@dataclass(frozen=True, slots=True)
class Shown:
    """One task with everything beside it; `patient` is None where there is none or it is hidden."""

    task: Task
    kind: Kind
    title: str
    unit: "Unit"
    role: str
    owner: str
    patient: "Patient | None"
    following: Step | None
    following_role: str
    is_late: bool
    may_take: bool
    may_work: bool
    is_mine: bool

    @property
    def hides_patient(self) -> bool:
        """Say whether it is about a patient whose record the asker may not see."""
        return self.task.patient_id is not None and self.patient is None


def task_get(*, grants: Grants, public_id: UUID) -> Task | None:
    """Return the task, None for one that the asker may not see."""
    return visible_to(grants).filter(public_id=public_id).first()


def tasks_about(patient_id: int, *, grants: Grants) -> list[Task]:
    """Return the tasks about a patient that the asker may see: all open ones, then some done."""
    rows = visible_to(grants).filter(patient_id=patient_id)
    waiting = rows.filter(state__in=OPEN).order_by("lane", "due_at", "id")[:ABOUT_OPEN]
    over = rows.exclude(state__in=[*OPEN, TaskState.ERROR]).order_by("-id")[:ABOUT_OVER]
    return [*waiting, *over]


def shown(
    tasks: Sequence[Task], *, grants: Grants, absent: frozenset[int], at: datetime
) -> list[Shown]:
    """Return the tasks with their names, each kind of name asked for once."""
    units = {unit.pk: unit for unit in places.units_of({task.unit_id for task in tasks})}
    names = places.names_of({task.owner_id for task in tasks if task.owner_id})
    roles = role_names()
    asked = {task.patient_id for task in tasks if task.patient_id}
    seen = patients.patient_list(grants=grants, at=at).filter(pk__in=asked) if asked else ()
    people = {patient.pk: patient for patient in seen}
    found = []
    for task in tasks:
        kind = kind_of(task.kind)
        following = rules.next_step(kind, due=task.due_at, reached=task.level)
        found.append(
            Shown(
                task=task,
                kind=kind,
                title=kind.title(task.facts),
                unit=units[task.unit_id],
                role=roles.get(task.role, task.role),
                owner=names.get(task.owner_id or 0, ""),
                patient=people.get(task.patient_id or 0),
                following=following if task.is_open else None,
                following_role=roles.get(following.level.role, "") if following else "",
                is_late=task.is_open and task.due_at < at,
                may_take=may_take(grants, task, stands_in_for=absent),
                may_work=may_work(grants, task),
                is_mine=task.owner_id == grants.user_id,
            )
        )
    return found


def role_names() -> dict[str, str]:
    """Return the names of all roles by code, in the reader's language."""
    return {role.code: gettext(role.name) for role in places.role_list()}
