"""Pure rules of people and places: what a level permits, how names are made plain."""

import re
import unicodedata
import zoneinfo
from datetime import date, datetime, time, timedelta

from org.states import Level

USERNAME = re.compile(r"[a-z0-9._@-]{1,64}")


def username_plain(value: str) -> str:
    """Return the one spelling of a user name: NFKC, no blanks around, lower case (decisions 36)."""
    return unicodedata.normalize("NFKC", value).strip().casefold()


def is_username(plain: str) -> bool:
    """Say whether a user name has only characters that look like themselves, 1 to 64 of them.

    Letters beyond ASCII can look alike in two alphabets and fold differently in Python and SQL.
    """
    return USERNAME.fullmatch(plain) is not None


def write_refusal(level: str, *, closing: bool, observe: bool, draining: bool) -> str:
    """Return the code of the refusal of a write at `level`, or "" when it may happen.

    rollout-spec 3.6: live writes; read_only lets only closing acts through while it drains;
    observe lets only its own page write; training and off refuse.
    """
    if level == Level.LIVE:
        return ""
    if level == Level.READ_ONLY:
        return "" if closing and draining else "module_read_only"
    if level == Level.OBSERVE and observe:
        return ""
    return "module_training" if level == Level.TRAINING else "module_off"


def day_start(day: date, zone: str) -> datetime:
    """Return the first instant of `day` on the clock of `zone`."""
    return datetime.combine(day, time.min, tzinfo=zoneinfo.ZoneInfo(zone))


def day_end(day: date, zone: str) -> datetime:
    """Return the instant at which `day` is over on the clock of `zone`."""
    return day_start(day + timedelta(days=1), zone)
