"""Shifts, entries and absences in the smallest legal form, made by the real services."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from core import clock
from org import services
from org.models import Absence, Assignment, RosterEntry, Shift, Unit, User

DAY, NIGHT = (time(7), time(19)), (time(19), time(7))
HOURS = {"D": ("Day", *DAY, "day"), "N": ("Night", *NIGHT, "night")}


def shift(unit: Unit, code: str = "D") -> Shift:
    """The site of the unit has the day shift from 7 to 19, or the night shift from 19 to 7."""
    found = Shift.objects.filter(site_id=unit.site_id, code=code).first()
    if found:
        return found
    name, begins, ends, group = HOURS[code]
    values = {"code": code, "name": name, "from_time": begins, "to_time": ends, "group": group}
    return services.shift_create(site=unit.site, values=values, by=None, at=clock.now())


def place(
    unit: Unit, user: User, day: date, *, code: str = "D", role: str = "nurse", **rest: Any
) -> services.Place:
    """Where the person shall stand."""
    work = Assignment.objects.filter(user=user, role__code=role).first()
    role_id = work.role_id if work else 0
    return services.Place(day_on=day, shift=shift(unit, code), user=user, role_id=role_id, **rest)


def entry(
    unit: Unit, user: User, day: date, *, at: datetime | None = None, **rest: Any
) -> RosterEntry:
    """The person stands in a shift of the unit."""
    where = place(unit, user, day, **rest)
    return services.roster_add(unit=unit, place=where, by=None, at=at or clock.now())


def absence(user: User, starts_at: datetime, ends_at: datetime | None = None) -> Absence:
    """The person is on leave."""
    return services.absence_record(
        user=user, kind="leave", starts_at=starts_at, ends_at=ends_at, by=user.pk, at=clock.now()
    )


def planted(unit: Unit, user: User) -> dict[str, Any]:
    """A shift, an entry and an absence of the person in the unit, in days to come."""
    now = clock.now().astimezone(UTC)
    return {
        "shift": shift(unit).public_id,
        "entry": entry(unit, user, now.date() + timedelta(days=9)).public_id,
        "absence": absence(user, now + timedelta(days=30), now + timedelta(days=33)).public_id,
    }
