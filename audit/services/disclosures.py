"""Data that leaves the house: exports of the trail, and what was given to somebody outside."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.models import Action, AuditEvent, Outcome
from audit.services.trail import record
from core.errors import Invalid

DISCLOSURE = "disclosure"


def export_noted(
    *, query: Mapping[str, object], is_whole: bool, reason: str, at: datetime, by: int
) -> AuditEvent:
    """It is on the trail how many of its rows left, and whether the export came to its end."""
    return record(
        "trail_export",
        action=Action.EXECUTE,
        outcome=Outcome.SUCCESS if is_whole else Outcome.SERIOUS,
        at=at,
        by=by,
        reason=reason[:500],
        query=query,
    )


@transaction.atomic
def disclosure_record(
    *,
    recipient: str,
    purpose: str,
    what: str,
    subject_type: str = "",
    subject_id: str = "",
    patient: UUID | None = None,
    given_at: datetime | None = None,
    at: datetime,
    by: int,
) -> AuditEvent:
    """It is on the trail who was given what about whom, and what for (45 CFR 164.528).

    `given_at` is when it was given, if that was before it is written down. Raises Invalid.
    """
    given = given_at or at
    if given > at:
        raise Invalid(_("This moment has not come yet."), field="given_at")
    if patient is None and not (subject_type and subject_id):
        raise Invalid(_("Say whose data it was."), field="subject")
    return record(
        DISCLOSURE,
        action=Action.READ,
        at=given,
        by=by,
        named=(subject_type, subject_id),
        patient=patient,
        recipient=recipient,
        purpose=purpose,
        after={"what": what},
    )
