"""Who may read the trail, and whose rows: rights are hospital-wide or end at the units held."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from audit.models import AuditEvent

# Whether the right is held in the whole house, else in which units: what `request.reach` answers.
Reach = tuple[frozenset[int], bool]
ReachOf = Callable[[Any, str], Reach]


class Perm(StrEnum):
    """Permissions of this room."""

    VIEW_TRAIL = "audit.view_trail"
    VIEW_HISTORY = "audit.view_history"
    EXPORT_TRAIL = "audit.export_trail"
    RECORD_DISCLOSURE = "audit.record_disclosure"
    VIEW_SEALS = "audit.view_seals"
    ACKNOWLEDGE_BREAK = "audit.acknowledge_break"


def visible_to(reach: Reach) -> QuerySet[AuditEvent]:
    """Return the rows of the units in reach; whoever has the whole house also sees the others."""
    units, is_everywhere = reach
    rows = AuditEvent.objects.all()
    return rows if is_everywhere else rows.filter(unit__in=units)
