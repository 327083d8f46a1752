"""Which patient stands behind an address, and at which desk something is done."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock
from core.errors import Denied, NotFound
from core.html import Crumb
from org import gate
from org.selectors import level
from org.states import Level, Module
from patients import selectors
from patients.permissions import desk_of

if TYPE_CHECKING:
    from patients.models import Patient

UnitOf = Callable[..., int | None]
MODULE = Module.REGISTRATION


def desk(permission: str) -> UnitOf:
    """Name the unit whose level counts: where the person stands, or else where they may do it."""

    def resolve(request: Any, **_where: Any) -> int | None:
        return _desk(request, permission)

    return resolve


def _desk(request: Any, permission: str) -> int | None:
    """A program stands nowhere: it acts where the module runs."""
    stand = getattr(request, "unit_id", None)
    if stand is None:
        units = sorted(gate.grants(request).unit_ids(permission))
        running = (unit for unit in units if level(unit=unit, module=MODULE) == Level.LIVE)
        stand = next(running, None)
    return desk_of(gate.grants(request), permission, stand)


def desk_unit(request: Any, permission: str) -> int:
    """Return the unit at which this happens. Raises Denied where there is none."""
    found = _desk(request, permission)
    if found is None:
        raise Denied()
    return found


def load(request: HttpRequest, public_id: UUID) -> "Patient":
    """Return the patient; the trail learns whose record was looked at. Raises NotFound."""
    found = selectors.patient_get(grants=gate.grants(request), public_id=public_id, at=clock.now())
    if found is None:
        raise NotFound()
    look(subject=found, patient=found.public_id)
    return found


def address(patient: "Patient") -> str:
    """Return the address of a patient's page."""
    return reverse("patients:patient", args=[patient.public_id])


def crumbs(patient: "Patient | None" = None) -> tuple[Crumb, ...]:
    """Return the way from the search to the patient."""
    first = Crumb(_("Patients"), reverse("patients:patients"))
    if patient is None:
        return (first,)
    return (first, Crumb(_("Record"), address(patient)))
