"""Questions about the roster: who is on duty, who is on call, who stands where in a week."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from org.models import Absence, Assignment, Role, RosterEntry, Shift, UnitGroupGrant, User
from org.permissions import Grants, Perm
from org.states import CAN_SIGN_IN

# A shift of today may have begun yesterday, and the clock of the site may be a day ahead.
_NEAR = timedelta(days=2)
_ABOVE = """
    WITH RECURSIVE way AS (
      SELECT id, parent_id, 0 AS steps FROM org_unit WHERE id = %s
      UNION ALL
      SELECT u.id, u.parent_id, way.steps + 1 FROM org_unit u JOIN way ON u.id = way.parent_id
    ) SELECT id FROM way ORDER BY steps
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody who stands in a shift: who, as what, where, until when, on duty or on call."""

    user_id: int
    public_id: UUID
    name: str
    role: str
    role_name: str
    unit_id: int
    unit_name: str
    shift: str
    on_call: bool
    starts_at: datetime
    ends_at: datetime


def on_duty(*, unit_id: int, role: str = "", at: datetime) -> list[Standing]:
    """Return who works in the unit at `at`, by name: on the roster, not away, allowed to act."""
    return _standing(_on(unit_id, role, at).filter(on_call=False))


def on_call(*, unit_id: int, role: str = "", at: datetime) -> list[Standing]:
    """Return who is on call for the unit at `at`: of the nearest unit upwards that has somebody.

    Whoever is away, left, was suspended or no longer has the role there is not among them.
    """
    for place in _upwards(unit_id):
        found = _standing(_on(place, role, at).filter(on_call=True))
        if found:
            return found
    return []


def _upwards(unit_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, [unit_id])
        return [pk for (pk,) in cursor.fetchall()]


def _on(unit_id: int, role: str, at: datetime) -> QuerySet[RosterEntry]:
    rows = RosterEntry.objects.filter(
        _works_at(at),
        ~Exists(_away_at(at)),
        unit_id=unit_id,
        day_on__range=(at.date() - _NEAR, at.date() + _NEAR),
        period__contains=at,
        removed_at__isnull=True,
        user__state__in=CAN_SIGN_IN,
    )
    return rows.filter(role__code=role) if role else rows


def _works_at(at: datetime) -> Exists:
    """The role that the entry names is still held, in the unit or above it."""
    grants = UnitGroupGrant.objects.filter(
        group=OuterRef("place__group"), content_object=OuterRef(OuterRef("unit"))
    )
    return Exists(
        Assignment.objects.filter(
            Exists(grants),
            user=OuterRef("user"),
            role=OuterRef("role"),
            period__contains=at,
            cancelled_at__isnull=True,
        )
    )


def _away_at(at: datetime) -> QuerySet[Absence]:
    return Absence.objects.filter(
        user=OuterRef("user"), period__contains=at, cancelled_at__isnull=True
    )


def _standing(rows: QuerySet[RosterEntry]) -> list[Standing]:
    rows = rows.select_related("user", "role", "unit", "shift")
    return [
        Standing(
            user_id=row.user_id,
            public_id=row.user.public_id,
            name=row.user.full_name,
            role=row.role.code,
            role_name=row.role.name,
            unit_id=row.unit_id,
            unit_name=row.unit.name,
            shift=row.shift.name,
            on_call=row.on_call,
            starts_at=row.period.lower,
            ends_at=row.period.upper,
        )
        for row in rows.order_by("user__family_name", "user__given_name", "pk")
    ]


def is_fit(*, user_id: int, role_id: int, unit_id: int, at: datetime) -> bool:
    """Say whether the person has the role in the unit, or in one above it, at `at`."""
    grants = UnitGroupGrant.objects.filter(
        group=OuterRef("place__group"), content_object_id=unit_id
    )
    return Assignment.objects.filter(
        Exists(grants),
        user_id=user_id,
        role_id=role_id,
        period__contains=at,
        cancelled_at__isnull=True,
    ).exists()


def is_away(*, user_id: int, starts_at: datetime, ends_at: datetime | None = None) -> bool:
    """Say whether the person is away during any part of the time, or at that instant."""
    rows = Absence.objects.filter(user_id=user_id, cancelled_at__isnull=True)
    if ends_at is None:
        return rows.filter(period__contains=starts_at).exists()
    return rows.filter(period__overlap=(starts_at, ends_at)).exists()


def away_of(user_ids: set[int], *, at: datetime) -> set[int]:
    """Return who of the people is away at `at`."""
    rows = Absence.objects.filter(
        user_id__in=user_ids, period__contains=at, cancelled_at__isnull=True
    )
    return set(rows.values_list("user_id", flat=True))


def roster_visible_to(grants: Grants) -> QuerySet[RosterEntry]:
    """Return the entries, also those taken off, of units whose roster the person may see."""
    rows = RosterEntry.objects.filter(unit_id__in=grants.unit_ids(Perm.VIEW_ROSTER))
    return rows.select_related("user", "role", "unit__site", "shift")


def roster_get(*, grants: Grants, public_id: UUID) -> RosterEntry | None:
    """Return the entry, or None when it is not there or not visible."""
    return roster_visible_to(grants).filter(public_id=public_id).first()


def roster_list(*, grants: Grants, unit_id: int, first: date, last: date) -> QuerySet[RosterEntry]:
    """Return who stands in the unit from `first` to `last`, both included."""
    rows = roster_visible_to(grants).filter(removed_at__isnull=True)
    return rows.filter(unit_id=unit_id, day_on__range=(first, last))


def roster_day(*, unit_ids: set[int], first: date, last: date) -> QuerySet[RosterEntry, Any]:
    """Return rows of unit, day, user, role, shift group, on_call: what figures count from.

    A person who is away for the whole of a shift is not in it. One person may have several rows
    of a day; figures count person-days by user, unit, day and role (rollout-spec 4.3).
    """
    away = Absence.objects.filter(
        user=OuterRef("user"), period__contains=OuterRef("period"), cancelled_at__isnull=True
    )
    rows = RosterEntry.objects.filter(
        ~Exists(away),
        unit_id__in=unit_ids,
        day_on__range=(first, last),
        removed_at__isnull=True,
    )
    found: QuerySet[RosterEntry, Any] = rows.values(
        "unit_id", "day_on", "user_id", "role_id", "shift__group", "on_call"
    )
    return found


def shift_list(*, site_id: int, only_active: bool = False) -> list[Shift]:
    """Return the shifts of a site by the time they begin."""
    rows = Shift.objects.filter(site_id=site_id).select_related("site")
    return list(rows.filter(is_active=True) if only_active else rows)


def shift_get(public_id: UUID) -> Shift | None:
    """Return the shift, or None."""
    return Shift.objects.select_related("site").filter(public_id=public_id).first()


def candidates(*, unit_id: int, at: datetime) -> list[tuple[User, Role]]:
    """Return who may stand in the unit as what, now or later: people who hold a role there."""
    grants = UnitGroupGrant.objects.filter(
        group=OuterRef("place__group"), content_object_id=unit_id
    )
    rows = (
        Assignment.objects.filter(
            Exists(grants),
            Q(period__upper_inf=True) | Q(period__endswith__gt=at),
            cancelled_at__isnull=True,
            user__state__in=CAN_SIGN_IN,
            # Systems and patients hold roles too; nobody plans them.
            role__group__permissions__codename="view_roster",
        )
        .select_related("user", "role")
        .order_by("user__family_name", "user__given_name", "user_id", "role__code")
    )
    seen: dict[tuple[int, int], tuple[User, Role]] = {}
    for row in rows:
        seen.setdefault((row.user_id, row.role_id), (row.user, row.role))
    return list(seen.values())


def absence_list(
    *, grants: Grants, user_id: int | None = None, permission: str = Perm.MANAGE_ROSTER
) -> QuerySet[Absence]:
    """Return absences of people whose shifts the asker plans, the latest first."""
    reach = Assignment.objects.filter(unit_id__in=grants.unit_ids(permission))
    rows = Absence.objects.filter(user_id__in=reach.values("user_id")).select_related("user")
    return rows.filter(user_id=user_id) if user_id is not None else rows


def absence_get(*, grants: Grants, public_id: UUID) -> Absence | None:
    """Return the absence, or None when it is not there or not of a person in reach."""
    return absence_list(grants=grants).filter(public_id=public_id).first()


def absences_between(
    *, user_ids: set[int], starts_at: datetime, ends_at: datetime
) -> list[Absence]:
    """Return the absences of the people that touch the time, with their people."""
    rows = Absence.objects.filter(
        user_id__in=user_ids, period__overlap=(starts_at, ends_at), cancelled_at__isnull=True
    )
    return list(rows.select_related("user").order_by("period", "pk"))
