"""Comings and goings of people at their screens, on the trail."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from audit.services import Action, Outcome, record
from core.errors import Invalid, NotFound, ServiceError
from org.models import LoginSession, User
from org.rules import PIN_MISSES, is_pin
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
def identity_noted(user: User, *, kind: str, at: datetime) -> None:
    """It is on the trail that the person said again who they are, with which factor (SEC-A11)."""
    record("identity_confirm", action=Action.EXECUTE, at=at, by=user.pk, subject=user, reason=kind)


@transaction.atomic
def sign_out_noted(user: User, *, at: datetime) -> None:
    """The end of the session is on the trail."""
    record("sign_out", action=Action.EXECUTE, at=at, by=user.pk)


class PinRefused(ServiceError):
    """The PIN is wrong."""

    code = "pin_wrong"
    status = 422
    message = _("This is not your PIN.")


class PinSpent(ServiceError):
    """Three PINs were wrong, or none is set: only the password opens the screen."""

    code = "pin_spent"
    status = 422
    message = _("The PIN does not open this screen any more. Type your password.")


@transaction.atomic
def quick_pin_set(user: User, *, pin: str, at: datetime) -> None:
    """The person opens their own locked screens with `pin`; "" takes it away. Raises Invalid."""
    if pin and not is_pin(pin):
        raise Invalid(
            _("A PIN has 4 to 8 digits, and is neither one digit only nor a row like 1234."),
            field="pin",
        )
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    row.quick_pin = make_password(pin) if pin else ""
    row.save(update_fields=["quick_pin"])
    act = "quick_pin_set" if pin else "quick_pin_remove"
    record(act, action=Action.UPDATE, at=at, by=user.pk, subject=user)


def pin_check(user: User, *, session_key: str, pin: str) -> None:
    """The PIN is the person's own. Raises PinRefused, PinSpent after the third wrong one.

    The try is counted before it is looked at: many at once are no more than three either.
    """
    mine = LoginSession.objects.filter(session_key=session_key, user=user)
    counted = mine.filter(pin_misses__lt=PIN_MISSES).update(pin_misses=F("pin_misses") + 1)
    if not user.quick_pin or not counted:
        raise PinSpent()
    if check_password(pin, user.quick_pin):
        return
    is_last = mine.filter(pin_misses__gte=PIN_MISSES).exists()
    raise PinSpent() if is_last else PinRefused()


@transaction.atomic
def screen_lock(user: User, *, session_key: str, at: datetime) -> None:
    """The session opens nothing but its unlocking; the first time is on the trail."""
    rows = LoginSession.objects.filter(session_key=session_key, locked_at=None)
    if rows.update(locked_at=at):
        record("screen_lock", action=Action.EXECUTE, at=at, by=user.pk)


@transaction.atomic
def unlock_noted(user: User, *, is_opened: bool, at: datetime) -> None:
    """The try to unlock a screen of the person is on the trail."""
    outcome = Outcome.SUCCESS if is_opened else Outcome.MINOR
    record("screen_unlock", action=Action.EXECUTE, at=at, by=user.pk, outcome=outcome)


@transaction.atomic
def session_end(user: User, public_id: UUID, *, by: int, at: datetime) -> None:
    """One session of the person is over. Raises NotFound."""
    ended, _each = LoginSession.objects.filter(user=user, public_id=public_id).delete()
    if not ended:
        raise NotFound()
    record("session_end", action=Action.DELETE, at=at, by=by, subject=user)


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
