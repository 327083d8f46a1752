"""The switch of the whole system, and facts sent again: acts of whoever runs it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core import events, mode
from core.errors import ServiceError


class NotFailed(ServiceError):
    """There is no such delivery, or it was not given up."""

    code = "delivery_not_failed"
    status = 409
    message = _("This delivery is not among those that were given up any more.")


@transaction.atomic
def read_only_set(
    *,
    on: bool,
    reason: str,
    at: datetime,
    by: int | None,
    expected_until: datetime | None = None,
) -> mode.State:
    """The whole system takes nothing new, or takes everything again; every page says so.

    Raises Invalid.
    """
    before, after = mode.turn(on=on, reason=reason, at=at, by=by, expected_until=expected_until)
    record(
        "read_only_on" if on else "read_only_off",
        action=Action.UPDATE,
        at=at,
        by=by,
        reason=reason.strip(),
        before={"is_read_only": before.is_switched, "expected_until": before.expected_until},
        after={"is_read_only": after.is_switched, "expected_until": after.expected_until},
    )
    return after


@transaction.atomic
def delivery_retry(delivery_id: int, *, at: datetime, by: int | None, reason: str) -> None:
    """A fact that was given up is due again, with its tries counted anew. Raises NotFailed."""
    if not events.delivery_retry(delivery_id, at=at):
        raise NotFailed()
    record(
        "delivery_retry",
        action=Action.EXECUTE,
        at=at,
        by=by,
        after={"delivery": delivery_id},
        reason=reason,
    )
