"""An errand goes out by its way; whatever goes wrong comes back as words, never as an exception."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import context
from core.notify import address_of, mail_send
from worklist.adapters import sms
from worklist.services.deliveries import Errand, Sent
from worklist.states import Channel


def ready_ways() -> frozenset[str]:
    """Return the ways out of the house that are set up."""
    ways = {Channel.MAIL.value}
    if sms.is_on():
        ways.add(Channel.SMS.value)
    return frozenset(ways)


def send(errand: Errand) -> Sent:
    """Return what the other side said. No patient's name goes out (SEC-P6)."""
    with translation.override(errand.language or context.house().language):
        words, link = str(errand.phrase), _link(*errand.link)
        if errand.channel == Channel.SMS:
            name = settings.SMS_SENDER_NAME
            return sms.send(to=errand.address, text=f"{name}: {words}. {link}".strip())
        text = _("%(words)s.\n\n%(link)s\n\nSign in to see what it is about.\n") % {
            "words": words,
            "link": link,
        }
        try:
            mail_send(to=errand.address, subject=words, text=text)
        except (OSError, ImproperlyConfigured) as error:
            return Sent(is_taken=False, fault=type(error).__name__)
    return Sent(is_taken=True)


def _link(url_name: str, subject_id: str) -> str:
    if not url_name:
        return address_of(reverse("worklist:notices"))
    try:
        return address_of(reverse(url_name, args=[subject_id]))
    except NoReverseMatch:
        return address_of(reverse("worklist:notices"))
