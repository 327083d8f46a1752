"""The trail was found broken: who was told, who has seen it, and checks that people ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import VerifyAsked
from audit.models import Action, AuditEvent, VerifyRun
from audit.services.trail import record
from audit.services.verify import last_run
from core import events
from core.errors import Invalid, ServiceError

RUN = "audit.verifyrun"
ASKED = (RUN, "asked")
ACKNOWLEDGED, ASKED_FOR = "trail_break_acknowledge", "trail_verify_ask"
# A check that was asked for and has said nothing for so long has come to grief.
PATIENCE = timedelta(hours=1)


class CheckUnderWay(ServiceError):
    """A check was asked for and is not over."""

    code = "check_under_way"
    message = _("A check is already under way. Its result appears here.")


@dataclass(frozen=True, slots=True)
class Break:
    """What the newest check found that nobody has acknowledged yet."""

    run: VerifyRun
    problems: Sequence[str]


def break_open() -> Break | None:
    """Return what is broken and not acknowledged; None when all is whole or was seen.

    A trail that was tampered with stays so: what somebody acknowledged is not told again, what is
    new to a later check is.
    """
    run = last_run()
    if run is None or not run.problem_count:
        return None
    known = _acknowledged()
    new = [text for text in texts_of(run) if text not in known]
    # Not every problem is named: more of them than were acknowledged are new ones too.
    if not new and run.problem_count <= max(len(known), len(texts_of(run))):
        return None
    return Break(run, new or texts_of(run))


def texts_of(run: VerifyRun) -> list[str]:
    """Return the problems that a check named."""
    return [str(problem.get("text", "")) for problem in run.problems]


def _acknowledged() -> set[str]:
    keys = AuditEvent.objects.filter(subject_type=RUN, act=ACKNOWLEDGED).values_list(
        "subject", flat=True
    )
    runs = VerifyRun.objects.filter(pk__in=[int(key) for key in keys if key.isdecimal()])
    return {text for run in runs for text in texts_of(run)}


@transaction.atomic
def break_acknowledge(run_id: int, *, reason: str, at: datetime, by: int) -> AuditEvent:
    """It is on the trail that somebody saw the break, and what they found out. Raises Invalid."""
    found = break_open()
    if found is None or found.run.pk != run_id:
        raise Invalid(_("A newer check has said something else. Load the page again."))
    return record(
        ACKNOWLEDGED,
        action=Action.EXECUTE,
        at=at,
        by=by,
        subject=found.run,
        reason=reason,
        after={"problems": found.run.problem_count},
    )


def acknowledgements(*, limit: int) -> list[AuditEvent]:
    """Return the newest acknowledgements."""
    rows = AuditEvent.objects.filter(subject_type=RUN, act=ACKNOWLEDGED)
    return list(rows.order_by("-occurred_at", "-id")[:limit])


@transaction.atomic
def verify_ask(*, at: datetime, by: int) -> None:
    """The whole trail is checked soon, in the background. Raises CheckUnderWay."""
    if asked_since(at=at) is not None:
        raise CheckUnderWay()
    record(ASKED_FOR, action=Action.EXECUTE, at=at, by=by, named=ASKED)
    events.publish(VerifyAsked(asked_by=by), at=at, order_key="audit.verify")


def asked_since(*, at: datetime) -> datetime | None:
    """Return when the check was asked for that is still under way; None when there is none."""
    asked = (
        AuditEvent.objects.filter(
            subject_type=ASKED[0], subject=ASKED[1], occurred_at__gt=at - PATIENCE
        )
        .order_by("-occurred_at")
        .values_list("occurred_at", flat=True)
        .first()
    )
    run = last_run()
    is_over = run is not None and asked is not None and run.started_at >= asked
    return None if is_over else asked
