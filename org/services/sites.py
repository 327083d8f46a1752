"""Sites: their clock, business hours, holidays and blackout dates; the hours of their units."""

import json
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from audit.services import Action, changes, record
from core.errors import Invalid, ServiceError, VersionConflict
from core.events import together
from org.models import Blackout, Holiday, Role, Site, Unit, User
from org.rules import hours_fault
from org.services.assignments import assignment_start
from org.services.roster import roster_refit
from org.services.units import CodeTaken, site_create

MOST_HOLIDAYS = 500
MOST_BLACKOUTS = 200
ADMINISTRATOR = "system_administrator"
_COLUMNS = ("name", "code", "time_zone", "week_start", "business_hours")
_LISTS = ("holidays", "blackouts")
_ONE_DAY = timedelta(days=1)


class SiteCodeTaken(ServiceError):
    """Another site has this code."""

    code = "code_taken"
    message = _("Another site already has this code.")


class HolidayOn(NamedTuple):
    """A holiday."""

    day_on: date
    name: str


class BlackoutFromTo(NamedTuple):
    """Blackout dates, both days included."""

    starts_on: date
    ends_on: date
    reason: str


@transaction.atomic
@together()
def site_open(*, values: Mapping[str, Any], by: User, at: datetime) -> Site:
    """A site exists with its root unit, and `by` administers it from there.

    `values` are as for `site_update`; code, name and time_zone must be among them. Raises
    SiteCodeTaken, Invalid.
    """
    _checked(values)
    try:
        with transaction.atomic():
            root = site_create(
                code=values["code"],
                name=values["name"],
                time_zone=values["time_zone"],
                by=by.pk,
                at=at,
            )
    except (CodeTaken, IntegrityError) as error:
        raise SiteCodeTaken(field="code") from error
    rest = {name: value for name, value in values.items() if name not in _COLUMNS[:3]}
    site = site_update(root.site, values=rest, version=None, by=by.pk, at=at)
    assignment_start(
        user=by,
        role=Role.objects.get(code=ADMINISTRATOR),
        unit=root,
        starts_at=at,
        by=by.pk,
        at=at,
        reason="site_open",
    )
    return site


@transaction.atomic
def site_update(
    site: Site, *, values: Mapping[str, Any], version: int | None, by: int, at: datetime
) -> Site:
    """The site is as given: name, code, time_zone, week_start, business_hours, holidays, blackouts.

    Holidays and blackouts are given whole. Raises VersionConflict when somebody changed it first,
    SiteCodeTaken, Invalid.
    """
    row = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    _checked(values)
    stored = {name: getattr(row, name) for name in _COLUMNS} | _stored_lists(row)
    given = {name: sorted(value) if name in _LISTS else value for name, value in values.items()}
    before, after = changes(stored, given)
    if not after:
        return row
    for name in after.keys() & set(_COLUMNS):
        setattr(row, name, after[name])
    row.version += 1
    try:
        with transaction.atomic():
            row.save(update_fields=[*(after.keys() & set(_COLUMNS)), "version"])
    except IntegrityError as error:
        raise SiteCodeTaken(field="code") from error
    if "time_zone" in after:
        roster_refit(site=row, at=at)
    if "holidays" in after:
        _holidays_replace(row, given["holidays"])
    if "blackouts" in after:
        _blackouts_replace(row, given["blackouts"])
    record(
        "site_update",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        before=_plain(before),
        after=_plain(after),
    )
    return row


@transaction.atomic
def unit_hours_set(
    unit: Unit, *, hours: Mapping[str, Any], version: int | None, by: int, at: datetime
) -> Unit:
    """The unit keeps these business hours; with `{}` it keeps those of its site.

    Raises VersionConflict, Invalid.
    """
    row = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    _hours_checked(hours)
    before, after = changes({"business_hours": row.business_hours}, {"business_hours": hours})
    if not after:
        return row
    row.business_hours = hours
    row.version += 1
    row.save(update_fields=["business_hours", "version"])
    record(
        "unit_hours_set",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        unit_id=row.pk,
        before=_plain(before),
        after=_plain(after),
    )
    return row


def _checked(values: Mapping[str, Any]) -> None:
    unknown = set(values) - {*_COLUMNS, *_LISTS}
    if unknown:
        raise Invalid(field=sorted(unknown)[0])
    if "time_zone" in values and values["time_zone"] not in zoneinfo.available_timezones():
        raise Invalid(_("This time zone is not known."), field="time_zone")
    if values.get("week_start", 1) not in range(1, 8):
        raise Invalid(_("A week starts on a day from 1, Monday, to 7."), field="week_start")
    _hours_checked(values.get("business_hours", {}))
    _holidays_checked(values.get("holidays", ()))
    _blackouts_checked(values.get("blackouts", ()))


def _hours_checked(hours: object) -> None:
    fault = hours_fault(hours)
    if fault:
        message = _(
            "Day %(day)s: each interval has a start before its end, like 08:00 to 12:00; they come "
            "in order and do not overlap."
        )
        raise Invalid(message % {"day": fault}, field="business_hours", day=fault)


def _holidays_checked(holidays: Sequence[HolidayOn]) -> None:
    if len(holidays) > MOST_HOLIDAYS:
        message = _("At most %(limit)d holidays.") % {"limit": MOST_HOLIDAYS}
        raise Invalid(message, field="holidays")
    seen: set[date] = set()
    for holiday in holidays:
        if holiday.day_on in seen:
            message = _("%(day)s is there twice.") % {"day": holiday.day_on.isoformat()}
            raise Invalid(message, field="holidays")
        seen.add(holiday.day_on)


def _blackouts_checked(blackouts: Sequence[BlackoutFromTo]) -> None:
    if len(blackouts) > MOST_BLACKOUTS:
        message = _("At most %(limit)d blackouts.") % {"limit": MOST_BLACKOUTS}
        raise Invalid(message, field="blackouts")
    until: date | None = None
    for blackout in sorted(blackouts):
        named = {"day": blackout.starts_on.isoformat()}
        if blackout.ends_on < blackout.starts_on:
            message = _("The blackout from %(day)s ends before it starts.") % named
            raise Invalid(message, field="blackouts")
        if until is not None and blackout.starts_on <= until:
            message = _("The blackout from %(day)s overlaps the one before it.") % named
            raise Invalid(message, field="blackouts")
        until = blackout.ends_on


def _stored_lists(row: Site) -> dict[str, Any]:
    return {
        "holidays": [HolidayOn(item.day_on, item.name) for item in row.holidays.all()],
        "blackouts": [
            BlackoutFromTo(item.period.lower, item.period.upper - _ONE_DAY, item.reason)
            for item in row.blackouts.all()
        ],
    }


def _holidays_replace(row: Site, holidays: Sequence[HolidayOn]) -> None:
    row.holidays.all().delete()
    Holiday.objects.bulk_create(
        Holiday(site=row, day_on=item.day_on, name=item.name) for item in holidays
    )


def _blackouts_replace(row: Site, blackouts: Sequence[BlackoutFromTo]) -> None:
    row.blackouts.all().delete()
    Blackout.objects.bulk_create(
        Blackout(
            site=row,
            period=DateRange(item.starts_on, item.ends_on + _ONE_DAY),
            reason=item.reason,
        )
        for item in blackouts
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the trail keeps them: days as lines of text, hours as JSON."""
    plain = dict(values)
    for name in plain.keys() & set(_LISTS):
        plain[name] = [" ".join(str(part) for part in item) for item in plain[name]]
    if "business_hours" in plain:
        plain["business_hours"] = json.dumps(plain["business_hours"], sort_keys=True)
    return plain
