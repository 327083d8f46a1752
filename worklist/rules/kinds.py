"""What tasks there are: the one place that says so, as data.

A room above opens a task by its kind; words, role, due times, escalation, quiet hours, grouping and
the page behind it follow from here. `DuePolicy` may set another time for a unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from worklist.states import Channel, Priority

STAT, ASAP, URGENT, ROUTINE = (
    str(level) for level in (Priority.STAT, Priority.ASAP, Priority.URGENT, Priority.ROUTINE)
)
HOUR, DAY = 60, 24 * 60
# Minutes from opening until it must be done, by priority.
USUAL: Mapping[str, int] = {STAT: 15, ASAP: HOUR, URGENT: 4 * HOUR, ROUTINE: DAY}
# Clock times between which nobody is told of a new task that can wait; never of a stat one.
NIGHT: Mapping[str, tuple[int, int]] = {ROUTINE: (21, 7)}


@dataclass(frozen=True, slots=True)
class Level:
    """So many minutes after a task was due, this role is told by this channel."""

    after: int
    role: str
    channel: str = Channel.APP


@dataclass(frozen=True, slots=True)
class Link:
    """The page that shows what a task is about: its URL name, and what stands in the address.

    `by` is "subject", "patient" or "" for a page without an id. A page that does not exist (yet)
    is not linked.
    """

    url_name: str
    by: str = "subject"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of task.

    `words` may name facts of the task (`%(what)s`). Tasks of one `group` are one while it is open:
    "subject" (of one subject), "patient" (of one patient), "unit" (of the unit), or "none".
    `is_manual`: people open it by hand. `is_exception`: the system found that something is wrong.
    """

    code: str
    words: Promise
    role: str = ""
    icon: str = "clipboard-list"
    priority: str = ROUTINE
    due: Mapping[str, int] = field(default_factory=lambda: USUAL)
    levels: tuple[Level, ...] = ()
    quiet: Mapping[str, tuple[int, int]] = field(default_factory=lambda: NIGHT)
    group: str = "subject"
    link: Link | None = None
    is_manual: bool = False
    is_exception: bool = False

    def title(self, facts: Mapping[str, object]) -> str:
        """Return the words with the task's facts in them; a missing fact shows as "…"."""
        return str(self.words) % _Facts(facts)


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


_PATIENT = Link("patients:patient", "patient")
_MANAGER = (Level(0, "ward_manager"), Level(2 * HOUR, "ward_manager", Channel.MAIL))
_TECHNICAL = (
    Level(0, "system_administrator", Channel.MAIL),
    Level(4 * HOUR, "rollout_manager", Channel.MAIL),
)

_ALL = (
    # Opened by people.
    Kind(
        "request",
        _("Request"),
        icon="send",
        levels=_MANAGER,
        group="none",
        link=_PATIENT,
        is_manual=True,
    ),
    Kind(
        "call",
        _("Call the patient or the family"),
        icon="phone-call",
        levels=_MANAGER,
        group="none",
        link=_PATIENT,
        is_manual=True,
    ),
    Kind(
        "paperwork",
        _("Paper to sign or to send"),
        icon="file-text",
        levels=_MANAGER,
        group="none",
        link=_PATIENT,
        is_manual=True,
    ),
    # What the system found to be wrong (ROW-H8).
    Kind(
        "failed_fact",
        _("Facts could not be delivered: %(handler)s"),
        role="system_administrator",
        icon="alert-octagon",
        priority=URGENT,
        levels=_TECHNICAL,
        link=Link("operations", ""),
        is_exception=True,
    ),
    Kind(
        "failed_delivery",
        _("A message reached nobody: %(channel)s"),
        role="system_administrator",
        icon="wifi-off",
        priority=URGENT,
        levels=_TECHNICAL,
        is_exception=True,
    ),
    Kind(
        "backup_overdue",
        _("Backups need attention: %(what)s"),
        role="system_administrator",
        icon="download",
        priority=ASAP,
        levels=_TECHNICAL,
        group="unit",
        link=Link("backups", ""),
        is_exception=True,
    ),
    Kind(
        "trail_broken",
        _("The audit trail does not match its seals"),
        role="privacy_officer",
        icon="shield-lock",
        priority=STAT,
        levels=(Level(0, "system_administrator", Channel.MAIL),),
        group="unit",
        link=Link("audit:seals", ""),
        is_exception=True,
    ),
    Kind(
        "unavailable_staff",
        _("Tasks wait for somebody who is not at work"),
        role="ward_manager",
        icon="user-x",
        priority=ASAP,
        levels=(Level(0, "bed_manager"), Level(2 * HOUR, "system_administrator")),
        link=Link("org:person"),
        is_exception=True,
    ),
    Kind(
        "duplicate_suspicion",
        _("Likely duplicates wait for a decision"),
        role="records_officer",
        icon="users",
        due={**USUAL, ROUTINE: 3 * DAY},
        levels=(Level(0, "records_officer"),),
        group="unit",
        link=Link("patients:duplicates", ""),
        is_exception=True,
    ),
    Kind(
        "glass_review",
        _("A restricted record was opened in an emergency"),
        role="privacy_officer",
        icon="eye",
        priority=URGENT,
        due={**USUAL, URGENT: 2 * DAY},
        levels=(Level(0, "privacy_officer", Channel.MAIL),),
        link=Link("patients:glass-review"),
        is_exception=True,
    ),
    # Opened by rooms that come later.
    Kind(
        "missing_order",
        _("Something was done that nobody ordered"),
        role="doctor",
        icon="help",
        priority=URGENT,
        levels=_MANAGER,
        link=_PATIENT,
        is_exception=True,
    ),
    Kind(
        "unassigned_order",
        _("An order has nobody who does it"),
        role="nurse",
        icon="user-plus",
        priority=URGENT,
        levels=_MANAGER,
        link=_PATIENT,
        is_exception=True,
    ),
    Kind(
        "cross_cover",
        _("A patient of another team is in your care"),
        role="doctor",
        icon="arrows-exchange",
        priority=ASAP,
        levels=_MANAGER,
        link=_PATIENT,
        is_exception=True,
    ),
    Kind(
        "unmatched_result",
        _("A result belongs to no order"),
        role="lab_technician",
        icon="flask",
        priority=ASAP,
        levels=(Level(0, "lab_physician"), Level(HOUR, "lab_physician", Channel.SMS)),
        is_exception=True,
    ),
    Kind(
        "late_documentation",
        _("A record of care is not complete: %(what)s"),
        role="doctor",
        icon="file-text",
        due={**USUAL, ROUTINE: 2 * DAY},
        levels=_MANAGER,
        group="subject",
        link=_PATIENT,
        is_exception=True,
    ),
)
KINDS: Mapping[str, Kind] = {kind.code: kind for kind in _ALL}
MANUAL: tuple[Kind, ...] = tuple(kind for kind in _ALL if kind.is_manual)


def kind_of(code: str) -> Kind:
    """Return the kind; one that an older version knew still has words."""
    return KINDS.get(code) or Kind(code, _("Task"))


def group_key(kind: Kind, *, unit_id: int, patient_id: int | None, subject: tuple[str, str]) -> str:
    """Return what may be open only once, "" where every opening is a task of its own."""
    if kind.group == "subject" and subject[1]:
        return f"{kind.code}:{subject[0]}:{subject[1]}"
    if kind.group == "patient" and patient_id:
        return f"{kind.code}:patient:{patient_id}"
    return f"{kind.code}:unit:{unit_id}" if kind.group == "unit" else ""
