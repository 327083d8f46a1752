"""The mobile phone of a login: entered, proven by a code sent to it, read by senders only."""

import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError
from org.models import StaffPhone, User
from org.rules import phone_plain
from org.services.vault import marks, opened, sealed

PURPOSE = "staff phone"
CODE = "staff phone code"
CODE_LIVES = timedelta(minutes=10)
MOST_TRIES = 5


class PhoneCodeWrong(ServiceError):
    """The code is not the one that was sent, or it is too old."""

    code = "phone_code_wrong"
    status = 422
    message = _("This is not the code that was sent, or it is older than 10 minutes.")


class PhoneCodeSpent(ServiceError):
    """Too many wrong codes: a new one has to be sent."""

    code = "phone_code_spent"
    status = 422
    message = _("Too many wrong codes. Have a new one sent.")


@transaction.atomic
def phone_set(user: User, *, number: str, by: int, at: datetime) -> str:
    """The number waits for its proof; returns the code to send to it. Raises Invalid.

    Until the code was typed nothing is sent there but the code.
    """
    plain = phone_plain(number)
    if not plain:
        message = _("Write the number with its country code, like +33 6 12 34 56 78.")
        raise Invalid(message, field="number")
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    code = f"{secrets.randbelow(1_000_000):06}"
    row, _new = StaffPhone.objects.update_or_create(
        user=user,
        defaults={
            "ending": plain[-2:],
            "value_sealed": sealed(plain, purpose=PURPOSE),
            "code_digest": _digest(user.pk, code),
            "code_until": at + CODE_LIVES,
            "tries": 0,
            "verified_at": None,
        },
    )
    record("phone_set", action=Action.UPDATE, at=at, by=by, subject=row)
    return code


def phone_confirm(user: User, *, code: str, by: int, at: datetime) -> StaffPhone:
    """The phone is proven to be the person's. Raises PhoneCodeWrong, PhoneCodeSpent."""
    with transaction.atomic():
        row = StaffPhone.objects.select_for_update(no_key=True).filter(user=user).first()
        if row is None or row.code_until is None or row.code_until <= at:
            raise PhoneCodeWrong(field="code")
        if row.tries >= MOST_TRIES:
            raise PhoneCodeSpent(field="code")
        row.tries += 1
        is_right = any(
            hmac.compare_digest(row.code_digest, found) for found in _digests(user.pk, code)
        )
        if is_right:
            row.verified_at, row.code_digest, row.code_until = at, "", None
            record("phone_confirm", action=Action.UPDATE, at=at, by=by, subject=row)
        row.version += 1
        row.save()
    if not is_right:
        raise PhoneCodeWrong(field="code")
    return row


@transaction.atomic
def phone_remove(user: User, *, by: int, at: datetime) -> None:
    """Nothing is sent to the person's phone any more. Nothing there is no error."""
    row = StaffPhone.objects.select_for_update(no_key=True).filter(user=user).first()
    if row is not None:
        record("phone_remove", action=Action.DELETE, at=at, by=by, subject=row)
        row.delete()


def phone_of(user_id: int) -> str:
    """Return the proven number of the person, "" when there is none: for senders only."""
    row = StaffPhone.objects.filter(user_id=user_id, verified_at__isnull=False).first()
    return opened(row.value_sealed, purpose=PURPOSE) if row else ""


def phone_row(user_id: int) -> StaffPhone | None:
    """Return what is known of the person's phone, without its number."""
    return StaffPhone.objects.filter(user_id=user_id).defer("value_sealed").first()


def _digest(user_id: int, code: str) -> str:
    return _digests(user_id, code)[0]


def _digests(user_id: int, code: str) -> list[str]:
    return marks(f"{user_id}:{code.strip()}", purpose=CODE)
