"""What goes wrong in the system itself becomes work for somebody, and ends when it is right again.

The signs are the truth: this compares them with the open tasks, so that a restart, a lost nudge or
a second worker changes nothing. A sign that is there opens its task once; one that is gone takes
its task back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from audit import services as audit
from core import backups, events
from org import selectors
from patients import selectors as patients
from worklist import selectors as tasks
from worklist import services

GONE = "the sign is gone"


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that is wrong now: the kind of its task, what it is, and the words' facts."""

    kind: str
    key: str
    unit_id: int
    facts: dict[str, object]
    subject: tuple[str, str] = ("", "")


# The kinds whose tasks come and go with a sign.
KINDS = (
    "failed_fact",
    "backup_overdue",
    "trail_broken",
    "unavailable_staff",
    "duplicate_suspicion",
)


def settle(*, at: datetime) -> tuple[int, int]:
    """Open tasks and signs say the same; returns how many were opened, and how many taken back."""
    root = selectors.first_root()
    if root is None:
        return 0, 0
    found = {(sign.kind, sign.key): sign for sign in _signs(root, at)}
    known = tasks.open_keys(KINDS)
    opened = [sign for name, sign in found.items() if name not in known]
    for sign in opened:
        services.task_open(
            kind=sign.kind,
            key=sign.key,
            unit_id=sign.unit_id,
            facts=sign.facts,
            subject=sign.subject,
            at=at,
        )
    over = known - set(found) - _tried_again()
    for kind, key in sorted(over):
        services.task_cancel_by_source(kind=kind, key=key, reason=GONE, at=at)
    return len(opened), len(over)


def _signs(root: int, at: datetime) -> Iterator[Sign]:
    yield from _failed_facts(root)
    sign = backups.sign(at=at)
    if sign.state != "ok":
        yield Sign("backup_overdue", "system", root, {"what": sign.code or sign.state})
    if audit.break_open() is not None:
        yield Sign("trail_broken", "system", root, {})
    yield from _absent_owners(at)
    if patients.is_any_pair_open():
        # One for the whole list: hundreds of pairs are not hundreds of alarms.
        yield Sign("duplicate_suspicion", "house", root, {})


def _failed_facts(root: int) -> Iterator[Sign]:
    """One task for each handler: a broken one gives up many facts."""
    for handler in sorted({row.handler for row in events.failed(limit=None)}):
        yield Sign("failed_fact", handler, root, {"handler": handler})


def _tried_again() -> set[tuple[str, str]]:
    """Facts that somebody sent again are right only when they have arrived."""
    return {("failed_fact", handler) for handler in events.handlers_waiting()}


def _absent_owners(at: datetime) -> Iterator[Sign]:
    """Tasks in the hands of somebody who works nowhere now, and for whom nobody stands in."""
    for owner, unit_id in tasks.stranded(at=at):
        subject = ("org.user", str(owner))
        yield Sign("unavailable_staff", f"{owner}:{unit_id}", unit_id, {}, subject)
