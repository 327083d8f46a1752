"""Who stands in which shift: planned, moved, taken off, a week copied; shifts and absences."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _

from audit.services import Action, changes, record
from core.context import asker
from core.errors import Invalid, ServiceError, VersionConflict
from org.models import Absence, RosterEntry, Shift, Site, Unit, User
from org.rules import shift_period
from org.selectors.roster import is_away, is_fit
from org.states import AbsenceKind, AccountState, ShiftGroup

WEEK = timedelta(days=7)
LONGEST_ABSENCE = timedelta(days=800)
FURTHEST = timedelta(days=400)
_SHIFT_COLUMNS = ("code", "name", "from_time", "to_time", "group", "is_active")


class StandsElsewhere(ServiceError):
    """The person stands in another shift during part of this one."""

    code = "roster_overlaps"
    message = _(
        "This person already stands in another shift at that time. If that is meant, say that they "
        "stand in both."
    )


class StandsThere(ServiceError):
    """The person stands in this very shift already."""

    code = "roster_twice"
    message = _("This person already stands in this shift.")


class RosterOver(ServiceError):
    """The entry was taken off the roster, or its shift is over."""

    code = "roster_over"
    message = _("This entry is no longer on the roster, or its shift is over.")


class ShiftCodeTaken(ServiceError):
    """The site has a shift with this code."""

    code = "shift_code_taken"
    message = _("This site already has a shift with this code.")


class AbsenceOverlaps(ServiceError):
    """The person is away already during part of that time."""

    code = "absence_overlaps"
    message = _("This person is already entered as away during part of that time.")


class AbsenceOver(ServiceError):
    """The absence has ended or was taken back."""

    code = "absence_over"
    message = _("This absence has ended already, or was taken back.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry of the roster stands: day and shift, and who as what."""

    day_on: date
    shift: Shift
    user: User
    role_id: int
    on_call: bool = False
    is_double: bool = False


@transaction.atomic
def roster_add(
    *, unit: Unit, place: Place, by: int | None, at: datetime, source: str = ""
) -> RosterEntry:
    """The person stands in the shift of the unit on that day.

    Raises StandsElsewhere, StandsThere, Invalid for a closed unit, another site's shift, a shift
    that is over, somebody who is away, has left or does not have the role in the unit then.
    """
    return roster_insert(unit=unit, place=place, by=by, at=at, source=source)


def roster_insert(
    *, unit: Unit, place: Place, by: int | None, at: datetime, source: str = ""
) -> RosterEntry:
    """As `roster_add`, inside the caller's transaction: locks the unit, then the person."""
    held, place = _held(unit.pk, place)
    period = _checked(held, place, at=at)
    row = RosterEntry(unit=unit, period=period, source=source or _source(), **_columns(place))
    _saved(row, by_insert=True)
    _noted("roster_add", Action.CREATE, row, by=by, at=at, after=_told(row))
    return row


@transaction.atomic
def roster_move(
    entry: RosterEntry, *, place: Place, version: int | None, by: int, at: datetime
) -> RosterEntry:
    """The entry stands for another day, shift, person or role of its unit. Errors as roster_add.

    Raises also RosterOver and VersionConflict.
    """
    unit, place = _held(entry.unit_id, place)
    people_locked({entry.user_id, place.user.pk})
    row = _entry_locked(entry, version, at)
    before = _told(row)
    period = _checked(unit, place, at=at)
    for name, value in _columns(place).items():
        setattr(row, name, value)
    row.period = period
    row.version += 1
    _saved(row)
    was, now = changes(before, _told(row))
    _noted("roster_move", Action.UPDATE, row, by=by, at=at, before=was, after=now)
    return row


@transaction.atomic
def roster_remove(
    entry: RosterEntry, *, version: int | None, reason: str, by: int, at: datetime
) -> RosterEntry:
    """The person no longer stands in that shift. Raises RosterOver, VersionConflict."""
    row = _entry_locked(entry, version, at)
    row.removed_at = at
    row.version += 1
    row.save(update_fields=["removed_at", "version"])
    _noted(
        "roster_remove", Action.UPDATE, row, by=by, at=at, reason=reason, after={"removed_at": at}
    )
    return row


@dataclass(frozen=True, slots=True)
class Copied:
    """How many entries of a week were copied, were there already, and why others were not."""

    made: int
    already: int
    refused: tuple[tuple[RosterEntry, str], ...]


@transaction.atomic
def roster_copy(*, unit: Unit, from_day: date, to_day: date, by: int, at: datetime) -> Copied:
    """The seven days from `to_day` hold what the seven from `from_day` hold.

    What is there stays; who cannot stand there is left out and named with the reason. Raises
    Invalid for the same days or days that overlap.
    """
    if abs(to_day - from_day) < WEEK:
        raise Invalid(_("Choose another week than the one that is copied."), field="to_day")
    made = already = 0
    refused: list[tuple[RosterEntry, str]] = []
    site_held({unit.site_id})
    _unit_locked(unit.pk)
    week = _week(unit, from_day)
    people_locked({entry.user_id for entry in week})
    for entry in week:
        place = Place(
            day_on=entry.day_on + (to_day - from_day),
            shift=entry.shift,
            user=entry.user,
            role_id=entry.role_id,
            on_call=entry.on_call,
            is_double=entry.is_double,
        )
        try:
            with transaction.atomic():
                roster_insert(unit=unit, place=place, by=by, at=at)
        except StandsThere:
            already += 1
        except ServiceError as error:
            refused.append((entry, str(error.detail)))
        else:
            made += 1
    return Copied(made, already, tuple(refused))


def _week(unit: Unit, first: date) -> list[RosterEntry]:
    rows = RosterEntry.objects.filter(
        unit=unit, day_on__gte=first, day_on__lt=first + WEEK, removed_at__isnull=True
    )
    return list(rows.select_related("shift__site", "user").order_by("day_on", "pk"))


def people_locked(user_ids: set[int]) -> None:
    """Nobody else plans these people until the commit; by number, so nobody waits in a circle."""
    rows = User.objects.filter(pk__in=user_ids).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def site_held(site_ids: set[int]) -> None:
    """The clocks of these sites stay as they are until the commit; many may hold them at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM org_site WHERE id = ANY(%s) ORDER BY id FOR SHARE", [list(site_ids)]
        )


def _held(unit_id: int, place: Place) -> tuple[Unit, Place]:
    """Return the unit, locked, and the place with the times of its shift, which stay as they are.

    Otherwise times that change at this moment would miss the new entry.
    """
    site_held({place.shift.site_id})
    unit = _unit_locked(unit_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM org_shift WHERE id = %s FOR SHARE", [place.shift.pk])
    shift = Shift.objects.select_related("site").get(pk=place.shift.pk)
    return unit, replace(place, shift=shift)


def _unit_locked(unit_id: int) -> Unit:
    return Unit.objects.select_for_update(no_key=True).get(pk=unit_id)


def _entry_locked(entry: RosterEntry, version: int | None, at: datetime) -> RosterEntry:
    rows = RosterEntry.objects.select_for_update(no_key=True, of=("self",))
    row = rows.select_related("shift", "user", "role", "unit").get(pk=entry.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    if row.removed_at is not None or row.period.upper <= at:
        raise RosterOver()
    return row


def _checked(unit: Unit, place: Place, *, at: datetime) -> DateTimeTZRange:
    """Return the real time of the shift; the person is locked. Raises Invalid."""
    if not unit.is_active:
        raise Invalid(_("This unit is closed."), field="unit")
    starts, ends = _times(unit, place, at=at)
    user = User.objects.select_for_update(no_key=True).get(pk=place.user.pk)
    if user.state == AccountState.LEFT:
        raise Invalid(_("This person has left."), field="who")
    if not is_fit(user_id=user.pk, role_id=place.role_id, unit_id=unit.pk, at=max(starts, at)):
        message = _("This person does not have this role in this unit then. Assign them first.")
        raise Invalid(message, field="who")
    if is_away(user_id=user.pk, starts_at=starts, ends_at=ends):
        raise Invalid(_("This person is away during that shift."), field="who")
    return DateTimeTZRange(starts, ends)


def _times(unit: Unit, place: Place, *, at: datetime) -> tuple[datetime, datetime]:
    """Return from when until when the shift lasts. Raises Invalid."""
    if place.shift.site_id != unit.site_id or not place.shift.is_active:
        raise Invalid(_("This unit has no such shift."), field="shift")
    zone = place.shift.site.time_zone
    starts, ends = shift_period(place.day_on, place.shift.from_time, place.shift.to_time, zone)
    if starts >= ends:
        message = _("On that day the clocks change, and this shift has no time of its own.")
        raise Invalid(message, field="shift")
    if ends <= at:
        raise Invalid(_("This shift is over."), field="day_on")
    if starts > at + FURTHEST:
        raise Invalid(_("A roster is planned for at most 400 days ahead."), field="day_on")
    return starts, ends


def _columns(place: Place) -> dict[str, Any]:
    return {
        "day_on": place.day_on,
        "shift": place.shift,
        "user": place.user,
        "role_id": place.role_id,
        "on_call": place.on_call,
        "is_double": place.is_double,
    }


def _saved(row: RosterEntry, *, by_insert: bool = False) -> None:
    """The row is stored; its person is locked, so what is asked here still holds then."""
    same = RosterEntry.objects.filter(
        unit=row.unit,
        day_on=row.day_on,
        shift=row.shift,
        user=row.user,
        role_id=row.role_id,
        removed_at__isnull=True,
    )
    if same.exclude(pk=row.pk).exists():
        raise StandsThere(field="who")
    try:
        with transaction.atomic():
            row.save(force_insert=by_insert)
    except IntegrityError as error:
        raise StandsElsewhere(field="who") from error


def _told(row: RosterEntry) -> dict[str, Any]:
    return {
        "day_on": row.day_on,
        "shift": row.shift.code,
        "user": row.user.public_id,
        "role": row.role.code,
        "on_call": row.on_call,
        "is_double": row.is_double,
    }


def _noted(act: str, action: Action, row: RosterEntry, **rest: Any) -> None:
    record(act, action=action, subject=row, unit_id=row.unit_id, **rest)


def _source() -> str:
    here = asker().source
    return here or "screen"


@transaction.atomic
def shift_create(*, site: Site, values: Mapping[str, Any], by: int | None, at: datetime) -> Shift:
    """The site has one more shift. Raises ShiftCodeTaken, Invalid."""
    row = Shift(site=site, **_shift_values(values))
    _shift_saved(row, by_insert=True)
    after = {name: str(getattr(row, name)) for name in _SHIFT_COLUMNS}
    record("shift_create", action=Action.CREATE, at=at, by=by, subject=row, after=after)
    return row


@transaction.atomic
def shift_update(
    shift: Shift, *, values: Mapping[str, Any], version: int | None, by: int, at: datetime
) -> Shift:
    """The shift has these words and times; entries that have not begun follow.

    Raises ShiftCodeTaken, VersionConflict, Invalid when somebody would then stand in two places.
    """
    rows = Shift.objects.select_for_update(no_key=True, of=("self",)).select_related("site")
    row = rows.get(pk=shift.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    given = _shift_values(values)
    was, now = changes({name: getattr(row, name) for name in given}, given)
    if not now:
        return row
    for name, value in now.items():
        setattr(row, name, value)
    row.version += 1
    _shift_saved(row)
    if {"from_time", "to_time"} & set(now):
        roster_refit(site=row.site, shift=row, at=at)
    record(
        "shift_update",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        before={name: str(value) for name, value in was.items()},
        after={name: str(value) for name, value in now.items()},
    )
    return row


def roster_refit(*, site: Site, shift: Shift | None = None, at: datetime) -> int:
    """Entries that have not begun last as long as their shifts do now; returns how many changed.

    Called when times of a shift or the clock of a site change, inside that transaction. Raises
    Invalid when somebody would then stand in two places.
    """
    rows = RosterEntry.objects.filter(
        unit__site=site, removed_at__isnull=True, period__startswith__gt=at
    )
    if shift is not None:
        rows = rows.filter(shift=shift)
    changed = []
    for row in rows.select_related("shift").order_by("pk").select_for_update(of=("self",)):
        times = shift_period(row.day_on, row.shift.from_time, row.shift.to_time, site.time_zone)
        if (row.period.lower, row.period.upper) != times and times[0] < times[1]:
            row.period = DateTimeTZRange(*times)
            changed.append(row)
    try:
        with transaction.atomic():
            RosterEntry.objects.bulk_update(changed, ["period"], batch_size=500)
    except IntegrityError as error:
        message = _(
            "With these times somebody would stand in two shifts at once. Change the roster first."
        )
        raise Invalid(message, field="from_time" if shift else "time_zone") from error
    return len(changed)


def _shift_values(values: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: values[name] for name in _SHIFT_COLUMNS if name in values}
    if given.get("group", ShiftGroup.DAY) not in ShiftGroup.values:
        raise Invalid(field="group")
    return given


def _shift_saved(row: Shift, *, by_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=by_insert)
    except IntegrityError as error:
        raise ShiftCodeTaken(field="code") from error


@transaction.atomic
def absence_record(
    *, user: User, kind: str, starts_at: datetime, ends_at: datetime | None, by: int, at: datetime
) -> Absence:
    """The person is away during [starts_at, ends_at); on-call answers leave them out then.

    What they stand for on the roster stays: the planner sees it marked. Raises AbsenceOverlaps,
    Invalid.
    """
    if kind not in AbsenceKind.values:
        raise Invalid(field="kind")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(_("The end must be after the start."), field="ends_on")
    if ends_at is not None and ends_at - starts_at > LONGEST_ABSENCE:
        raise Invalid(_("An absence lasts at most 800 days."), field="ends_on")
    if User.objects.select_for_update(no_key=True).get(pk=user.pk).state == AccountState.LEFT:
        raise Invalid(_("This person has left."), field="who")
    row = Absence(user=user, kind=kind, period=DateTimeTZRange(starts_at, ends_at))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AbsenceOverlaps(field="starts_on") from error
    after = {"user": user.public_id, "starts_at": starts_at, "ends_at": ends_at}
    record("absence_record", action=Action.CREATE, at=at, by=by, subject=row, after=after)
    return row


@transaction.atomic
def absence_end(
    absence: Absence, *, ends_at: datetime, version: int | None, by: int, at: datetime
) -> Absence:
    """The absence ends at `ends_at`; one that has not begun by then is taken back.

    Raises AbsenceOver, VersionConflict, Invalid for an end in the past or after the one entered.
    """
    row = Absence.objects.select_for_update(no_key=True).get(pk=absence.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    lower, upper = row.period.lower, row.period.upper
    if row.cancelled_at is not None or (upper is not None and upper <= at):
        raise AbsenceOver()
    if ends_at < at:
        raise Invalid(_("An absence cannot end in the past."), field="ends_on")
    if upper is not None and ends_at > upper:
        raise Invalid(
            _("That is after the end that was entered. Enter one more absence."), field="ends_on"
        )
    if ends_at <= lower:
        row.cancelled_at = at
    else:
        row.period = DateTimeTZRange(lower, ends_at)
    row.version += 1
    row.save(update_fields=["period", "cancelled_at", "version"])
    after: dict[str, Any] = {"cancelled_at": at} if row.cancelled_at else {"ends_at": ends_at}
    record(
        "absence_end",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        before={"ends_at": upper},
        after=after,
    )
    return row
