"""Inviting the people of a unit at once: by mail, or on slips of paper."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from org.models import User
from org.services.account_keys import INVITATION, LIVES, key_issue, key_send
from org.states import AccountState


class Slip(NamedTuple):
    """What is printed for one person: the link's secret, this once, and until when it opens."""

    user: User
    token: str
    expires_at: datetime


def _still_invited(user_ids: Iterable[int]) -> list[User]:
    """Lock the people in one order, and leave out who has signed in meanwhile."""
    rows = User.objects.select_for_update(no_key=True).filter(
        pk__in=list(user_ids), state=AccountState.INVITED
    )
    return list(rows.order_by("pk"))


@transaction.atomic
def invitations_send(user_ids: Iterable[int], *, by: int, at: datetime) -> int:
    """Whoever of them has an address will get a link by mail; returns how many.

    Raises Invalid when nobody has one.
    """
    people = [user for user in _still_invited(user_ids) if user.email]
    if not people:
        raise Invalid(_("None of them has an e-mail address: print slips."), field="people")
    for user in people:
        key_send(user, by=by, at=at, kind=INVITATION)
    return len(people)


@transaction.atomic
def invitations_issue(user_ids: Iterable[int], *, by: int, at: datetime) -> list[Slip]:
    """A link is open for each of them, and older ones are void; by name, for printing.

    Raises Invalid when all have signed in meanwhile.
    """
    people = _still_invited(user_ids)
    if not people:
        raise Invalid(_("All of them have signed in meanwhile."), field="people")
    ends = at + LIVES[INVITATION]
    slips = [Slip(user, key_issue(user, kind=INVITATION, by=by, at=at), ends) for user in people]
    return sorted(slips, key=lambda slip: (slip.user.family_name, slip.user.given_name))
