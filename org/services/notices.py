"""What happened to a login, for its owner: on the next page after signing in, and by mail."""

from datetime import datetime, timedelta

from django.db import transaction

from core.events import publish
from org.events import AccountNoticed
from org.models import AccountNotice, KnownPlace, User
from org.services.vault import marks
from org.states import NoticeKind

PLACES = 50
FORGOTTEN_AFTER = timedelta(days=180)


def notice_leave(user: User, kind: str, *, at: datetime) -> None:
    """The owner of the login will be told; in the transaction of the act itself."""
    notice = AccountNotice.objects.create(user=user, kind=kind, occurred_at=at)
    publish(AccountNoticed(notice_id=notice.pk, user_id=user.pk), at=at)


@transaction.atomic
def notices_tell(user: User, *, at: datetime) -> list[AccountNotice]:
    """The notices that nobody was told of yet are returned once, oldest first."""
    rows = list(
        AccountNotice.objects.select_for_update().filter(user=user, told_at=None).order_by("id")
    )
    AccountNotice.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=at)
    return rows


@transaction.atomic
def place_note(user: User, *, address: str, agent: str, at: datetime) -> bool:
    """The browser at this address is known to belong to the person; returns whether it was new.

    The first place of all is not news: there is nothing to compare it with.
    """
    known = KnownPlace.objects.filter(user=user)
    found = marks(f"{address}|{agent[:200]}", purpose="known place")
    # A mark of a key that is being replaced is replaced with it.
    mine = known.filter(mark__in=found).order_by("-last_at").values("pk")[:1]
    if known.filter(pk__in=mine).update(last_at=at, mark=found[0]):
        return False
    is_first = not known.exists()
    KnownPlace.objects.get_or_create(
        user=user, mark=found[0], defaults={"first_at": at, "last_at": at}
    )
    known.filter(last_at__lt=at - FORGOTTEN_AFTER).delete()
    kept = known.order_by("-last_at", "-id").values("pk")[:PLACES]
    known.exclude(pk__in=kept).delete()
    if not is_first:
        notice_leave(user, NoticeKind.NEW_PLACE, at=at)
    return not is_first
