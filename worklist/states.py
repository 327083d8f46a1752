"""States of a task, and the closed lists of what is recorded about one. Pure."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TaskState(TextChoices):
    """Where a task is (feature-bar 2.H, FHIR Task.status)."""

    READY = "ready", pgettext_lazy("state of a task", "Waiting")
    CLAIMED = "claimed", pgettext_lazy("state of a task", "In work")
    RETURNED = "returned", pgettext_lazy("state of a task", "Given back")
    BLOCKED = "blocked", pgettext_lazy("state of a task", "On hold")
    DONE = "done", pgettext_lazy("state of a task", "Done")
    CANCELLED = "cancelled", pgettext_lazy("state of a task", "No longer needed")
    ERROR = "error", pgettext_lazy("state of a task", "Entered in error")


_ENDS = frozenset({TaskState.DONE, TaskState.CANCELLED, TaskState.ERROR})
TASK_STEPS: dict[str, frozenset[str]] = {
    # Done without being claimed: the doer is recorded all the same (ROW-H2).
    TaskState.READY: _ENDS | {TaskState.CLAIMED, TaskState.BLOCKED},
    TaskState.RETURNED: _ENDS | {TaskState.CLAIMED, TaskState.BLOCKED},
    TaskState.CLAIMED: _ENDS | {TaskState.RETURNED, TaskState.BLOCKED},
    TaskState.BLOCKED: _ENDS | {TaskState.CLAIMED, TaskState.RETURNED},
    TaskState.DONE: frozenset({TaskState.ERROR}),
    TaskState.CANCELLED: frozenset({TaskState.ERROR}),
    TaskState.ERROR: frozenset(),
}
POOL = frozenset({TaskState.READY, TaskState.RETURNED})
OPEN = POOL | {TaskState.CLAIMED, TaskState.BLOCKED}


class Priority(TextChoices):
    """How soon something must happen (FHIR request-priority)."""

    ROUTINE = "routine", pgettext_lazy("priority", "Routine")
    URGENT = "urgent", pgettext_lazy("priority", "Urgent")
    ASAP = "asap", pgettext_lazy("priority", "As soon as possible")
    STAT = "stat", pgettext_lazy("priority", "Immediately")


SEVERITY: dict[str, int] = {
    Priority.ROUTINE: 0,
    Priority.URGENT: 1,
    Priority.ASAP: 2,
    Priority.STAT: 3,
}


class Channel(TextChoices):
    """By which way somebody is told; the fallback follows where it fails (ROW-H6)."""

    APP = "app", pgettext_lazy("way to tell somebody", "On the screen")
    MAIL = "mail", pgettext_lazy("way to tell somebody", "E-mail")
    SMS = "sms", pgettext_lazy("way to tell somebody", "Text message")


class EntryKind(TextChoices):
    """What happened to a task beside its steps; together they are its timeline (ROW-H10)."""

    SEEN = "seen", pgettext_lazy("happened to a task", "Seen")
    JOINED = "joined", pgettext_lazy("happened to a task", "Came again")
    RAISED = "raised", pgettext_lazy("happened to a task", "Became more urgent")
    HANDED = "handed", pgettext_lazy("happened to a task", "Handed over")
    NOTE = "note", pgettext_lazy("happened to a task", "Note")


class Box(TextChoices):
    """The parts of an inbox."""

    MINE = "mine", _("Mine")
    HANDED = "handed", _("Handed to me")
    ROLE = "role", _("My role")
    UNIT = "unit", _("My units")


class DeliveryState(TextChoices):
    """Where one way of telling somebody stands (feature-bar 2.H)."""

    QUEUED = "queued", pgettext_lazy("state of a delivery", "Waiting")
    SENT = "sent", pgettext_lazy("state of a delivery", "Sent")
    DELIVERED = "delivered", pgettext_lazy("state of a delivery", "Arrived")
    READ = "read", pgettext_lazy("state of a delivery", "Read")
    FAILED = "failed", pgettext_lazy("state of a delivery", "Failed, tried again")
    DEAD = "dead", pgettext_lazy("state of a delivery", "Given up")
    SKIPPED = "skipped", pgettext_lazy("state of a delivery", "Left out")


DELIVERY_STEPS: dict[str, frozenset[str]] = {
    # A provider's word that it arrived may come before its answer that it took it.
    DeliveryState.QUEUED: frozenset(
        {
            DeliveryState.SENT,
            DeliveryState.DELIVERED,
            DeliveryState.FAILED,
            DeliveryState.DEAD,
            DeliveryState.SKIPPED,
        }
    ),
    DeliveryState.FAILED: frozenset(
        {DeliveryState.QUEUED, DeliveryState.DEAD, DeliveryState.SKIPPED}
    ),
    DeliveryState.SENT: frozenset(
        {DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.DEAD}
    ),
    DeliveryState.DELIVERED: frozenset({DeliveryState.READ}),
    DeliveryState.READ: frozenset(),
    # By hand, after what was wrong was put right.
    DeliveryState.DEAD: frozenset({DeliveryState.QUEUED}),
    DeliveryState.SKIPPED: frozenset(),
}
UNSENT = frozenset({DeliveryState.QUEUED, DeliveryState.FAILED})
# Nobody was reached by this way.
MISSED = frozenset({DeliveryState.DEAD, DeliveryState.SKIPPED})


class SkipReason(TextChoices):
    """Why a way was not taken."""

    OFF = "off", _("This way is not set up in this hospital")
    NO_ADDRESS = "no_address", _("The person has no confirmed address for it")
    READ = "read", _("The person had read it already")
    LEFT = "left", _("The person may no longer sign in")


class AlertAnswer(TextChoices):
    """What became of an alert (rollout-spec 4.3)."""

    ACCEPTED = "accepted", pgettext_lazy("answer to an alert", "Acted on")
    OVERRIDDEN = "overridden", pgettext_lazy("answer to an alert", "Overridden")
    DISMISSED = "dismissed", pgettext_lazy("answer to an alert", "Dismissed")
    EXPIRED = "expired", pgettext_lazy("answer to an alert", "Not answered in time")


class OverrideReason(TextChoices):
    """Why an alert was overridden or dismissed: coded, so that it can be counted (ROW-H5)."""

    KNOWN = "known", _("Known, and taken into account")
    NOT_THIS_PATIENT = "not_this_patient", _("Does not apply to this patient")
    BENEFIT = "benefit", _("The benefit is greater than the risk")
    WRONG_DATA = "wrong_data", _("The data behind it are wrong or old")
    ALREADY_DONE = "already_done", _("Already done")
    TOO_OFTEN = "too_often", _("Comes too often")


class Verdict(TextChoices):
    """What was decided about a rule that is overridden too often."""

    KEEP = "keep", pgettext_lazy("verdict on a rule", "Keep as it is")
    CHANGE = "change", pgettext_lazy("verdict on a rule", "Change it")
    OFF = "off", pgettext_lazy("verdict on a rule", "Switch it off")
