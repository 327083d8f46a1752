"""The trail was found broken: everybody who watches over it is told, each by a mail."""

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from audit import services as audit
from core import context, events
from core.notify import address_of, mail_send
from org.events import AlarmDue
from org.models import User
from org.selectors import holders

# Privacy officers, auditors and administrators hold it: config/roles.yaml.
WATCHES = "audit.view_seals"


def watchers(*, at: datetime) -> QuerySet[User]:
    """Return the people who watch over the trail at `at` and can be reached by mail."""
    return holders(WATCHES, at=at)


def trail_alarm(*, run_id: int, at: datetime) -> int:
    """Each watcher gets a mail; nobody when what was found has been acknowledged already."""
    found = audit.break_open()
    if found is None:
        return 0
    people = list(watchers(at=at))
    with events.together():
        for user in people:
            fact = AlarmDue(user_id=user.pk, run_id=run_id, problems=found.run.problem_count)
            events.publish(fact, at=at)
    return len(people)


def trail_alarm_mail(user_id: int, *, problems: int) -> None:
    """The mail is with the mail server. It names no row: those are on the page."""
    user = User.objects.get(pk=user_id)
    with translation.override(user.language or context.house().language):
        text = _(
            "The nightly check compared the audit trail with its seals and found that it is not "
            "what was sealed (%(problems)d differences).\n\n"
            "Somebody may have changed or removed rows. Do not repair anything: look at what was "
            "found, keep a copy of the database, and tell whoever is responsible:\n%(link)s\n\n"
            "You get this mail after every check until the finding is acknowledged there.\n"
        ) % {"problems": problems, "link": address_of(reverse("audit:seals"))}
        mail_send(to=user.email, subject=_("The audit trail was found broken"), text=text)
