"""The only place where a fact meets its handlers."""

from core.events import Subscribed
from org import handlers as org

TABLE: dict[str, Subscribed] = {
    "audit.TrailBroken": (("org.arrival_note", org.arrival_note),),
    "org.UnitCreated": (("org.arrival_note", org.arrival_note),),
    "org.AssignmentChanged": (("org.arrival_note", org.arrival_note),),
    "org.AccountNoticed": (("org.account_notice_mail", org.account_notice_mail),),
    "org.AccountKeyAsked": (("org.account_key_mail", org.account_key_mail),),
    "org.ActivationChanged": (("org.arrival_note", org.arrival_note),),
}


def handlers_of(fact: str) -> Subscribed:
    """Return (name, function) of everybody who wants to know of `fact`."""
    return TABLE.get(fact, ())
