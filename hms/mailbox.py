"""The mails that a demo sent, for whoever opens it: they go nowhere else there."""

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.doors import Public, requires
from core.errors import NotFound
from core.html import render

SHOWN = 50
# What Django's file backend writes under each mail.
_RULE = re.compile(rb"^-{79}$", re.MULTILINE)
_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]+\.log")
_LARGEST = 200_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: where it is kept, to whom, about what, when, and its text."""

    key: str
    to: str
    subject: str
    sent_at: datetime | None
    text: str


def _read(path: Path) -> list[Mail]:
    with path.open("rb") as file:
        parts = [part.strip() for part in _RULE.split(file.read(_LARGEST))]
    return [_mail(f"{path.name}:{at}", part) for at, part in enumerate(parts) if part]


def _mail(key: str, raw: bytes) -> Mail:
    found = email.message_from_bytes(raw, EmailMessage, policy=email.policy.default)
    try:
        sent_at = parsedate_to_datetime(str(found["Date"]))
    except ValueError:
        sent_at = None
    body = found.get_body(("plain",))
    text = body.get_content() if body else ""
    return Mail(key, str(found["To"] or ""), str(found["Subject"] or ""), sent_at, str(text))


def _files() -> list[Path]:
    """Newest first: names begin with the time."""
    found = [path for path in settings.MAIL_DIR.glob("*.log") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def _check() -> None:
    """Raises NotFound outside a demo."""
    if not settings.DEMO_MAILBOX or settings.IS_PRODUCTION:
        raise NotFound()


@requires(
    Public("nobody of a demo has a real mailbox; there is no such page elsewhere"), module=None
)
def mailbox(request: HttpRequest) -> HttpResponse:
    """The mails that were sent, newest first; `mail` opens one, its links as links."""
    _check()
    wanted = request.GET.get("mail", "")
    mails = [mail for path in _files()[:SHOWN] for mail in reversed(_read(path))][:SHOWN]
    opened = next((mail for mail in mails if mail.key == wanted), None)
    if wanted and opened is None:
        raise NotFound()
    return render(request, "hms/mailbox.html", {"mails": mails, "opened": opened})
