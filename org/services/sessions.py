"""Comings and goings of people at their screens, on the trail."""

from datetime import datetime

from django.db import transaction

from audit.services import Action, Outcome, record
from org.models import LoginSession, User
from org.services.tokens import tokens_end


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


@transaction.atomic
def sign_out_noted(user: User, *, at: datetime) -> None:
    """The end of the session is on the trail."""
    record("sign_out", action=Action.EXECUTE, at=at, by=user.pk)


@transaction.atomic
def lock_noted(user: User, *, at: datetime) -> None:
    """That the person locked their screen is on the trail."""
    record("screen_lock", action=Action.EXECUTE, at=at, by=user.pk)


@transaction.atomic
def unlock_noted(user: User, *, is_opened: bool, at: datetime) -> None:
    """The try to unlock a screen of the person is on the trail."""
    outcome = Outcome.SUCCESS if is_opened else Outcome.MINOR
    record("screen_unlock", action=Action.EXECUTE, at=at, by=user.pk, outcome=outcome)


@transaction.atomic
def sessions_end(
    user: User, *, except_key: str = "", by: int | None, at: datetime, reason: str
) -> int:
    """Whoever is signed in as `user` is out from the next request on, but for `except_key`.

    Apps that act for the person are out too. Returns how many sessions ended.
    """
    tokens_end(user, by=by, at=at, reason=reason)
    rows = LoginSession.objects.filter(user=user).exclude(session_key=except_key)
    ended, _each = rows.delete()
    if ended:
        record(
            "sessions_end",
            action=Action.DELETE,
            at=at,
            by=by,
            subject=user,
            reason=reason,
            after={"sessions": ended},
        )
    return ended
