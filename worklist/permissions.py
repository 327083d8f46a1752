"""Who may see and do which tasks: by unit, whoever owns them, and whoever stands in for the owner.

A patient's name beside a task is not decided here: `patients.selectors` says whose record may be
seen.
"""

from enum import StrEnum

from django.db.models import Q, QuerySet

from org.permissions import Grants
from worklist.models import Task
from worklist.states import OPEN, POOL


class Perm(StrEnum):
    """Permissions of this room."""

    VIEW = "worklist.view_task"
    WORK = "worklist.work_task"
    MANAGE = "worklist.manage_tasks"
    VIEW_DELIVERIES = "worklist.view_deliveries"
    RETRY_DELIVERY = "worklist.retry_delivery"
    VIEW_SCORES = "worklist.view_scores"
    REVIEW_RULES = "worklist.review_rules"


def visible_to(grants: Grants) -> QuerySet[Task]:
    """Return the tasks of the units where the person may see tasks, and those that are theirs."""
    within = Q(unit_id__in=grants.unit_ids(Perm.VIEW))
    return Task.objects.filter(within | Q(owner_id=grants.user_id))


def may_work(grants: Grants, task: Task) -> bool:
    """Say whether the person may take and do the task, as far as its unit goes."""
    return grants.has(Perm.WORK, task.unit_id)


def may_manage(grants: Grants, task: Task) -> bool:
    """Say whether the person may move a task that is somebody else's."""
    return grants.has(Perm.MANAGE, task.unit_id)


def may_take(grants: Grants, task: Task, *, stands_in_for: frozenset[int] = frozenset()) -> bool:
    """Say whether the task is free for the person: nobody's, theirs, or an absent person's."""
    is_free = task.owner_id is None or task.owner_id in {grants.user_id, *stands_in_for}
    return task.state in OPEN and is_free and may_work(grants, task)


def is_pooled(task: Task) -> bool:
    """Say whether nobody has the task."""
    return task.state in POOL and task.owner_id is None
