"""Which task stands behind an address, and in which unit it is worked on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.errors import Invalid, NotFound
from core.html import Crumb
from org import gate
from org.states import Module
from patients import selectors as patients
from worklist import selectors

if TYPE_CHECKING:
    from worklist.models import Task

MODULE = Module.TASKS


def unit_of(_request: Any, public_id: UUID) -> int | None:
    """Name the unit whose level counts: that of the task."""
    return selectors.unit_of(public_id)


def stand_of(permission: str) -> Callable[..., int | None]:
    """Name the unit where something new is done: where the person stands, or may do it."""

    def resolve(request: Any, **_where: Any) -> int | None:
        units = gate.grants(request).unit_ids(permission)
        stand = getattr(request, "unit_id", None)
        return stand if stand in units else min(units, default=None)

    return resolve


def load(request: HttpRequest, public_id: UUID) -> "Task":
    """Return the task that the asker may see. Raises NotFound."""
    found = selectors.task_get(grants=gate.grants(request), public_id=public_id)
    if found is None:
        raise NotFound()
    return found


def address(task: "Task") -> str:
    """Return the address of a task's page."""
    return reverse("worklist:task", args=[task.public_id])


def crumbs(task: "Task | None" = None) -> tuple[Crumb, ...]:
    """Return the way from the inbox to the task."""
    first = Crumb(_("Tasks"), reverse("worklist:my-tasks"))
    return (first,) if task is None else (first, Crumb(_("Task"), address(task)))


def patient_named(request: HttpRequest, number: str) -> int | None:
    """Return the patient with this record number whom the asker may see. Raises Invalid."""
    plain = "".join(number.split())
    if not plain:
        return None
    rows = patients.patient_list(grants=gate.grants(request), at=clock.now())
    found = rows.filter(mrn=plain).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid(_("No record that you may see has this number."), field="patient")
    return found
