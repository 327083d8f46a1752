"""Which patient stands behind an address, and at which desk something is done."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock, context, limits
from core.errors import Denied, NotFound
from core.html import Crumb
from org import gate
from org.selectors import level
from org.states import Level, Module
from patients import selectors, services
from patients.permissions import Perm, desk_of, sees
from patients.rules.fields import Name

if TYPE_CHECKING:
    from patients.models import Glass, Patient, PreRegistration

UnitOf = Callable[..., int | None]
MODULE = Module.REGISTRATION
# So often can somebody ask in an hour: enough for a bad night, too few to look around.
TRIES_AN_HOUR = 20


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
    """Return the patient; the trail learns whose record was looked at.

    What happens through a broken glass is on the trail with it, and the page says so.
    Raises NotFound, and PatientMerged for a record whose place one took that the asker may see.
    """
    held, now = gate.grants(request), clock.now()
    found, glass = selectors.patient_opened(grants=held, public_id=public_id, at=now)
    if found is None:
        taken = selectors.place_taken_by(grants=held, public_id=public_id, at=now)
        if taken is None:
            raise NotFound()
        raise services.PatientMerged(merged_into=str(taken[1].public_id))
    if glass is not None:
        request.glass = glass  # type: ignore[attr-defined]
        context.amend(purpose=glass_purpose(glass.public_id))
    look(subject=found, patient=found.public_id)
    return found


def preregistration(request: Any, public_id: UUID) -> "PreRegistration":
    """Return what somebody says before coming; the trail learns that it was looked at.

    Raises NotFound for one that the asker may not check.
    """
    found = selectors.preregistration_get(grants=gate.grants(request), public_id=public_id)
    if found is None:
        raise NotFound()
    look(subject=found)
    return found


def preregistration_unit(_request: Any, public_id: UUID, **_where: Any) -> int | None:
    """Name the unit that invited, before anybody asks who is there."""
    return selectors.preregistration_unit(public_id)


def must_see(request: Any, group: Name) -> None:
    """Raises Denied for whoever may not read the fields: writing them would tell of them too."""
    if not sees(gate.grants(request), group):
        raise Denied()


def glass_purpose(public_id: UUID) -> str:
    """Return what the trail calls looks and acts through this glass."""
    return f"glass {public_id}"


def glass_tried(request: Any) -> None:
    """One more try to break a glass is counted. Raises TooMany."""
    limits.check("glass", str(gate.person(request).pk), limit=TRIES_AN_HOUR, window=3600)


def glass_broken(request: Any, data: dict[str, Any]) -> "Glass":
    """The glass is broken as the form or the body says. Raises what the service raises."""
    born = data.get("birth")
    return services.glass_break(
        services.Sought(
            number=data.get("number", ""),
            family=data.get("family", ""),
            given=data.get("given", ""),
            born=born.day if born else None,
        ),
        kind=data["kind"],
        words=data["words"],
        grants=gate.grants(request),
        unit_id=desk_unit(request, Perm.BREAK_GLASS),
        by=gate.person(request).pk,
        at=clock.now(),
    )


def address(patient: "Patient") -> str:
    """Return the address of a patient's page."""
    return reverse("patients:patient", args=[patient.public_id])


def crumbs(patient: "Patient | None" = None) -> tuple[Crumb, ...]:
    """Return the way from the search to the patient."""
    first = Crumb(_("Patients"), reverse("patients:patients"))
    if patient is None:
        return (first,)
    return (first, Crumb(_("Record"), address(patient)))
