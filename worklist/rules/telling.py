"""By which ways somebody is told, when, and how often it is tried. Pure, no queries."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from worklist.states import Channel, Priority

# Beside the list on the screen, in the order in which they are tried; a later one only when an
# earlier one reached nobody.
USUAL: Mapping[str, tuple[str, ...]] = {
    Priority.ROUTINE: (),
    Priority.URGENT: (Channel.MAIL,),
    Priority.ASAP: (Channel.MAIL, Channel.SMS),
    Priority.STAT: (Channel.SMS, Channel.MAIL),
}
# What is immediate goes its own ways: nobody chooses them away.
CHOSEN = tuple(severity for severity in Priority.values if severity != Priority.STAT)
BACKOFF = (30, 120, 600, 1800)
MOST_TRIES = len(BACKOFF) + 1
CONFIRM_WITHIN = timedelta(minutes=10)


def ways(severity: str, chosen: Mapping[str, Sequence[str]], *, first: str = "") -> list[str]:
    """Return the ways in the order in which they are tried; the list on the screen stands first.

    `first` is a way that an escalation asks for: it comes before what the person chose.
    """
    usual = USUAL[severity]
    own = usual if severity == Priority.STAT else chosen.get(severity, usual)
    return list(dict.fromkeys([Channel.APP.value, *filter(None, [str(first)]), *map(str, own)]))


def not_before(
    severity: str, *, at: datetime, quiet: tuple[time, time] | None, zone: str
) -> datetime:
    """Return when a way out of the house may be taken: at once, or when the quiet hours are over.

    What is immediate never waits.
    """
    if quiet is None or severity == Priority.STAT or quiet[0] == quiet[1]:
        return at
    local = at.astimezone(ZoneInfo(zone))
    begins, ends = quiet
    now = local.time().replace(tzinfo=None)
    is_quiet = begins <= now < ends if begins < ends else now >= begins or now < ends
    if not is_quiet:
        return at
    day = local.date() if now < ends else local.date() + timedelta(days=1)
    over = datetime.combine(day, ends, tzinfo=ZoneInfo(zone))
    return max(at, over)


def next_try(tries: int, *, at: datetime) -> datetime | None:
    """Return when a way that failed `tries` times is tried again, None when it is given up."""
    return at + timedelta(seconds=BACKOFF[tries - 1]) if tries < MOST_TRIES else None
