"""Who may start drills is told by mail when a backup or a drill fails."""

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import backups, clock, context
from core.events import Fact
from core.notify import address_of, mail_send
from org import selectors
from org.permissions import Perm


def backup_failure_mail(fact: Fact) -> None:
    """Everybody who can do something about it has a mail; each repeat sends it again."""
    job = backups.job_of(fact.payload["job_id"])
    if job is None:
        return
    for address, language in selectors.mail_addresses_of_holders(Perm.RUN_DRILL, at=clock.now()):
        with translation.override(language or context.house().language):
            is_drill = job.kind == backups.DRILL
            what = _("A restore drill failed") if is_drill else _("A backup failed")
            text = _(
                "%(what)s, on %(when)s (UTC):\n%(error)s\n\n"
                "What it means and what to do is on this page:\n%(link)s\n"
            ) % {
                "what": what,
                "when": f"{fact.occurred_at:%Y-%m-%d %H:%M}",
                "error": job.error,
                "link": address_of(reverse("backups")),
            }
            mail_send(to=address, subject=what, text=text)
