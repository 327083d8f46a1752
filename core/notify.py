"""Telling people who are not looking at a page: plain text mail. Called by handlers and tasks only.

Whoever sends waits for the mail server; a failure raises, so that the relay tries again later.
"""

from django.conf import settings
from django.core.mail import EmailMessage


def mail_send(*, to: str, subject: str, text: str) -> None:
    """The mail server has taken the mail. No names in subjects, no health data anywhere (SEC-P6).

    Raises what the mail server's client raises.
    """
    EmailMessage(subject=subject, body=text, to=[to], from_email=settings.MAIL_FROM).send()


def address_of(path: str) -> str:
    """Return the full address of one of our pages, for links in mails."""
    return f"{settings.SITE_URL}{path}"
