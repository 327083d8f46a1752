"""What waits for somebody: mine, handed to me, my role's, my units' (ROW-H1)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from org.permissions import Grants
from worklist.models import Delegation, Task, TaskEscalation
from worklist.permissions import Perm, visible_to
from worklist.states import OPEN, POOL, Box, TaskState

# What cannot wait first, then by the clock: due times follow from how urgent something is.
ORDER = ("lane", "due_at", "id")
COUNTED = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an inbox is asked for; empty values ask for everything.

    `with_hidden` also shows what is on hold for now.
    """

    kind: str = ""
    unit_id: int | None = None
    priority: str = ""
    patient_ids: Collection[int] | None = None
    with_hidden: bool = False


def stands_in_for(user_id: int | None, *, at: datetime) -> frozenset[int]:
    """Return who is away and has named the person to do their tasks."""
    rows = Delegation.objects.filter(
        to_user_id=user_id, period__contains=at, cancelled_at__isnull=True
    )
    return frozenset(rows.values_list("from_user_id", flat=True))


def inbox(
    box: str,
    *,
    grants: Grants,
    absent: frozenset[int],
    at: datetime,
    wanted: Wanted = Wanted(),
) -> QuerySet[Task]:
    """Return what the box of the person holds; `absent` are those they stand in for."""
    rows = _open(grants, at, wanted)
    return rows.filter(_box(box, grants, absent)).order_by(*ORDER)


def counts(
    *, grants: Grants, absent: frozenset[int], at: datetime, wanted: Wanted = Wanted()
) -> dict[str, int]:
    """Return how many tasks each box holds, how many of mine are late, and what is hidden."""
    rows = visible_to(grants).filter(_filters(wanted), state__in=OPEN)
    seen = Q() if wanted.with_hidden else ~_hidden(at)
    boxes = {box: Count("pk", filter=seen & _box(box, grants, absent)) for box in Box.values}
    mine = _box(Box.MINE, grants, absent) | _box(Box.HANDED, grants, absent)
    return rows.aggregate(
        **boxes,
        late=Count("pk", filter=seen & mine & Q(due_at__lt=at)),
        hidden=Count("pk", filter=_hidden(at)),
    )


def mine_open(user_id: int, *, at: datetime) -> int:
    """Return how many tasks wait for the person by name, for the bell of every page.

    At night the bell leaves out what can wait until the morning; the inbox shows everything.
    """
    rows = Task.objects.filter(owner_id=user_id, state__in=OPEN)
    return rows.exclude(_hidden(at) | Q(quiet_until__gt=at, quiet_until__isnull=False)).count()


def _open(grants: Grants, at: datetime, wanted: Wanted) -> QuerySet[Task]:
    rows = visible_to(grants).filter(_filters(wanted), state__in=OPEN)
    return rows if wanted.with_hidden else rows.exclude(_hidden(at))


def _hidden(at: datetime) -> Q:
    """On hold until it wakes; the database refuses that for what cannot wait."""
    return Q(state=TaskState.BLOCKED, wake_at__gt=at)


def _filters(wanted: Wanted) -> Q:
    found = Q()
    if wanted.kind:
        found &= Q(kind=wanted.kind)
    if wanted.priority:
        found &= Q(priority=wanted.priority)
    if wanted.unit_id is not None:
        found &= Q(unit_id=wanted.unit_id)
    if wanted.patient_ids is not None:
        found &= Q(patient_id__in=wanted.patient_ids)
    return found


def _box(box: str, grants: Grants, absent: frozenset[int]) -> Q:
    if box == Box.MINE:
        return Q(owner_id=grants.user_id, state__in=[TaskState.CLAIMED, TaskState.BLOCKED])
    if box == Box.HANDED:
        return Q(owner_id=grants.user_id, state__in=POOL) | Q(owner_id__in=absent)
    if box == Box.ROLE:
        return _of_roles(grants)
    return Q(unit_id__in=grants.unit_ids(Perm.VIEW))


def _of_roles(grants: Grants) -> Q:
    """Nobody has it and it is for one of the person's roles there, or it has escalated to one."""
    found = Q(pk__in=[])
    for held in grants.held:
        if Perm.WORK in held.permissions:
            within = Q(unit_id__in=held.unit_ids)
            escalated = TaskEscalation.objects.filter(role=held.role, task__state__in=OPEN)
            found |= within & Q(role__in=["", held.role], owner__isnull=True)
            found |= within & Q(pk__in=escalated.values("task_id"))
    return found


def is_open(*, kind: str, subject: tuple[str, str]) -> bool:
    """Say whether a task of this kind about this is open."""
    rows = Task.objects.filter(kind=kind, subject_type=subject[0], subject_id=subject[1])
    return rows.filter(state__in=OPEN).exists()
