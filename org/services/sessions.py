"""Comings and goings of people at their screens, on the trail."""

from datetime import datetime

from django.db import transaction

from audit.services import Action, Outcome, record
from org.models import User


@transaction.atomic
def sign_in_noted(user: User | None, *, at: datetime) -> None:
    """The try to sign in is on the trail; nobody behind it means that it failed."""
    record(
        "sign_in",
        action=Action.EXECUTE,
        at=at,
        by=user.pk if user else None,
        outcome=Outcome.SUCCESS if user else Outcome.MINOR,
    )


@transaction.atomic
def sign_out_noted(user: User, *, at: datetime) -> None:
    """The end of the session is on the trail."""
    record("sign_out", action=Action.EXECUTE, at=at, by=user.pk)
