"""Doors of activation: which module runs where, at which level."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands, paging
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import gate, selectors, services
from org.forms import ActivationFilterForm, ActivationForm, ActivationHistoryFilterForm
from org.permissions import Perm
from org.states import Level, Module
from org.views import looks
from org.views.units import unit_behind

NEWEST_FIRST = ("-id",)


def _cells(row: selectors.UnitLevels) -> list[dict[str, Any]]:
    return [
        {
            "module": module,
            "word": module.label,
            "look": looks.level_look(stored.level if stored else Level.OFF),
        }
        for module in Module
        for stored in (row.levels[module],)
    ]


# Each row has a cell for every module: fifty would be over the budget of a page's elements.
GRID_ROWS = 40


@requires(Perm.VIEW_ACTIVATION, module=None)
def activation(request: HttpRequest) -> HttpResponse:
    """Units against modules, each cell a level."""
    held = gate.grants(request)
    form = ActivationFilterForm(request.GET)
    search = form.cleaned_data["q"] if form.is_valid() else ""
    units = selectors.activation_units(grants=held, search=search).filter(is_active=True)
    cursor = request.GET.get("cursor", "")
    page = paging.page(units, order=("name", "id"), cursor=cursor, size=GRID_ROWS)
    grid = selectors.levels_of(page.items, modules=Module.values)
    context = {
        "filter": form,
        "is_filtered": bool(search),
        "modules": [module.label for module in Module],
        "pages": page,
        "rows": [
            {
                "unit": row.unit,
                "cells": _cells(row),
                "may_set": held.has(Perm.SET_ACTIVATION, row.unit.pk),
            }
            for row in grid
        ],
    }
    return render(request, "org/activation.html", context)


@requires(Perm.SET_ACTIVATION, module=None, methods=("GET", "POST"), unit=unit_behind)
def activation_set(request: HttpRequest, public_id: UUID, module: str) -> HttpResponse:
    """A module changes its level in a unit."""
    unit_id = selectors.unit_id_of(public_id)
    if unit_id is None or module not in Module.values:
        raise NotFound()
    unit = selectors.units_of({unit_id})[0]
    stored = selectors.activation_get(unit_id=unit_id, module=module)
    initial = {
        "level": stored.level if stored else Level.OFF,
        "version": stored.version if stored else 0,
    }
    form = ActivationForm(commands.sent(request), initial=initial)
    back = reverse("org:activation")
    page = commands.CommandPage(
        title=_("%(module)s in %(unit)s") % {"module": Module(module).label, "unit": unit.name},
        submit=_("Set level"),
        back=back,
        crumbs=(Crumb(_("Modules"), back),),
        done=_("The level was set. Every screen follows within five seconds."),
        intro=_("Live takes real work. Training and off take none. Read only takes nothing new."),
    )

    def set_level(data: dict[str, Any]) -> str:
        now = clock.now()
        hours = data.pop("drain_hours") or 0
        drain_until = now + timedelta(hours=hours) if hours else None
        services.activation_set(
            unit=unit,
            module=module,
            **data,
            drain_until=drain_until,
            by=gate.person(request).pk,
            at=now,
        )
        return back

    return commands.answer(request, form, page, set_level)


@requires(Perm.VIEW_ACTIVATION, module=None)
def activation_history(request: HttpRequest) -> HttpResponse:
    """Who changed which level, when and why."""
    held = gate.grants(request)
    places = selectors.units_of(set(held.unit_ids(Perm.VIEW_ACTIVATION)))
    form = ActivationHistoryFilterForm(request.GET, units=places)
    wanted = form.cleaned_data if form.is_valid() else {}
    unit = wanted.get("unit")
    rows = selectors.activation_history(
        grants=held, unit_id=unit.pk if unit else None, module=wanted.get("module", "")
    )
    page = paging.page(rows, order=NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    names = selectors.names_of({row.by_user for row in page.items if row.by_user})
    units = {place.pk: place for place in places}
    context = {
        "filter": form,
        "is_filtered": any(wanted.values()),
        "rows": [
            {
                "event": event,
                "unit": units[event.unit],
                "module": Module(event.module).label,
                "before": looks.level_look(event.from_level),
                "after": looks.level_look(event.to_level),
                "who": names.get(event.by_user or 0, ""),
            }
            for event in page.items
        ],
        "pages": page,
        "crumbs": (Crumb(_("Modules"), reverse("org:activation")),),
    }
    return render(request, "org/activation_history.html", context)
