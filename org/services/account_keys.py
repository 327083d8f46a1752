"""One-time links with which people choose their password: nobody else ever does (SEC-A2)."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError
from core.events import publish
from org.events import AccountKeyAsked
from org.models import AccountKey, User
from org.rules import username_plain
from org.selectors import is_service_account
from org.services.notices import notice_leave
from org.services.people import links_end, password_set
from org.services.sessions import sessions_end
from org.states import AccountState, NoticeKind

INVITATION, RESET = AccountKey.Kind.INVITATION.value, AccountKey.Kind.RESET.value
LIVES = {INVITATION: timedelta(hours=72), RESET: timedelta(minutes=30)}
_OPEN = {INVITATION: AccountState.INVITED, RESET: AccountState.ACTIVE}
MOST_SHARING = 5


class KeyGone(ServiceError):
    """The link was used, has expired, or a newer one took its place."""

    code = "key_gone"
    status = 410
    message = _("This link no longer works. Ask for a new one.")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def kind_for(user: User) -> str:
    """Return which kind of link the person needs. Raises Invalid for a login that is closed."""
    _check_is_person(user)
    for kind, state in _OPEN.items():
        if user.state == state:
            return kind
    raise Invalid(_("This login is closed. Open it first."))


def _check_is_person(user: User) -> None:
    """Raises Invalid for the login of a system: nobody signs in with it."""
    if is_service_account(user):
        raise Invalid(_("This login belongs to a system: nobody signs in with it."))


@transaction.atomic
def key_issue(user: User, *, kind: str, by: int | None, at: datetime) -> str:
    """A link is open for the person, and older ones are void; returns its secret, this once."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _check_is_person(user)
    links_end(user)
    token = secrets.token_urlsafe(32)
    AccountKey.objects.create(
        user=user,
        kind=kind,
        digest=_digest(token),
        created_at=at,
        expires_at=at + LIVES[kind],
        by_user=by,
    )
    act = "invitation_issue" if kind == INVITATION else "reset_issue"
    record(act, action=Action.CREATE, at=at, by=by, subject=user)
    return token


@transaction.atomic
def key_send(user: User, *, by: int | None, at: datetime, kind: str = "") -> None:
    """A link will reach the person by mail; of `kind`, where one is named.

    Raises Invalid without an address, when closed, for a system, or for the other kind of link.
    """
    if not user.email:
        raise Invalid(_("No e-mail address is recorded for this person."))
    needed = kind_for(user)
    if kind and kind != needed:
        raise Invalid(
            _("This person was never signed in: invite them.")
            if needed == INVITATION
            else _("This person has a password already: send a link for a new one.")
        )
    act = "invitation_ask" if needed == INVITATION else "reset_ask"
    record(act, action=Action.EXECUTE, at=at, by=by, subject=user)
    publish(AccountKeyAsked(user_id=user.pk, kind=needed, by=by), at=at)


@transaction.atomic
def reset_ask(name: str, *, at: datetime) -> None:
    """Whoever has this user name or e-mail address, and an open login, gets a link by mail."""
    found = User.objects.filter(state=AccountState.ACTIVE).exclude(email="")
    people = found.filter(username=username_plain(name)[:64])
    if "@" in name:
        people = people | found.filter(email__iexact=name.strip())
    for user in people.distinct()[:MOST_SHARING]:
        if is_service_account(user):
            continue
        record("reset_ask", action=Action.EXECUTE, at=at, by=None, subject=user)
        publish(AccountKeyAsked(user_id=user.pk, kind=RESET, by=None), at=at)


def _open_keys(token: str, *, at: datetime) -> "list[AccountKey]":
    rows = AccountKey.objects.select_related("user").filter(
        digest=_digest(token), used_at=None, expires_at__gt=at
    )
    return [row for row in rows if row.user.state == _OPEN[row.kind]]


def key_holder(token: str, *, at: datetime) -> User:
    """Return whose open link this is. Raises KeyGone."""
    rows = _open_keys(token, at=at)
    if not rows:
        raise KeyGone()
    return rows[0].user


@transaction.atomic
def key_use(token: str, *, password: str, at: datetime) -> User:
    """The person has the password they chose; the link is used up and older sessions are over.

    A second factor stays as it was. Raises KeyGone, Invalid.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=key_holder(token, at=at).pk)
    if not AccountKey.objects.filter(digest=_digest(token), used_at=None).update(used_at=at):
        raise KeyGone()
    return _chosen(user, password, at=at)


@transaction.atomic
def password_change(user: User, *, password: str, keep_session: str, at: datetime) -> User:
    """The person's own choice holds from now on; other sessions, tokens and links end.

    Raises Invalid with the rules that the password breaks.
    """
    return _chosen(user, password, at=at, keep_session=keep_session)


def _chosen(user: User, password: str, *, at: datetime, keep_session: str = "") -> User:
    was_invited = user.state == AccountState.INVITED
    row = password_set(user, password=password, by=user.pk, at=at)
    # Whoever reads the person's mail has asked for a link before, or will not come in by it.
    links_end(row)
    sessions_end(row, except_key=keep_session, by=user.pk, at=at, reason="password chosen")
    if not was_invited:
        notice_leave(row, NoticeKind.PASSWORD_CHANGED, at=at)
    return row
