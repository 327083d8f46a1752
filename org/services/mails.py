"""Mails about logins, in their owner's language: what happened, or a link. Sent by handlers."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import context
from core.notify import address_of, mail_send
from org.models import AccountNotice, User
from org.services.account_keys import INVITATION, LIVES, key_issue, kind_for
from org.states import CAN_SIGN_IN


def notice_mail(notice_id: int) -> None:
    """Whoever has an address was told by mail what happened to their login."""
    row = AccountNotice.objects.select_related("user").filter(pk=notice_id).first()
    if row is None or not row.user.email or row.user.state not in CAN_SIGN_IN:
        return
    with translation.override(row.user.language or context.house().language):
        text = _(
            "%(what)s, on %(when)s (UTC).\n\n"
            "If that was you, there is nothing to do. If not, tell your administrator at once "
            "and change your password:\n%(link)s\n"
        ) % {
            "what": row.get_kind_display(),
            "when": f"{row.occurred_at:%Y-%m-%d %H:%M}",
            "link": address_of(reverse("org:security")),
        }
        mail_send(to=row.user.email, subject=_("News about your login"), text=text)


def key_mail(user_id: int, *, kind: str, by: int | None, at: datetime) -> None:
    """A new link is with the person; when the mail cannot be sent there is none."""
    user = User.objects.filter(pk=user_id).exclude(email="").first()
    if user is None or user.state not in {"invited", "active"} or kind_for(user) != kind:
        return
    token = key_issue(user, kind=kind, by=by, at=at)
    link = address_of(f"{reverse('org:password-choose')}?key={token}")
    hours = LIVES[kind].total_seconds() / 3600
    with translation.override(user.language or context.house().language):
        if kind == INVITATION:
            text = _(
                "A login was made for you. Your user name is %(name)s.\n\n"
                "Choose your password here, within %(hours)d hours:\n%(link)s\n"
            ) % {"name": user.username, "hours": hours, "link": link}
            mail_send(to=user.email, subject=_("Your new login"), text=text)
            return
        text = _(
            "Somebody, you we hope, asked for a new password for your login.\n\n"
            "Choose it here, within %(minutes)d minutes:\n%(link)s\n\n"
            "If it was not you, do nothing: your password stays as it is.\n"
        ) % {"minutes": hours * 60, "link": link}
        mail_send(to=user.email, subject=_("A new password for your login"), text=text)
