"""Who works where as what, from when until when."""

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError, VersionConflict
from core.events import publish
from org.events import AssignmentChanged
from org.models import Assignment, Role, RolePlace, Unit, User
from org.services.grants import role_place_open
from org.states import AccountState, ShiftGroup

__all__ = ["assignment_end", "assignment_start", "assignments_settle", "role_place_open"]


class AssignmentOverlaps(ServiceError):
    """The person already has this role in this unit during part of the period."""

    code = "assignment_overlaps"
    message = _("This person already has this role in this unit during part of that time.")


class AssignmentOver(ServiceError):
    """The assignment has ended already."""

    code = "assignment_over"
    message = _("This assignment has ended already.")


@transaction.atomic
def assignment_start(
    *,
    user: User,
    role: Role,
    unit: Unit,
    starts_at: datetime,
    ends_at: datetime | None = None,
    shift_group: str = ShiftGroup.DAY,
    by: int | None,
    at: datetime,
    reason: str = "",
) -> Assignment:
    """`user` works in `unit` as `role` during [starts_at, ends_at).

    Raises AssignmentOverlaps, and Invalid for an empty period, a closed unit or a person who left.
    """
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(_("The end must be after the start."), field="ends_at")
    if not Unit.objects.select_for_update().get(pk=unit.pk).is_active:
        raise Invalid(_("This unit is closed."), field="unit")
    if User.objects.select_for_update().get(pk=user.pk).state == AccountState.LEFT:
        raise Invalid(_("This person has left."), field="user")
    try:
        with transaction.atomic():
            row = Assignment.objects.create(
                user=user,
                place=role_place_open(role=role, unit=unit),
                role=role,
                unit=unit,
                period=DateTimeTZRange(starts_at, ends_at),
                shift_group=shift_group,
                reason=reason,
            )
    except IntegrityError as error:
        raise AssignmentOverlaps() from error
    _settle_user(user.pk, at=at)
    record(
        "assignment_start",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=row,
        unit_id=unit.pk,
        reason=reason,
        after={
            "user": user.public_id,
            "role": role.code,
            "unit": unit.public_id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "shift_group": shift_group,
        },
    )
    _announce(row, at)
    return row


@transaction.atomic
def assignment_end(
    assignment: Assignment,
    *,
    ends_at: datetime,
    version: int | None = None,
    by: int,
    at: datetime,
    reason: str,
) -> Assignment:
    """The assignment ends at `ends_at`; one that has not begun by then is cancelled.

    Raises AssignmentOver, VersionConflict, Invalid for an end before now.
    """
    row = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    lower, upper = row.period.lower, row.period.upper
    if row.cancelled_at is not None or (upper is not None and upper <= at):
        raise AssignmentOver()
    if ends_at < at:
        raise Invalid(_("An assignment cannot end in the past."), field="ends_at")
    is_cancelled = ends_at <= lower
    if is_cancelled:
        row.cancelled_at = at
    else:
        row.period = DateTimeTZRange(lower, ends_at)
    row.version += 1
    row.save(update_fields=["period", "cancelled_at", "version"])
    _settle_user(row.user_id, at=at)
    record(
        "assignment_end",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        unit_id=row.unit_id,
        reason=reason,
        before={"ends_at": upper},
        after={"cancelled_at": at} if is_cancelled else {"ends_at": ends_at},
    )
    _announce(row, at)
    return row


def _announce(row: Assignment, at: datetime) -> None:
    publish(
        AssignmentChanged(assignment_id=row.pk, user_id=row.user_id, unit_id=row.unit_id),
        at=at,
        order_key=f"user:{row.user_id}",
    )


def _settle_user(user_id: int, *, at: datetime) -> bool:
    """The person is in exactly the groups of the assignments in force; says if that changed."""
    wanted = set(
        Assignment.objects.filter(
            user_id=user_id, period__contains=at, cancelled_at__isnull=True
        ).values_list("place__group_id", flat=True)
    )
    user = User.objects.get(pk=user_id)
    present = set(
        user.groups.filter(pk__in=RolePlace.objects.values("group_id")).values_list("pk", flat=True)
    )
    user.groups.remove(*Group.objects.filter(pk__in=present - wanted))
    user.groups.add(*Group.objects.filter(pk__in=wanted - present))
    return wanted != present


@transaction.atomic
def assignments_settle(*, at: datetime, since: datetime) -> int:
    """Groups follow assignments that began or ended after `since`; returns how many changed.

    guardian's own questions read the membership; the site's doors read Assignment itself, so an
    ended contract opens nothing even before this ran.
    """
    moved = Assignment.objects.filter(period__startswith__gt=since, period__startswith__lte=at)
    ended = Assignment.objects.filter(period__endswith__gt=since, period__endswith__lte=at)
    users = moved.union(ended).values_list("user_id", flat=True)
    ordered = User.objects.filter(pk__in=set(users)).order_by(F("pk")).select_for_update()
    return sum(_settle_user(user.pk, at=at) for user in ordered)
