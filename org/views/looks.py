"""How states look: tone, icon and word together, never colour alone."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from core.html import Look
from org import rules
from org.site_forms import hours_text, weekday_word
from org.states import AccountState, Level

if TYPE_CHECKING:
    from org.models import ApiClient, Unit


_ACCOUNTS = {
    AccountState.INVITED: ("info", "mail"),
    AccountState.ACTIVE: ("ok", "circle-check"),
    AccountState.SUSPENDED: ("warn", "lock"),
    AccountState.LEFT: ("mute", "logout"),
}
_LEVELS = {
    Level.OFF: ("mute", "circle-dashed"),
    Level.OBSERVE: ("info", "eye"),
    Level.TRAINING: ("spec", "school"),
    Level.LIVE: ("ok", "circle-check"),
    Level.READ_ONLY: ("warn", "lock"),
}


def account_look(state: str) -> Look:
    """Return the look of an account's state."""
    known = AccountState(state)
    return Look(*_ACCOUNTS[known], str(known.label))


def level_look(level: str) -> Look:
    """Return the look of an activation level."""
    known = Level(level)
    return Look(*_LEVELS[known], str(known.label))


def week_rows(hours: rules.Hours) -> list[tuple[Any, str]]:
    """Return each weekday with its business hours in words; nothing when there are no hours."""
    days = rules.WEEKDAYS if hours else ()
    return [(weekday_word(day), hours_text(hours.get(day, ())) or _("Closed")) for day in days]


def unit_look(unit: "Unit") -> Look:
    """Return the look of a unit that is open or closed."""
    if unit.is_active:
        return Look("ok", "circle-check", _("Open"))
    return Look("mute", "lock", _("Closed"))


def client_look(client: "ApiClient") -> Look:
    """Return the look of an API client that is open or closed."""
    if client.closed_at is None:
        return Look("ok", "circle-check", _("Open"))
    return Look("mute", "lock", _("Closed"))
