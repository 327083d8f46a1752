"""Comings and goings of people at their screens, on the trail."""

from datetime import datetime

from django.db import transaction

from audit.services import Action, Outcome, record
from org.models import LoginSession, User


@transaction.atomic
def sign_in_noted(user: User | None, *, at: datetime, reason: str = "", name: str = "") -> None:
    """The try to sign in is on the trail; nobody behind it means that it failed.

    `reason` says with what: the factors of a success, the factor that was wrong. Of a failure the
    person whose name was typed is on the trail; an invented name is not.
    """
    tried = User.objects.filter(username=name).first() if name else user
    record(
        "sign_in",
        action=Action.EXECUTE,
        at=at,
        by=user.pk if user else None,
        subject=tried,
        outcome=Outcome.SUCCESS if user else Outcome.MINOR,
        reason=reason,
    )


def sessions_end(user_id: int, *, except_key: str = "") -> int:
    """Every session of the person but the named one is over; returns how many there were."""
    rows = LoginSession.objects.filter(user_id=user_id).exclude(session_key=except_key)
    return rows.delete()[0]


@transaction.atomic
def sign_out_noted(user: User, *, at: datetime) -> None:
    """The end of the session is on the trail."""
    record("sign_out", action=Action.EXECUTE, at=at, by=user.pk)
