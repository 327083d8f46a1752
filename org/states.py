"""States of people's accounts and the levels a module may have in a unit. Pure."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AccountState(TextChoices):
    """Whether a login may be used."""

    INVITED = "invited", _("Invited")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    LEFT = "left", _("Left")


ACCOUNT_STEPS: dict[str, frozenset[str]] = {
    AccountState.INVITED: frozenset({AccountState.ACTIVE, AccountState.LEFT}),
    AccountState.ACTIVE: frozenset({AccountState.SUSPENDED, AccountState.LEFT}),
    AccountState.SUSPENDED: frozenset({AccountState.ACTIVE, AccountState.LEFT}),
    AccountState.LEFT: frozenset({AccountState.ACTIVE}),
}
CAN_SIGN_IN = frozenset({AccountState.ACTIVE})


class NoticeKind(TextChoices):
    """What the owner of a login is told of."""

    FACTOR_ADDED = "factor_added", _("A second factor was added to your login")
    FACTOR_REMOVED = "factor_removed", _("A second factor was removed from your login")
    CODES_MADE = "codes_made", _("New recovery codes were made for your login")
    CODE_USED = "code_used", _("A recovery code was used to sign in")
    PASSWORD_CHANGED = (
        "password_changed",
        _("The password of your login was changed"),
    )  # pragma: allowlist secret
    SIGN_IN_LOCKED = "sign_in_locked", _("Your login was locked after wrong passwords")
    NEW_PLACE = "new_place", _("Somebody signed in with your login on a device not seen before")


class Level(TextChoices):
    """What a unit's users may do in a module (rollout-spec 3.6)."""

    OFF = "off", _("Off")
    OBSERVE = "observe", _("Observe")
    TRAINING = "training", _("Training")
    LIVE = "live", _("Live")
    READ_ONLY = "read_only", _("Read only")


# Before a roll-out programme exists an administrator may set any level (decisions 24).
LEVEL_STEPS: dict[str, frozenset[str]] = {
    level: frozenset(set(Level.values) - {level}) for level in Level.values
}


class Module(TextChoices):
    """The switchable parts (decisions 23)."""

    REGISTRATION = "registration", _("Registration")
    ORDERS = "orders", _("Orders")
    TASKS = "tasks", _("Tasks")
    APPOINTMENTS = "appointments", _("Appointments")
    BEDS = "beds", _("Beds")
    BILLING = "billing", _("Billing")
    LAB = "lab", _("Laboratory")
    PHARMACY = "pharmacy", _("Pharmacy")
    REPORTS = "reports", _("Reports")
    PORTAL = "portal", _("Portal")


class UnitKind(TextChoices):
    """What kind of place a unit is; `hospital` is the root of a site's tree."""

    HOSPITAL = "hospital", _("Hospital")
    WARD = "ward", _("Ward")
    ED = "ed", _("Emergency room")
    CLINIC = "clinic", _("Clinic")
    THEATRE = "theatre", _("Theatre")
    LAB = "lab", _("Laboratory")
    PHARMACY = "pharmacy", _("Pharmacy")
    STORE = "store", _("Store")
    BILLING = "billing", _("Billing office")
    FRONT_DESK = "front_desk", _("Front desk")
    OFFICE = "office", _("Office")
    TRAINING = "training", _("Training unit")


class ShiftGroup(TextChoices):
    """The part of the roster a person works in."""

    DAY = "day", _("Day")
    NIGHT = "night", _("Night")
    WEEKEND = "weekend", _("Weekend")
    FLOAT = "float", _("Float")


class AbsenceKind(TextChoices):
    """Why somebody is away, in the least words."""

    LEAVE = "leave", _("Leave")
    SICK = "sick", _("Sick")
    TRAINING = "training", pgettext_lazy("why somebody is away", "Training")
    OTHER = "other", _("Other reason")


class ClientKind(TextChoices):
    """What sort of program an API client is."""

    APP = "app", _("App on a device, no secret")
    SERVER = "server", _("Web application with a secret")
    SYSTEM = "system", _("System that acts for itself")
