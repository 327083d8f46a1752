"""Kinds of notices as data: their words without patients' names, and where they lead. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """What is said, and the address of the page that the notice leads to.

    A mail and a text message say only `title`: no facts of a patient leave the house (SEC-P6).
    """

    code: str
    words: str | Promise
    title: str | Promise
    url_name: str = ""
    icon: str = "bell"

    def text(self, facts: Mapping[str, object]) -> str:
        """Return the words with the facts in them; a missing fact shows as "…"."""
        return str(self.words) % _Facts(facts)


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


_ALL = (
    NoticeKind(
        "task_late",
        _("Late: %(what)s (level %(level)s)"),
        _("A task is late and waits for you"),
        "worklist:task",
        "clock-exclamation",
    ),
    NoticeKind(
        "task_handed",
        _("Handed to you: %(what)s"),
        _("A task was handed to you"),
        "worklist:task",
        "arrows-exchange",
    ),
    NoticeKind(
        "task_note",
        _("A note on: %(what)s"),
        _("Somebody wrote on a task of yours"),
        "worklist:task",
        "pencil",
    ),
    NoticeKind(
        "trial",
        _("A trial notice, asked for by you"),
        _("A trial notice, asked for by you"),
        "",
        "send",
    ),
)
NOTICE_KINDS: Mapping[str, NoticeKind] = {kind.code: kind for kind in _ALL}


def notice_kind(code: str) -> NoticeKind:
    """Return the kind; one that an older version knew still has words."""
    return NOTICE_KINDS.get(code) or NoticeKind(code, _("Notice"), _("You have a notice"))
