"""Doors of the roster: a unit's week as a grid, who is on now, and what changes it."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock, commands
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import gate, selectors, services
from org.permissions import Perm
from org.roster_forms import (
    RosterCopyForm,
    RosterFilterForm,
    RosterForm,
    RosterMoveForm,
    RosterRemoveForm,
)
from org.rules import day_end, day_start, week_of
from org.selectors import roster as plans
from org.states import AbsenceKind

if TYPE_CHECKING:
    from org.models import RosterEntry, Unit

WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)
MOST_REASONS = 3


def unit_behind(_request: HttpRequest, public_id: UUID, **_rest: Any) -> int | None:
    """Name the unit of the route for the gate."""
    return selectors.unit_id_of(public_id)


def entry_behind(request: HttpRequest, public_id: UUID, **_rest: Any) -> int | None:
    """Name the unit of the entry for the gate."""
    found = plans.roster_get(grants=gate.grants(request), public_id=public_id)
    return found.unit_id if found else None


def _today(zone: str) -> date:
    return clock.today(ZoneInfo(zone))


def _units(request: HttpRequest, permission: str) -> "list[Unit]":
    within = set(gate.grants(request).unit_ids(permission))
    return [unit for unit in selectors.units_of(within) if unit.is_active]


def _unit(request: HttpRequest, public_id: UUID) -> "Unit":
    found = [unit for unit in _units(request, Perm.MANAGE_ROSTER) if unit.public_id == public_id]
    if not found:
        raise NotFound()
    return found[0]


def _entry(request: HttpRequest, public_id: UUID) -> "RosterEntry":
    found = plans.roster_get(grants=gate.grants(request), public_id=public_id)
    if found is None or not gate.grants(request).has(Perm.MANAGE_ROSTER, found.unit_id):
        raise NotFound()
    return found


def address(unit: "Unit", day: date) -> str:
    """Return the address of the week of the unit with that day."""
    query = urlencode({"unit": unit.public_id, "day": day.isoformat()})
    return f"{reverse('org:roster')}?{query}"


def _crumbs(unit: "Unit", day: date) -> tuple[Crumb, ...]:
    return (Crumb(_("Roster"), address(unit, day)),)


@requires(Perm.VIEW_ROSTER, module=None)
def roster(request: HttpRequest) -> HttpResponse:
    """The week of a unit as a grid of shifts and days; who is on now."""
    places = _units(request, Perm.VIEW_ROSTER)
    form = RosterFilterForm(request.GET, units=places)
    wanted = form.cleaned_data if form.is_valid() else {}
    unit = wanted.get("unit") or _own(request, places)
    context: dict[str, Any] = {"filter": form, "unit": unit}
    if unit is not None:
        context |= _week(request, unit, wanted.get("day") or _today(unit.site.time_zone))
    return render(request, "org/roster.html", context)


def _own(request: HttpRequest, places: "list[Unit]") -> "Unit | None":
    here = getattr(request, "unit_id", None)
    return next((unit for unit in places if unit.pk == here), places[0] if places else None)


def _week(request: HttpRequest, unit: "Unit", day: date) -> dict[str, Any]:
    held, now, zone = gate.grants(request), clock.now(), unit.site.time_zone
    first = week_of(day, unit.site.week_start)
    days = [first + n * ONE_DAY for n in range(7)]
    rows = plans.roster_list(grants=held, unit_id=unit.pk, first=days[0], last=days[-1])
    entries = list(rows.order_by("user__family_name", "user__given_name", "pk"))
    may_manage = held.has(Perm.MANAGE_ROSTER, unit.pk)
    away = plans.absences_between(
        user_ids={entry.user_id for entry in entries},
        starts_at=day_start(days[0], zone),
        ends_at=day_end(days[-1], zone),
    )
    shifts = [
        row
        for row in plans.shift_list(site_id=unit.site_id)
        if row.is_active or any(entry.shift_id == row.pk for entry in entries)
    ]
    return {
        "days": [(item, item == _today(zone)) for item in days],
        "grid": [(row, _cells(row.pk, days, entries, away, now)) for row in shifts],
        "on_duty": plans.on_duty(unit_id=unit.pk, at=now),
        "on_call": plans.on_call(unit_id=unit.pk, at=now),
        "away": [_absence(item) for item in away] if may_manage else [],
        "may_manage": may_manage,
        "shifts_address": reverse("org:shifts", args=[unit.site.public_id]),
        "before": address(unit, first - WEEK),
        "after": address(unit, first + WEEK),
        "first": days[0],
        "add_day": max(days[0], _today(zone)),
        "last": days[-1],
    }


def _cells(
    shift_id: int,
    days: list[date],
    entries: "list[RosterEntry]",
    away: list[Any],
    now: datetime,
) -> list[dict[str, Any]]:
    return [
        {
            "day": day,
            "is_past": day < now.date() - ONE_DAY,
            "entries": [
                {
                    "row": entry,
                    "role": _(entry.role.name),
                    "is_away": any(
                        item.user_id == entry.user_id and _touch(item.period, entry.period)
                        for item in away
                    ),
                    "is_over": entry.period.upper <= now,
                }
                for entry in entries
                if entry.shift_id == shift_id and entry.day_on == day
            ],
        }
        for day in days
    ]


def _touch(one: Any, other: Any) -> bool:
    ends = one.upper is None or other.lower < one.upper
    return bool(ends and one.lower < other.upper)


def _absence(item: Any) -> dict[str, Any]:
    return {"row": item, "word": AbsenceKind(item.kind).label}


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"), unit=unit_behind)
def roster_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A person stands in a shift of the unit."""
    unit, now = _unit(request, public_id), clock.now()
    day = _day_asked(request, unit)
    form = RosterForm(
        commands.sent(request),
        initial={"day_on": day, "shift": request.GET.get("shift", "")[:36]},
        shifts=plans.shift_list(site_id=unit.site_id, only_active=True),
        people=plans.candidates(unit_id=unit.pk, at=now),
    )
    page = commands.CommandPage(
        title=_("Add to the roster of %(unit)s") % {"unit": unit.name},
        submit=_("Add"),
        back=address(unit, day),
        crumbs=_crumbs(unit, day),
        done=_("The person stands on the roster."),
    )

    def add(data: dict[str, Any]) -> str:
        row = services.roster_add(
            unit=unit, place=_place(data), by=gate.person(request).pk, at=clock.now()
        )
        return address(unit, row.day_on)

    return commands.answer(request, form, page, add)


def _place(data: dict[str, Any]) -> services.Place:
    user, role = data["who"]
    return services.Place(
        day_on=data["day_on"],
        shift=data["shift"],
        user=user,
        role_id=role.pk,
        on_call=data["on_call"],
        is_double=data["is_double"],
    )


def _day_asked(request: HttpRequest, unit: "Unit") -> date:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return _today(unit.site.time_zone)


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"), unit=entry_behind)
def roster_move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An entry moves to another day, shift or person."""
    found, now = _entry(request, public_id), clock.now()
    unit = found.unit
    form = RosterMoveForm(
        commands.sent(request),
        initial={
            "who": f"{found.user.public_id}:{found.role.code}",
            "day_on": found.day_on,
            "shift": str(found.shift.public_id),
            "on_call": found.on_call,
            "is_double": found.is_double,
            "version": found.version,
        },
        shifts=plans.shift_list(site_id=unit.site_id, only_active=True),
        people=plans.candidates(unit_id=unit.pk, at=now),
    )
    page = commands.CommandPage(
        title=_("Move %(person)s") % {"person": found.user.full_name},
        submit=_("Move"),
        back=address(unit, found.day_on),
        crumbs=_crumbs(unit, found.day_on),
        done=_("The roster was changed."),
    )

    def move(data: dict[str, Any]) -> str:
        row = services.roster_move(
            found,
            place=_place(data),
            version=data["version"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return address(unit, row.day_on)

    return commands.answer(request, form, page, move)


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"), unit=entry_behind)
def roster_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody no longer stands in a shift."""
    found = _entry(request, public_id)
    form = RosterRemoveForm(commands.sent(request), initial={"version": found.version})
    page = commands.CommandPage(
        title=_("Take %(person)s off the roster") % {"person": found.user.full_name},
        submit=_("Take off"),
        back=address(found.unit, found.day_on),
        crumbs=_crumbs(found.unit, found.day_on),
        done=_("The person no longer stands in that shift."),
        is_risky=True,
    )

    def remove(data: dict[str, Any]) -> str:
        services.roster_remove(
            found,
            version=data["version"],
            reason=data["reason"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return address(found.unit, found.day_on)

    return commands.answer(request, form, page, remove)


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"), unit=unit_behind)
def roster_copy(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A week becomes like another; what cannot be copied is named."""
    unit = _unit(request, public_id)
    day, start = _day_asked(request, unit), unit.site.week_start
    form = RosterCopyForm(commands.sent(request), initial={"from_day": day, "to_day": day + WEEK})
    page = _CopyPage(unit, day)

    def copy(data: dict[str, Any]) -> str:
        to_day = week_of(data["to_day"], start)
        copied = services.roster_copy(
            unit=unit,
            from_day=week_of(data["from_day"], start),
            to_day=to_day,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        page.copied = copied
        return address(unit, to_day)

    return commands.answer(request, form, page.shown(), copy)


class _CopyPage:
    """The page of the copy; what it confirms is known only when it was done."""

    def __init__(self, unit: "Unit", day: date) -> None:
        self.unit, self.day = unit, day
        self.copied: services.Copied | None = None

    def __str__(self) -> str:
        copied = self.copied or services.Copied(0, 0, ())
        made = ngettext("%(n)d entry was copied.", "%(n)d entries were copied.", copied.made)
        words = [made % {"n": copied.made}]
        if copied.refused:
            left = len(copied.refused)
            some = ngettext("%(n)d was left out:", "%(n)d were left out:", left) % {"n": left}
            told = [
                f"{entry.user.full_name} – {reason}"
                for entry, reason in copied.refused[:MOST_REASONS]
            ]
            words += [some, *told]
        return " ".join(words)

    def shown(self) -> commands.CommandPage:
        """Return the page."""
        return commands.CommandPage(
            title=_("Copy a week of %(unit)s") % {"unit": self.unit.name},
            submit=_("Copy"),
            back=address(self.unit, self.day),
            crumbs=_crumbs(self.unit, self.day),
            done=self,  # type: ignore[arg-type]
            intro=_("What is there already stays. Who cannot stand there is left out and named."),
        )
