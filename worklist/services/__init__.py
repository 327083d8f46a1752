"""Verbs of this room: the only writers of its tables."""

from worklist.services.alerts import (
    AlertAnswered,
    Fired,
    UnknownRule,
    alert_answer,
    alert_fire,
    alert_rule_review,
    alert_rule_set,
    alerts_expire,
)
from worklist.services.deliveries import (
    deliveries_unconfirmed,
    delivery_confirm,
    delivery_retry,
    delivery_settle,
    delivery_take,
)
from worklist.services.escalation import task_escalate, tasks_escalate
from worklist.services.notices import (
    NotYourNotice,
    SmsFailed,
    SmsOff,
    UnknownNotice,
    notice_choose,
    notice_read,
    notice_send,
    notices_read,
)
from worklist.services.opening import (
    UnknownKind,
    task_cancel,
    task_cancel_by_source,
    task_open,
)
from worklist.services.passing import (
    AlreadyAway,
    NotTheirWork,
    delegation_begin,
    delegation_end,
    task_hand_over,
    task_move,
)
from worklist.services.pausing import task_hold, task_wake, tasks_wake
from worklist.services.policies import due_set
from worklist.services.telling import escalation_tell, handover_tell
from worklist.services.ways import ways_watched
from worklist.services.work import (
    Closed,
    Taken,
    task_claim,
    task_done,
    task_note,
    task_release,
    task_seen,
    task_void,
)

__all__ = [
    "AlertAnswered",
    "AlreadyAway",
    "Closed",
    "Fired",
    "NotTheirWork",
    "NotYourNotice",
    "SmsFailed",
    "SmsOff",
    "Taken",
    "UnknownKind",
    "UnknownNotice",
    "UnknownRule",
    "alert_answer",
    "alert_fire",
    "alert_rule_review",
    "alert_rule_set",
    "alerts_expire",
    "delegation_begin",
    "delegation_end",
    "deliveries_unconfirmed",
    "delivery_confirm",
    "delivery_retry",
    "delivery_settle",
    "delivery_take",
    "due_set",
    "escalation_tell",
    "handover_tell",
    "notice_choose",
    "notice_read",
    "notice_send",
    "notices_read",
    "task_cancel",
    "task_cancel_by_source",
    "task_claim",
    "task_done",
    "task_escalate",
    "task_hand_over",
    "task_hold",
    "task_move",
    "task_note",
    "task_open",
    "task_release",
    "task_seen",
    "task_void",
    "task_wake",
    "tasks_escalate",
    "tasks_wake",
    "ways_watched",
]
