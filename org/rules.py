"""Pure rules of people and places: levels, names, hours, and what a client's scope permits."""

import re
import unicodedata
import zoneinfo
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from org.states import Level

# Weekday ("1" is Monday) -> intervals [from, to) as "HH:MM", in order (org/README.md).
Hours = Mapping[str, Sequence[Sequence[str]]]
WEEKDAYS = ("1", "2", "3", "4", "5", "6", "7")
MOST_INTERVALS = 6
# What `hours_fault` answers when not even the weekdays are right.
NO_DAY = "?"
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MIDNIGHT = "24:00"
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)

APP_DIGITS = 6
USERNAME = re.compile(r"[a-z0-9._@-]{1,64}")


def username_plain(value: str) -> str:
    """Return the one spelling of a user name: NFKC, no blanks around, lower case (decisions 36)."""
    return unicodedata.normalize("NFKC", value).strip().casefold()


def is_username(plain: str) -> bool:
    """Say whether a user name has only characters that look like themselves, 1 to 64 of them.

    Letters beyond ASCII can look alike in two alphabets and fold differently in Python and SQL.
    """
    return USERNAME.fullmatch(plain) is not None


def code_plain(value: str) -> str:
    """Return a code of a second factor as it is compared: letters and digits only, small."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return "".join(sign for sign in folded if sign.isascii() and sign.isalnum())[:64]


def is_app_code(plain: str) -> bool:
    """Say whether this can be the code of an app: six digits."""
    return len(plain) == APP_DIGITS and plain.isdecimal()


def write_refusal(
    level: str, *, closing: bool, observe: bool, draining: bool, is_training_unit: bool
) -> str:
    """Return the code of the refusal of a write at `level`, or "" when it may happen.

    rollout-spec 3.6: live writes; read_only lets only closing acts through while it drains;
    observe lets only its own page write; training writes in the training unit; off refuses.
    """
    if level == Level.LIVE:
        return ""
    if level == Level.READ_ONLY:
        return "" if closing and draining else "module_read_only"
    if (level == Level.OBSERVE and observe) or (level == Level.TRAINING and is_training_unit):
        return ""
    return "module_training" if level == Level.TRAINING else "module_off"


def day_start(day: date, zone: str) -> datetime:
    """Return the first instant of `day` on the clock of `zone`."""
    return datetime.combine(day, time.min, tzinfo=zoneinfo.ZoneInfo(zone))


def day_end(day: date, zone: str) -> datetime:
    """Return the instant at which `day` is over on the clock of `zone`."""
    return day_start(day + timedelta(days=1), zone)


_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")


def phone_plain(text: str) -> str:
    """Return a phone number as +33612345678, "" for what is none or lacks its country code."""
    plain = re.sub(r"[\s().\-/]", "", unicodedata.normalize("NFKC", text))
    plain = "+" + plain[2:] if plain.startswith("00") else plain
    return plain if _PHONE.fullmatch(plain) else ""


def shift_period(day: date, begins: time, ends: time, zone: str) -> tuple[datetime, datetime]:
    """Return in UTC from when until when a shift of `day` lasts, by the clock of `zone`.

    One that does not end after it begins ends on the next day. On the nights when clocks change it
    is an hour longer or shorter; a clock time that does not exist is the moment an hour later, one
    that comes twice is the first of both, so shifts that meet on the clock meet in real time.
    """
    last = day if ends > begins else day + _DAY
    place = zoneinfo.ZoneInfo(zone)
    return (
        datetime.combine(day, begins, tzinfo=place).astimezone(UTC),
        datetime.combine(last, ends, tzinfo=place).astimezone(UTC),
    )


def week_of(day: date, first: int) -> date:
    """Return the first day of the week of `day`, in weeks that start on weekday `first`."""
    return day - timedelta(days=(day.isoweekday() - first) % 7)


def hours_fault(hours: object) -> str:
    """Return the weekday whose business hours cannot be, "?" for another shape, "" for good ones.

    A day has up to six intervals of two clock times, each with its start before its end ("24:00"
    ends a day), in order and without overlap.
    """
    if not isinstance(hours, dict) or set(hours) - set(WEEKDAYS):
        return NO_DAY
    return next((day for day in sorted(hours) if not _is_day(hours[day])), "")


def _is_day(intervals: object) -> bool:
    if not isinstance(intervals, list) or len(intervals) > MOST_INTERVALS:
        return False
    before = ""
    for pair in intervals:
        if not (isinstance(pair, list) and len(pair) == len(("from", "to"))):
            return False
        start, end = pair
        if not (_is_clock(start) and (end == _MIDNIGHT or _is_clock(end))):
            return False
        if not before <= start < end:
            return False
        before = end
    return True


def _is_clock(text: object) -> bool:
    return isinstance(text, str) and _CLOCK.fullmatch(text) is not None


def business_minutes(
    hours: Hours, holidays: Collection[date], zone: str, start: datetime, end: datetime
) -> int:
    """Return the whole working minutes in [start, end), by the clock of `zone`.

    Minutes are those that pass: the night on which clocks change has one hour more or less.
    Holidays have none. Without any hours (`{}`) every minute is a working one.
    """
    since, until = start.astimezone(UTC), end.astimezone(UTC)
    if since >= until:
        return 0
    if not hours:
        return int((until - since) / _MINUTE)
    total = timedelta(0)
    for opens, closes in _open_between(hours, holidays, zoneinfo.ZoneInfo(zone), since, until):
        total += max(timedelta(0), min(closes, until) - max(opens, since))
    return int(total / _MINUTE)


def _open_between(
    hours: Hours,
    holidays: Collection[date],
    zone: zoneinfo.ZoneInfo,
    since: datetime,
    until: datetime,
) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of time in UTC, in order and apart, on every day that the period touches."""
    done = since
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        for opening, closing in () if day in holidays else hours.get(str(day.isoweekday()), ()):
            # In spring a clock time may not exist, and stand for a later moment than the next one.
            opens = max(done, _instant(day, opening, zone))
            closes = max(opens, _instant(day, closing, zone))
            yield opens, closes
            done = closes
        day += _DAY


def _instant(day: date, clock_time: str, zone: zoneinfo.ZoneInfo) -> datetime:
    if clock_time == _MIDNIGHT:
        return datetime.combine(day + _DAY, time.min, tzinfo=zone).astimezone(UTC)
    return datetime.combine(day, time.fromisoformat(clock_time), tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a client may be allowed to do, in plain words, and the permissions behind it.

    `systems_only`: no person can allow it to an app.
    """

    words: str | Promise
    permissions: frozenset[str] = frozenset()
    systems_only: bool = False


# The closed list (docs/recipes/add_a_scope.md). Compared as exact strings: no case is folded and
# nothing is trimmed, or a spelling that is refused here could be accepted there.
PROFILE = "profile"
INTROSPECT = "tokens.introspect"
SCOPES: Mapping[str, Scope] = {
    PROFILE: Scope(_("See who you are, your roles and units, and your own apps")),
    "units.read": Scope(_("See sites and units"), frozenset({"org.view_unit"})),
    "units.write": Scope(
        _("Create, change and close sites and units"),
        frozenset({"org.manage_units", "org.manage_sites"}),
    ),
    "people.read": Scope(
        _("See people, their logins and where they work"), frozenset({"org.view_people"})
    ),
    "people.write": Scope(
        _("Create, change, open and close logins, invite people, end their sessions"),
        frozenset({"org.manage_people", "org.end_sessions"}),
    ),
    "assignments.write": Scope(
        _("Decide who works where as what"), frozenset({"org.manage_assignments"})
    ),
    "roles.read": Scope(_("See what each role may do"), frozenset({"org.view_role"})),
    "roster.read": Scope(_("See who is on duty and on call"), frozenset({"org.view_roster"})),
    "roster.write": Scope(_("Plan shifts and absences"), frozenset({"org.manage_roster"})),
    "activation.read": Scope(
        _("See which module runs in which unit"), frozenset({"org.view_activation"})
    ),
    "activation.write": Scope(
        _("Switch modules in a unit on and off"), frozenset({"org.set_activation"})
    ),
    "clients.read": Scope(_("See the registered apps"), frozenset({"org.view_clients"})),
    "clients.write": Scope(_("Register, change and close apps"), frozenset({"org.manage_clients"})),
    "patients.read": Scope(
        _("Find and see patients"),
        frozenset({"patients.view_patient", "patients.find_patients", "patients.view_private"}),
    ),
    "patients.write": Scope(
        _("Register patients, change who they are, record a death"),
        # Whoever changes how somebody is reached sees it.
        frozenset({"patients.register_patient", "patients.record_death", "patients.view_private"}),
    ),
    "patients.merge": Scope(
        _("See likely duplicates, propose, review, do and undo merges of records"),
        frozenset({"patients.propose_merge", "patients.review_merge"}),
    ),
    "safety.read": Scope(
        _("See allergies and consents of patients"),
        frozenset({"patients.view_clinical", "patients.view_consents"}),
    ),
    "safety.write": Scope(
        _("Record allergies, flags and consents of patients"),
        frozenset({"patients.record_allergies", "patients.set_flags", "patients.record_consents"}),
    ),
    "documents.read": Scope(_("See documents of patients"), frozenset({"patients.view_documents"})),
    "documents.write": Scope(
        _("Add documents and photos of patients, print their papers"),
        frozenset({"patients.add_documents", "patients.take_photo", "patients.print_papers"}),
    ),
    "access.write": Scope(
        _("Restrict records, open one that is closed in an emergency, review that"),
        frozenset({"patients.restrict_records", "patients.break_glass", "patients.review_glass"}),
    ),
    "patients.notes": Scope(_("Read notes of special care"), frozenset({"patients.care_notes"})),
    "tasks.read": Scope(_("See tasks"), frozenset({"worklist.view_task"})),
    "tasks.write": Scope(
        _("Open tasks, take them, do them, hand them over"),
        frozenset({"worklist.work_task", "worklist.manage_tasks"}),
    ),
    "trail.read": Scope(
        _("Search the audit trail, and what was given away"), frozenset({"audit.view_trail"})
    ),
    "trail.export": Scope(_("Export the audit trail"), frozenset({"audit.export_trail"})),
    "history.read": Scope(
        _("See who changed people, roles, units and settings"), frozenset({"audit.view_history"})
    ),
    "disclosures.write": Scope(
        _("Record to whom data of a patient was given"), frozenset({"audit.record_disclosure"})
    ),
    "seals.read": Scope(_("See whether the audit trail is whole"), frozenset({"audit.view_seals"})),
    "operations.read": Scope(
        _("See the state of the system and its backups"),
        frozenset({"core.view_operations", "worklist.view_deliveries"}),
    ),
    "operations.write": Scope(
        _("Start backups and restore drills, have notices sent again"),
        frozenset({"core.run_drill", "worklist.retry_delivery"}),
    ),
    "scores.read": Scope(
        _("See how alert rules and kinds of tasks do"), frozenset({"worklist.view_scores"})
    ),
    "scores.write": Scope(
        _("Set alert rules, and decide on noisy ones"), frozenset({"worklist.review_rules"})
    ),
    INTROSPECT: Scope(_("Ask whether a token is valid"), systems_only=True),
}


def scope_permissions(scopes: Iterable[str]) -> frozenset[str]:
    """Return the permissions that a token with these scopes lets through."""
    return frozenset[str]().union(*(SCOPES[name].permissions for name in scopes if name in SCOPES))


def scopes_with(permission: str) -> tuple[str, ...]:
    """Return the scopes that let the permission through, in the order of the list."""
    return tuple(name for name, scope in SCOPES.items() if permission in scope.permissions)


# RFC 8252: an app's own scheme is a domain of its maker, written backwards.
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[!$&-;=?-Z_a-z~%\[\]]{1,400}")


def is_redirect(address: str, *, native: bool) -> bool:
    """Say whether a client may be sent back to this address.

    https for everybody; for apps on a device also their own scheme (com.example.app:/…) and http
    to the device itself. Never a fragment, never credentials, never a wildcard.
    """
    if not _ADDRESS.fullmatch(address) or "@" in address or "*" in address:
        return False
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    if not native:
        return False
    if parts.scheme == "http":
        return host in _LOOPBACK
    return bool(_OWN_SCHEME.fullmatch(parts.scheme)) and not parts.netloc and parts.path != ""


PIN_MISSES = 3
_PIN = re.compile(r"[0-9]{4,8}")
_RUN = "01234567890"


def is_pin(text: str) -> bool:
    """Say whether the text may be a PIN: 4 to 8 digits, neither one digit only nor a row."""
    is_row = text in _RUN or text[::-1] in _RUN
    return bool(_PIN.fullmatch(text)) and len(set(text)) > 1 and not is_row


# The first that fits: a name of an engine stands in the text of every browser built on it.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def agent_label(text: str) -> str:
    """Return a browser and its system in words ("Firefox, Windows") from a User-Agent."""
    found = [
        next((name for mark, name in names if mark in text), "") for names in (_BROWSERS, _SYSTEMS)
    ]
    plain = "".join(character for character in text if character.isprintable())
    return ", ".join(filter(None, found)) or plain[:60]


@dataclass(frozen=True, slots=True)
class Watch:
    """How a screen stands: locked or how long until then, and whether the PIN still opens it."""

    is_locked: bool
    takes_pin: bool
    seconds_left: float


def screen_watch(
    *,
    now: datetime,
    seen_at: datetime,
    locked_at: datetime | None,
    lock_after: timedelta,
    idle_limit: timedelta,
) -> Watch:
    """Return how the screen last seen alive at `seen_at` stands now (SEC-A7).

    It locks by hand, or `lock_after` the last sign of life and at the idle limit at the latest;
    after the idle limit the PIN is no longer enough.
    """
    idle, lock_after = now - seen_at, min(lock_after, idle_limit)
    return Watch(
        is_locked=locked_at is not None or idle >= lock_after,
        takes_pin=idle < idle_limit,
        seconds_left=max(0.0, (lock_after - idle).total_seconds()),
    )
