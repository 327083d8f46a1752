"""Menus by URL name: what a person may open, with its icon and word."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.permissions import Perm as Trail
from org import selectors
from org.permissions import Grants, Perm
from org.states import Level
from patients.permissions import Perm as Patients
from worklist.permissions import Perm as Tasks


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the rail; `permission` "" means every signed-in person."""

    url_name: str
    label: str | Promise
    icon: str
    permission: str = ""
    module: str = ""
    is_settings: bool = False
    about: str | Promise = ""
    # Whoever holds this finds the page behind another entry.
    unless: str = ""
    # Found by search, and opened from another page: the rail has no room for everything.
    is_below: bool = False


ENTRIES: tuple[Entry, ...] = (
    Entry("home", _("Home"), "home"),
    Entry(
        "worklist:my-tasks",
        _("Tasks"),
        "clipboard-list",
        Tasks.VIEW,
        about=_("What waits for you, your role and your units, and what is late."),
    ),
    Entry(
        "patients:patients",
        _("Patients"),
        "user-circle",
        Patients.VIEW,
        about=_("Find a patient by name, number, phone or day of birth; register a new one."),
    ),
    Entry(
        "patients:preregistrations",
        _("Pre-registrations"),
        "inbox",
        Patients.REGISTER,
        about=_("What people said about themselves before they come, to be checked."),
        is_below=True,
    ),
    Entry(
        "org:roster",
        _("Roster"),
        "calendar",
        Perm.VIEW_ROSTER,
        about=_("Who is on duty and on call now; the week of a unit; shifts and absences."),
    ),
    Entry(
        "patients:glass-new",
        _("Break the glass"),
        "alert-octagon",
        Patients.BREAK_GLASS,
        about=_("Open a record that is not open to you, when care cannot wait."),
        is_below=True,
    ),
    Entry(
        "patients:glasses",
        _("Broken glasses"),
        "shield-lock",
        Patients.REVIEW_GLASS,
        about=_("Records opened in an emergency, and their review."),
    ),
    Entry(
        "patients:restrictions",
        _("Restricted records"),
        "lock",
        Patients.RESTRICT,
        about=_("Records that are open to few, and to whom."),
    ),
    Entry(
        "patients:seen",
        _("Who has seen a record"),
        "eye",
        Trail.VIEW_TRAIL,
        about=_("Every look at one patient's record: by whom, when, from where and why."),
    ),
    Entry(
        "org:units",
        _("Units"),
        "building-hospital",
        Perm.VIEW_UNITS,
        is_settings=True,
        about=_("Wards, clinics, laboratories and offices, as a tree."),
    ),
    Entry(
        "org:sites",
        _("Sites"),
        "building",
        Perm.MANAGE_SITES,
        is_settings=True,
        about=_("Clock, business hours, holidays and blackout dates of each site."),
    ),
    Entry(
        "org:people",
        _("People"),
        "users",
        Perm.VIEW_PEOPLE,
        is_settings=True,
        about=_("Who works here, where, as what, from when until when."),
    ),
    Entry(
        "org:roles",
        _("Roles"),
        "shield-check",
        Perm.VIEW_ROLES,
        is_settings=True,
        about=_("What each role may do."),
    ),
    Entry(
        "org:activation",
        _("Modules"),
        "toggle-right",
        Perm.VIEW_ACTIVATION,
        is_settings=True,
        about=_("Which module runs in which unit, at which level."),
    ),
    Entry(
        "audit:events",
        _("Audit trail"),
        "clipboard-list",
        Trail.VIEW_TRAIL,
        is_settings=True,
        about=_("Who did, saw or tried what; who changed which setting; what was given away."),
    ),
    Entry(
        "org:clients",
        _("API clients"),
        "key",
        Perm.VIEW_CLIENTS,
        is_settings=True,
        about=_("Apps and systems that may work with the hospital's data."),
    ),
    Entry(
        "audit:history",
        _("Audit trail"),
        "clipboard-list",
        Trail.VIEW_HISTORY,
        is_settings=True,
        about=_("Who changed which setting, and whether the trail is whole."),
        unless=Trail.VIEW_TRAIL,
    ),
    Entry(
        "operations",
        _("Operations"),
        "activity",
        Perm.VIEW_OPERATIONS,
        is_settings=True,
        about=_("State of the system, read-only mode, facts that could not be delivered."),
    ),
    Entry(
        "worklist:deliveries",
        _("Deliveries of notices"),
        "send",
        Tasks.VIEW_DELIVERIES,
        is_settings=True,
        about=_("Mails and text messages of notices: what arrived, what did not, and why."),
        is_below=True,
    ),
    Entry(
        "worklist:scores",
        _("Alerts and tasks"),
        "chart-line",
        Tasks.VIEW_SCORES,
        is_settings=True,
        about=_(
            "How often alert rules fire, are acted on and overridden; noisy ones to decide on."
        ),
    ),
    Entry(
        "backups",
        _("Backups"),
        "download",
        Perm.VIEW_OPERATIONS,
        is_settings=True,
        about=_("Last backup, last restore drill, time to restore, and what is overdue."),
        is_below=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the page shows it."""

    label: str
    icon: str
    url: str
    current: bool
    about: str


def _is_open(entry: Entry, grants: Grants, unit_id: int | None) -> bool:
    if entry.permission and not grants.has(entry.permission):
        return False
    if entry.unless and grants.has(entry.unless):
        return False
    if not entry.module:
        return True
    return selectors.level(unit=unit_id, module=entry.module) != Level.OFF


def links(
    grants: Grants, *, unit_id: int | None, path: str, settings: bool | None = None
) -> list[Link]:
    """Return what the person may open; `settings` picks the administration group, or the rest."""
    result = []
    for entry in ENTRIES:
        if settings is not None and (entry.is_below or entry.is_settings != settings):
            continue
        if _is_open(entry, grants, unit_id):
            url = reverse(entry.url_name)
            is_here = path == url or (url != "/" and path.startswith(url))
            result.append(Link(str(entry.label), entry.icon, url, is_here, str(entry.about)))
    return result


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the patient's page that another room draws, by the name of its address."""

    url_name: str
    permission: str


# In the order in which they stand; each room adds its own (house 8, decisions 9).
PANELS: tuple[Panel, ...] = (Panel("worklist:patient-tasks", Tasks.VIEW),)


def panels(grants: Grants, patient: UUID) -> list[str]:
    """Return the addresses of the panels of a patient's page that the person may ask for.

    Each door behind them asks again what the person may see.
    """
    return [
        reverse(panel.url_name, args=[patient]) for panel in PANELS if grants.has(panel.permission)
    ]


KEYS: tuple[dict[str, str | Promise], ...] = (
    {"key": "Ctrl K", "label": _("Search and commands"), "scope": "all"},
    {"key": "/", "label": _("Search"), "scope": "all"},
    {"key": "?", "label": _("All keys"), "scope": "all"},
    {"key": "Shift L", "label": _("Lock screen"), "scope": "all"},
    {"key": "F2", "label": _("New patient"), "scope": "page"},
    {"key": "Esc", "label": _("Close, or clear"), "scope": "all"},
    {"key": "Ctrl Enter", "label": _("Save the form"), "scope": "form"},
    {"key": "ArrowUp", "label": _("Row above"), "scope": "list"},
    {"key": "ArrowDown", "label": _("Row below"), "scope": "list"},
    {"key": "Enter", "label": _("Open the row"), "scope": "list"},
    {"key": "C", "label": _("Take the task"), "scope": "list"},
    {"key": "Shift D", "label": _("The task is done"), "scope": "list"},
    {"key": "H", "label": _("Hand the task over"), "scope": "list"},
    {"key": "Z", "label": _("Put the task on hold"), "scope": "list"},
)
