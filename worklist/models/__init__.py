"""Tables of this room: one module a subject."""

from worklist.models.alerts import AlertEvent, AlertReview, AlertRuleSetting
from worklist.models.notices import Notice, NoticeChoice, NoticeDelivery
from worklist.models.routing import Delegation, DuePolicy
from worklist.models.tasks import Task, TaskEntry, TaskEscalation

__all__ = [
    "AlertEvent",
    "AlertReview",
    "AlertRuleSetting",
    "Delegation",
    "DuePolicy",
    "Notice",
    "NoticeChoice",
    "NoticeDelivery",
    "Task",
    "TaskEntry",
    "TaskEscalation",
]
