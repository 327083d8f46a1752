"""Who works where as what, from when until when."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError, VersionConflict
from core.events import publish
from org.events import AssignmentChanged
from org.models import Assignment, Role, Unit, User
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
    if not Unit.objects.select_for_update(no_key=True).get(pk=unit.pk).is_active:
        raise Invalid(_("This unit is closed."), field="unit")
    if _user_locked(user.pk).state == AccountState.LEFT:
        raise Invalid(_("This person has left."), field="user")
    row = assignment_insert(
        Assignment(
            user=user,
            place=role_place_open(role=role, unit=unit),
            role=role,
            unit=unit,
            period=DateTimeTZRange(starts_at, ends_at),
            shift_group=shift_group,
            reason=reason,
        ),
        by=by,
        at=at,
    )
    memberships_settle([user.pk], at=at)
    return row


def assignment_insert(row: Assignment, *, by: int | None, at: datetime) -> Assignment:
    """The new assignment is stored, on the trail and announced.

    The caller has locked its unit and person, and settles the person's memberships. Raises
    AssignmentOverlaps.
    """
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AssignmentOverlaps() from error
    record(
        "assignment_start",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=row,
        unit_id=row.unit_id,
        reason=row.reason,
        after={
            "user": row.user.public_id,
            "role": row.role.code,
            "unit": row.unit.public_id,
            "starts_at": row.period.lower,
            "ends_at": row.period.upper,
            "shift_group": row.shift_group,
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
    _user_locked(assignment.user_id)
    row = Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
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
    memberships_settle([row.user_id], at=at)
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


def _user_locked(user_id: int) -> User:
    """Nobody else changes the person's assignments and memberships until the commit."""
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


_LEAVE = """
    DELETE FROM org_user_groups gone USING org_roleplace rp
    WHERE rp.group_id = gone.group_id AND gone.user_id = ANY(%(users)s)
      AND NOT EXISTS (
        SELECT 1 FROM org_assignment a
        WHERE a.place_id = rp.id AND a.user_id = gone.user_id
          AND a.period @> %(at)s::timestamptz AND a.cancelled_at IS NULL)
    RETURNING gone.user_id
"""
_JOIN = """
    INSERT INTO org_user_groups (user_id, group_id)
    SELECT a.user_id, rp.group_id
    FROM org_assignment a JOIN org_roleplace rp ON rp.id = a.place_id
    WHERE a.user_id = ANY(%(users)s)
      AND a.period @> %(at)s::timestamptz AND a.cancelled_at IS NULL
    ON CONFLICT DO NOTHING RETURNING user_id
"""
_DIFFERING = """
    WITH wanted AS (
      SELECT a.user_id, rp.group_id
      FROM org_assignment a JOIN org_roleplace rp ON rp.id = a.place_id
      WHERE a.period @> %(at)s::timestamptz AND a.cancelled_at IS NULL
    ), present AS (
      SELECT ug.user_id, ug.group_id
      FROM org_user_groups ug JOIN org_roleplace rp ON rp.group_id = ug.group_id
    ), differing AS (
      (TABLE wanted EXCEPT TABLE present) UNION ALL (TABLE present EXCEPT TABLE wanted)
    )
    SELECT DISTINCT user_id FROM differing ORDER BY user_id
"""


def memberships_settle(user_ids: Collection[int], *, at: datetime) -> int:
    """Each person, whom the caller has locked, is in exactly the groups of assignments in force.

    Returns how many people's memberships changed.
    """
    changed: set[int] = set()
    with connection.cursor() as cursor:
        for statement in (_LEAVE, _JOIN):
            cursor.execute(statement, {"users": list(user_ids), "at": at})
            changed.update(user_id for (user_id,) in cursor.fetchall())
    return len(changed)


def assignments_settle(*, at: datetime) -> int:
    """Everybody's memberships follow the assignments in force; returns how many people's changed.

    Looks at everybody, so that nothing is missed after an outage of any length. guardian's own
    questions read the membership; the site's doors read Assignment itself, so an ended contract
    opens nothing even before this ran. Each person is a transaction: no long locks.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING, {"at": at})
        user_ids = [user_id for (user_id,) in cursor.fetchall()]
    changed = 0
    for user_id in user_ids:
        with transaction.atomic():
            _user_locked(user_id)
            changed += memberships_settle([user_id], at=at)
    return changed
