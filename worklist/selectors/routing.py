"""Who stands in for whom, who may be handed a task, how soon tasks are due where."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet

from org.permissions import Grants
from org.selectors import away, holders_in
from worklist.models import Delegation, DuePolicy, Task
from worklist.permissions import Perm
from worklist.states import OPEN

if TYPE_CHECKING:
    from org.models import User


def unit_of(public_id: UUID) -> int | None:
    """Return the unit of a task, None when there is no such task: for the doors that name it."""
    return Task.objects.filter(public_id=public_id).values_list("unit_id", flat=True).first()


def receivers(task: Task, *, at: datetime) -> "list[User]":
    """Return who may be handed the task: whoever does tasks in its unit and has it not."""
    rows = holders_in(Perm.WORK, unit_ids={task.unit_id}, at=at)
    return [user for user in rows if user.pk != task.owner_id]


def colleagues(grants: Grants, *, at: datetime) -> "list[User]":
    """Return who may stand in for the person: whoever does tasks in one of their home units."""
    homes = {held.unit_id for held in grants.held if Perm.WORK in held.permissions}
    rows = holders_in(Perm.WORK, unit_ids=homes, at=at)
    return [user for user in rows if user.pk != grants.user_id]


def delegations_of(user_id: int, *, at: datetime) -> QuerySet[Delegation]:
    """Return who stands in for the person, now or later, the nearest first."""
    rows = Delegation.objects.filter(
        from_user_id=user_id, period__endswith__gt=at, cancelled_at__isnull=True
    )
    return rows.order_by("period")


def delegations_to(user_id: int, *, at: datetime) -> QuerySet[Delegation]:
    """Return for whom the person stands in, now or later, the nearest first."""
    rows = Delegation.objects.filter(
        to_user_id=user_id, period__endswith__gt=at, cancelled_at__isnull=True
    )
    return rows.order_by("period")


def delegation_get(user_id: int, public_id: UUID) -> Delegation | None:
    """Return one of the person's own stand-ins."""
    return Delegation.objects.filter(from_user_id=user_id, public_id=public_id).first()


def policies(grants: Grants) -> QuerySet[DuePolicy]:
    """Return the due times that units set for themselves, where the asker may set them."""
    rows = DuePolicy.objects.filter(unit_id__in=grants.unit_ids(Perm.MANAGE))
    return rows.select_related("unit").order_by("unit__name", "kind", "priority")


def open_keys(kinds: Collection[str]) -> set[tuple[str, str]]:
    """Return kind and key of each open task of these kinds: what is known already."""
    rows = Task.objects.filter(kind__in=kinds, state__in=OPEN).exclude(group_key="")
    found = rows.values_list("kind", "group_key")
    return {(kind, group.removeprefix(f"{kind}:")) for kind, group in found}


def stranded(*, at: datetime) -> list[tuple[UUID, int]]:
    """Return whose open tasks lie where: the owner works nowhere now, nobody stands in for them.

    Each with the owner's public id and the unit.
    """
    rows = Task.objects.filter(state__in=OPEN, owner__isnull=False)
    owners = set(rows.values_list("owner_id", flat=True).distinct())
    covered = Delegation.objects.filter(period__contains=at, cancelled_at__isnull=True)
    alone = away(owners, at=at) - set(covered.values_list("from_user_id", flat=True))
    found = rows.filter(owner_id__in=alone).values_list("owner__public_id", "unit_id")
    return sorted(set(found), key=str)
