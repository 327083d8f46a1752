"""Doors of assignments: who works where as what, from when until when."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import clock, commands
from core.doors import requires
from core.errors import Denied, NotFound
from org import gate, selectors, services
from org.forms import AssignmentEndForm, AssignmentForm
from org.permissions import Perm, may_assign
from org.rules import day_end, day_start
from org.views import people


@requires(Perm.MANAGE_ASSIGNMENTS, module=None, methods=("GET", "POST"), fresh=True)
def assignment_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A person begins to work in a unit as a role."""
    held = gate.grants(request)
    found = people.load(request, public_id, Perm.MANAGE_ASSIGNMENTS)
    places = selectors.units_of(set(held.unit_ids(Perm.MANAGE_ASSIGNMENTS)))
    form = AssignmentForm(
        commands.sent(request),
        units=[place for place in places if place.is_active],
        roles=selectors.role_list(),
    )
    page = commands.CommandPage(
        title=_("Assign %(person)s") % {"person": found.full_name},
        submit=_("Assign"),
        back=people.address(found),
        crumbs=people.crumbs(found),
        done=_("The assignment was entered."),
    )

    def start(data: dict[str, Any]) -> str:
        unit, role = data["unit"], data["role"]
        if not may_assign(held, permissions=selectors.role_permissions(role.pk), unit=unit):
            raise Denied(_("You may not hand out this role in this unit."), field="role")
        zone, last = unit.site.time_zone, data["ends_on"]
        services.assignment_start(
            user=found,
            role=role,
            unit=unit,
            starts_at=day_start(data["starts_on"], zone),
            ends_at=day_end(last, zone) if last else None,
            shift_group=data["shift_group"],
            reason=data["reason"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return people.address(found)

    return commands.answer(request, form, page, start)


@requires(Perm.MANAGE_ASSIGNMENTS, module=None, methods=("GET", "POST"), fresh=True)
def assignment_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An assignment gets its last day."""
    held = gate.grants(request)
    row = selectors.assignment_get(grants=held, public_id=public_id)
    if row is None or not held.has(Perm.MANAGE_ASSIGNMENTS, row.unit_id):
        raise NotFound()
    if not people.may_end_assignment(held, row):
        raise Denied(_("You may not hand out this role in this unit."))
    words = {"role": _(row.role.name), "unit": row.unit.name}
    page = commands.CommandPage(
        title=_("End of %(role)s in %(unit)s") % words,
        submit=_("End assignment"),
        back=people.address(row.user),
        crumbs=people.crumbs(row.user),
        done=_("The end of the assignment was entered."),
        is_risky=True,
    )
    form = AssignmentEndForm(commands.sent(request), initial={"version": row.version})

    def end(data: dict[str, Any]) -> str:
        now, last = clock.now(), data["ends_on"]
        services.assignment_end(
            row,
            ends_at=day_end(last, row.unit.site.time_zone) if last else now,
            version=data["version"],
            reason=data["reason"],
            by=gate.person(request).pk,
            at=now,
        )
        return people.address(row.user)

    return commands.answer(request, form, page, end)
