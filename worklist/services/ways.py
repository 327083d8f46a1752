"""A way out of the house that does not deliver is somebody's task, until it delivers again."""

from datetime import datetime

from org import selectors as places
from worklist import selectors
from worklist.services.opening import task_cancel_by_source, task_open
from worklist.states import Channel

SUBJECT = "worklist.channel"


def ways_watched(*, at: datetime) -> int:
    """Each way that does not deliver has one open task, and no other has; returns how many do not.

    Asked again and again: what is open already joins.
    """
    root = places.first_root_id()
    if root is None:
        return 0
    beats = selectors.heartbeat(at=at)
    ill = {beat.channel for beat in beats if not beat.is_well}
    for channel in sorted(set(Channel.values) - {Channel.APP}):
        subject = (SUBJECT, channel)
        if channel not in ill:
            task_cancel_by_source(
                kind="failed_delivery", subject=subject, at=at, reason="It delivers again."
            )
        elif not selectors.is_open(kind="failed_delivery", subject=subject):
            label = str(Channel(channel).label)
            task_open(
                kind="failed_delivery",
                unit_id=root,
                subject=subject,
                facts={"channel": label},
                at=at,
            )
    return len(ill)
