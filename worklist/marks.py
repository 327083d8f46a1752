"""What an inbox is made of, for its tag: the units it shows, and its person."""

from org.permissions import Grants
from worklist.permissions import Perm


def unit_mark(unit_id: int) -> str:
    """Return what inboxes of the unit are made of."""
    return f"tasks:unit:{unit_id}"


def person_mark(user_id: int) -> str:
    """Return what the inbox of a person is made of, beside their units."""
    return f"tasks:person:{user_id}"


def marks_of(grants: Grants) -> list[str]:
    """Return what the inbox of the person is made of."""
    own = [person_mark(grants.user_id)] if grants.user_id is not None else []
    return own + [unit_mark(unit_id) for unit_id in sorted(grants.unit_ids(Perm.VIEW))]
