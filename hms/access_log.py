"""The access log: one row on the trail for each look through a page or an API door (SEC-U1).

What a look is follows from the door and the address; doors that know better call
`audit.services.look`. The row is written when the answer is ready and before it leaves. While the
trail takes no rows it is kept aside on the disk; what cannot be recorded anywhere is not shown
(SEC-U7, ADR 0019).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.apps import apps
from django.db import Error
from django.http import HttpRequest, HttpResponse

from audit.services import Look, Outcome, looking, looks_keep, looks_store
from audit.services.looks import Row, Seen, looks_of
from core import clock, context, limits
from core.doors import SAFE, Door, Public, door_of
from hms import problems

log = structlog.get_logger("hms.access_log")

# Refusals of a right, and of too much; other 4xx answers say that the question was wrong.
REFUSED = frozenset({401, 403, 404, 423, 429})
SHOWN = frozenset({200, 206, 304})
# The page whose address holds the id is not always the record's own: door -> type of the record,
# "" for what is no record.
SUBJECTS = {
    "delivery-retry": "core.delivery",
    "org:assignment-new": "org.user",
    "org:activation-set": "org.unit",
    "org:practitioner-edit": "org.user",
    "api:level": "org.unit",
    "org:roster-add": "org.unit",
    "org:roster-copy": "org.unit",
    "org:shifts": "org.site",
    "org:shift-new": "org.site",
    "org:absence-new": "org.user",
    "backup-drill": "core.backupjob",
    "api:drill": "core.backupjob",
    "audit:event": "audit.auditevent",
    "api:audit-event": "audit.auditevent",
    "resume": "",
    "worklist:away-end": "worklist.delegation",
    "patients:merge-new": "patients.patient",
    "worklist:rule-review": "",
    "worklist:rule-set": "",
    "worklist:delivery-retry": "worklist.noticedelivery",
    "api:notice-retry": "worklist.noticedelivery",
    "api:score": "",
    "api:score-review": "",
    "patients:newborn-new": "patients.patient",
    "patients:care-notes": "patients.patient",
    "patients:contact-new": "patients.patient",
    "patients:contact-end": "patients.patient",
    "patients:identifier-new": "patients.patient",
    "patients:identifier-end": "patients.patient",
    "patients:allergy-new": "patients.patient",
    "patients:allergy-change": "patients.patient",
    "patients:reaction-new": "patients.patient",
    "patients:none-known": "patients.patient",
    "patients:none-known-end": "patients.patient",
    "patients:flag-new": "patients.patient",
    "patients:flag-end": "patients.patient",
    "patients:safety": "patients.patient",
    "patients:consents": "patients.patient",
    "patients:documents": "patients.patient",
    "patients:document-new": "patients.patient",
    "patients:photo": "patients.patient",
    "patients:photo-new": "patients.patient",
    "patients:photo-remove": "patients.patient",
    "patients:document-page": "patients.document",
    "patients:document-file": "patients.document",
    "patients:document-void": "patients.document",
    "patients:consent-new": "patients.patient",
    "patients:consent-change": "patients.patient",
    "patients:patient-papers": "patients.patient",
    "patients:patient-seen": "patients.patient",
    "patients:patient-changes": "patients.patient",
    "worklist:patient-tasks": "patients.patient",
    "api:patient-seen": "patients.patient",
}
NOUNS = {
    "person": "user",
    "session": "loginsession",
    "client": "apiclient",
    "app": "apiclient",
    "roster": "rosterentry",
    "duplicate": "duplicatepair",
    "merge": "mergecase",
}
# Names in an address whose values are nobody's business, also not on the trail.
SECRET = ("password", "token", "code", "secret", "key", "csrf")
PAGING = frozenset({"cursor", "size", "count"})
ORDERS = frozenset({"sort", "order", "ordering"})
MOST_TERMS, LONGEST_TERM = 30, 200
# Refusals of nobody, recorded per address and minute, and per process and minute.
NOBODY_PER_ADDRESS, NOBODY_PER_PROCESS = 30, 300


class AccessLogMiddleware:
    """Stands inside of who is asking and outside of what refuses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with looking() as seen:
            response = self.get_response(request)
            found = look_of(request, response, seen)
        if found is None:
            return response
        rows = looks_of(found)
        try:
            self.store(rows)
        except Error as error:
            if self._is_kept(rows, error):
                return response
            if found.outcome != Outcome.SUCCESS:
                # Nothing was shown; the refusal stands, and the loss is in the log.
                log.warning("refusal_not_recorded", kind=type(error).__name__)
                return response
            return problems.answer(request, problems.Unavailable())
        return response

    def store(self, events: list[Row]) -> None:
        """The rows are on the trail. Raises DatabaseError."""
        looks_store(events)

    @staticmethod
    def _is_kept(events: list[Row], error: Error) -> bool:
        """Keep the rows aside for the trail; False when there is no room for them."""
        kind = type(error).__name__
        try:
            looks_keep(events)
        except OSError as trouble:
            log.error("look_not_kept", kind=kind, error=type(trouble).__name__)
            return False
        log.warning("look_kept_aside", kind=kind, count=len(events))
        return True


def look_of(request: HttpRequest, response: HttpResponse, seen: Seen) -> Look | None:
    """Return what the trail keeps of this answer, or None when it showed or refused nothing."""
    door = _door(request)
    status = response.status_code
    if request.method == "OPTIONS" or (door and door.reads == "none" and status in SHOWN):
        return None
    outcome, reason = _outcome(request, response, door)
    if outcome is None or (outcome != Outcome.SUCCESS and not _is_worth()):
        return None
    subject_type, subject = _subject(request)
    found = Look(
        kind=_kind(request, response, door, outcome),
        at=clock.now(),
        outcome=outcome,
        reason=reason,
        subject_type=subject_type,
        subject=subject,
        query=_query(request),
    )
    return seen.added_to(found) if outcome == Outcome.SUCCESS else found


def _door(request: HttpRequest) -> Door | None:
    match = request.resolver_match
    if match is None:
        return None
    view: Any = match.func
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if view_class is None:
        return door_of(view)
    method = "get" if request.method == "HEAD" else (request.method or "get").lower()
    return door_of(getattr(view_class, method, None))


def _outcome(
    request: HttpRequest, response: HttpResponse, door: Door | None
) -> tuple[Outcome | None, str]:
    """Return done, refused or failed with its reason; None for what is no look at all."""
    status, is_safe = response.status_code, request.method in SAFE
    if status in REFUSED or _is_sent_elsewhere(response):
        return Outcome.MINOR, getattr(response, "refusal", "") or str(status)
    if getattr(response, "refusal", "") == problems.Unavailable.code:
        # The database is away: asking it once more would only make people wait.
        return None, ""
    if status >= 500:
        return Outcome.SERIOUS, str(status)
    is_poll = "HMS-Poll" in request.headers and status == 304
    shows = is_safe and status in SHOWN and not is_poll
    if not shows or (door is not None and isinstance(door.who, Public) and not door.reads):
        return None, ""
    return Outcome.SUCCESS, ""


def _is_sent_elsewhere(response: HttpResponse) -> bool:
    """Say whether the asker has to sign in, unlock or prove something first."""
    return response.status_code < 400 and bool(getattr(response, "refusal", ""))


def _kind(request: HttpRequest, response: HttpResponse, door: Door | None, outcome: Outcome) -> str:
    if request.method not in SAFE:
        return "refused" if outcome == Outcome.MINOR else "failed"
    declared = door.reads if door is not None else ""
    return declared if declared not in {"", "none"} else _derived(request, response, door)


def _derived(request: HttpRequest, response: HttpResponse, door: Door | None) -> str:
    if "attachment" in response.get("Content-Disposition", ""):
        return "download"
    if response.get("Content-Type", "").startswith("application/pdf"):
        return "print"
    if request.resolver_match is None or request.resolver_match.kwargs:
        return "view"
    if _terms(request):
        return "search"
    return "view" if door is not None and door.is_writing else "list"


def _subject(request: HttpRequest) -> tuple[str, str]:
    """Return the type and the id of the record that the address names."""
    match = request.resolver_match
    if match is None or not match.kwargs:
        return "", ""
    view: Any = match.func
    module = str(getattr(getattr(view, "cls", None) or view, "__module__", ""))
    kind = subject_type(match.view_name, module.partition(".")[0])
    return kind, str(next(iter(match.kwargs.values()))) if kind else ""


def subject_type(door: str, room: str) -> str:
    """Return which kind of record stands behind the id in the address of a door."""
    noun = door.rpartition(":")[2].split("-")[0]
    return SUBJECTS.get(door, f"{room}.{NOUNS.get(noun, noun)}")


def is_model(label: str) -> bool:
    """Say whether the type on the trail is a table of the house."""
    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return True


def _terms(request: HttpRequest) -> dict[str, str]:
    """Return what was asked for in the address, without paging and without secrets."""
    found = {}
    for name in list(request.GET)[:MOST_TERMS]:
        if name in PAGING or name in ORDERS:
            continue
        value = ", ".join(request.GET.getlist(name))[:LONGEST_TERM]
        is_secret = any(word in name.lower() for word in SECRET)
        if value:
            found[name[:60]] = "…" if is_secret else value
    return found


def _query(request: HttpRequest) -> Mapping[str, object] | None:
    found: dict[str, object] = {}
    if terms := _terms(request):
        found["terms"] = terms
    for name in (*sorted(ORDERS), *sorted(PAGING)):
        if value := request.GET.get(name, ""):
            found[name] = value[:LONGEST_TERM]
    return found or None


class _Minute:
    """How many refusals of nobody this process recorded in the current minute."""

    number = -1
    count = 0


def _is_worth() -> bool:
    """Say whether a refusal is recorded: always of a person, of nobody so many a minute.

    Otherwise anybody could fill the disk. The count of this process holds also while Redis is away;
    every request is in the log file anyway.
    """
    if context.asker().user_id is not None:
        return True
    now, address = int(time.monotonic() // 60), context.asker().address
    if now != _Minute.number:
        _Minute.number, _Minute.count = now, 0
    _Minute.count += 1
    if _Minute.count > NOBODY_PER_PROCESS:
        return False
    return not limits.seconds_to_wait("trail-nobody", address, limit=NOBODY_PER_ADDRESS, window=60)
