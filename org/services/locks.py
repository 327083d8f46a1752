"""Logins that are locked after wrong passwords: since when, until when, and lifting it."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum

from audit.services import Action, record
from org.models import User
from org.services.notices import notice_leave
from org.states import NoticeKind

WINDOW = timedelta(hours=settings.AXES_COOLOFF_TIME)


def locked_until(username: str, *, at: datetime) -> datetime | None:
    """Return until when the name is locked, or None; also for a name that nobody has."""
    found = AccessAttempt.objects.filter(username=username, attempt_time__gte=at - WINDOW)
    seen = found.aggregate(count=Sum("failures_since_start"), last=Max("attempt_time"))
    if (seen["count"] or 0) < settings.AXES_FAILURE_LIMIT:
        return None
    last: datetime = seen["last"]
    return last + WINDOW


@transaction.atomic
def sign_in_locked(username: str, *, at: datetime) -> None:
    """The lock is on the trail and its owner is told, when somebody has this name."""
    user = User.objects.filter(username=username).first()
    if user is None:
        return
    record("lock", action=Action.EXECUTE, at=at, by=None, subject=user, reason="password")
    notice_leave(user, NoticeKind.SIGN_IN_LOCKED, at=at)


@transaction.atomic
def lock_lift(user: User, *, reason: str, by: int, at: datetime) -> User:
    """The person may try their password again at once."""
    AccessAttempt.objects.filter(username=user.username).delete()
    record("unlock", action=Action.EXECUTE, at=at, by=by, subject=user, reason=reason)
    return user


def attempts_purge(*, at: datetime) -> int:
    """Failures that no longer count are gone."""
    count: int = AccessAttempt.objects.filter(attempt_time__lt=at - WINDOW).delete()[0]
    return count
