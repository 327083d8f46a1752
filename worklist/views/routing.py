"""Doors for who stands in for me, and for how soon tasks are due in a unit."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core import clock
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import NotFound
from core.html import see_other, toast
from org import gate
from org import selectors as places
from worklist import behind, forms, selectors, services
from worklist.behind import MODULE, stand_of
from worklist.permissions import Perm
from worklist.rules.kinds import kind_of
from worklist.states import Priority


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=timezone.get_current_timezone())


@requires(Perm.WORK, module=MODULE, methods=("GET", "POST"), unit=stand_of(Perm.WORK))
def away(request: HttpRequest) -> HttpResponse:
    """Who stands in for me while I am away, and for whom I do."""
    held, now = gate.grants(request), clock.now()
    person = gate.person(request)
    form = forms.AwayForm(sent(request), people=selectors.colleagues(held, at=now))
    mine = list(selectors.delegations_of(person.pk, at=now))
    theirs = list(selectors.delegations_to(person.pk, at=now))
    names = places.names_of({row.to_user_id for row in mine} | {row.from_user_id for row in theirs})
    page = CommandPage(
        title=_("Who stands in for me"),
        submit=_("Name the stand-in"),
        back=reverse("worklist:my-tasks"),
        crumbs=behind.crumbs(),
        done=_("Your stand-in sees your tasks in that time."),
        intro=_("From the first to the last day they also see your tasks, and may take them."),
        template="worklist/away.html",
        extra={
            "mine": [(row, names.get(row.to_user_id, "")) for row in mine],
            "theirs": [(row, names.get(row.from_user_id, "")) for row in theirs],
        },
    )

    def begin(data: dict[str, Any]) -> str:
        services.delegation_begin(
            from_user=person.pk,
            to_user=data["to"],
            starts_at=_midnight(data["starts_on"]),
            ends_at=_midnight(data["ends_on"] + timedelta(days=1)),
            reason=data["reason"],
            by=person.pk,
            at=clock.now(),
        )
        return reverse("worklist:away")

    return answer(request, form, page, begin)


@requires(Perm.WORK, module=MODULE, methods=("POST",), unit=stand_of(Perm.WORK))
def away_end(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Nobody stands in for me any more."""
    person = gate.person(request)
    found = selectors.delegation_get(person.pk, delegation_id)
    if found is None:
        raise NotFound()
    services.delegation_end(found, by=person.pk, at=clock.now())
    toast(request, _("Nobody stands in for you any more."))
    return see_other(request, "worklist:away")


@requires(Perm.MANAGE, module=MODULE, methods=("GET", "POST"), unit=stand_of(Perm.MANAGE))
def due_times(request: HttpRequest) -> HttpResponse:
    """How soon tasks are due in my units, where it is not as everywhere."""
    held = gate.grants(request)
    units = places.units_of(set(held.unit_ids(Perm.MANAGE)))
    form = forms.DueForm(sent(request), units=units)
    rows = [
        {
            "row": row,
            "kind": kind_of(row.kind).title({}),
            "priority": Priority(row.priority).label,
            "usual": kind_of(row.kind).due[row.priority],
        }
        for row in selectors.policies(held)
    ]
    page = CommandPage(
        title=_("How soon tasks are due"),
        submit=_("Save"),
        back=reverse("worklist:my-tasks"),
        crumbs=behind.crumbs(),
        done=_("It counts for tasks that are opened from now on."),
        template="worklist/due_times.html",
        extra={"rows": rows},
    )

    def save(data: dict[str, Any]) -> str:
        services.due_set(
            unit_id=data["unit"],
            kind=data["kind"],
            priority=data["priority"],
            minutes=data["minutes"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return reverse("worklist:due-times")

    return answer(request, form, page, save)
