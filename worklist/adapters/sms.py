"""Text messages through Twilio's Messages resource: a form is posted, reports come by call-back.

https://www.twilio.com/docs/messaging/api/message-resource (the shape of 2010-04-01). Off until the
account, its token and a sender are set in the environment; a message is then left out with its
reason, never pretended.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus

import requests
from django.conf import settings
from django.urls import reverse

from core.notify import address_of
from worklist.services.deliveries import Sent
from worklist.states import DeliveryState

WAIT = (3.05, 10)
LONGEST_TEXT = 320
# What the provider says of a message -> what it means here; whatever else it says changes nothing.
REPORTS: Mapping[str, str] = {
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.DEAD,
    "failed": DeliveryState.DEAD,
}
_TAKEN = {HTTPStatus.OK, HTTPStatus.CREATED}


def is_on() -> bool:
    """Say whether text messages are set up."""
    return bool(settings.SMS_ACCOUNT and settings.SMS_TOKEN and settings.SMS_FROM)


def send(*, to: str, text: str) -> Sent:
    """The provider has the message, or said why not.

    A refusal of the message itself (4xx) is final; a provider that is busy, away or silent is tried
    again. After a silence the message may have gone out: then it comes twice, rather than never.
    """
    address = f"{settings.SMS_API}/2010-04-01/Accounts/{settings.SMS_ACCOUNT}/Messages.json"
    form = {
        "To": to,
        "From": settings.SMS_FROM,
        "Body": text[:LONGEST_TEXT],
        "StatusCallback": callback_address(),
    }
    try:
        answer = requests.post(
            address,
            data=form,
            auth=(settings.SMS_ACCOUNT, settings.SMS_TOKEN),
            timeout=WAIT,
            allow_redirects=False,
        )
    except requests.Timeout:
        return Sent(is_taken=False, fault="no_answer")
    except requests.RequestException as error:
        return Sent(is_taken=False, fault=type(error).__name__)
    return _read(answer)


def _read(answer: requests.Response) -> Sent:
    said = _json(answer)
    if answer.status_code in _TAKEN:
        number = str(said.get("sid") or "")
        if not number:
            return Sent(is_taken=False, fault="answer_without_number")
        return Sent(is_taken=True, provider_id=number)
    fault = f"provider_{said.get('code') or answer.status_code}"
    is_busy = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.status_code >= 500
    # Wrong account or token: nothing about this message is wrong, so it waits for a person.
    is_ours = answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    return Sent(is_taken=False, fault=fault, is_final=not (is_busy or is_ours))


def _json(answer: requests.Response) -> dict[str, object]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def callback_address() -> str:
    """Return where the provider reports: it signs this very address."""
    return address_of(reverse("worklist:sms-report"))


def is_signed(form: Mapping[str, str], signature: str) -> bool:
    """Say whether the provider signed this report: HMAC-SHA1 of the address and the sorted form."""
    if not is_on():
        return False
    text = callback_address() + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.new(settings.SMS_TOKEN.encode(), text.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest).decode(), signature)
