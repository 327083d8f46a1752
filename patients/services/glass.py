"""Break-the-glass: a record opens for a while to somebody to whom it is not open (SEC-Z7)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core import context, events
from core.errors import Invalid, NotFound, ServiceError
from core.notify import address_of, mail_send
from core.states import Machine, move, state_change_record
from org.permissions import Grants
from org.selectors import holders, login_by_id
from patients.events import GlassAlertDue, GlassBroken, GlassReviewed
from patients.models import LONGEST_GLASS, Glass, Patient
from patients.permissions import Perm, open_glasses, visible_to
from patients.selectors.access import is_restricted, persons_exactly
from patients.services.details import locked
from patients.states import GLASS_STEPS, GlassKind, GlassState, Verdict

GLASS = Machine(
    column="state",
    table=GLASS_STEPS,
    stamps={GlassState.EXPIRED: "ended"},
    words=GlassState,
)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Sought:
    """Whose record is wanted: a number, or else names and the day of birth, exactly."""

    number: str = ""
    family: str = ""
    given: str = ""
    born: date | None = None


class NobodyFound(NotFound):
    """No record has this number, or these names with this day of birth."""

    message = _("No record has exactly this. Look at the number, the names and the day of birth.")


class SeveralFound(ServiceError):
    """Several people have these names and this day of birth."""

    code = "several_found"
    message = _("Several records have these names and this day of birth: a number is needed.")


class OpenAlready(ServiceError):
    """The asker sees the record in the ordinary way."""

    code = "open_already"
    message = _("This record is open to you already: find it by search.")


class OwnReview(ServiceError):
    """Whoever opened the record does not judge that."""

    code = "own_review"
    message = _("You opened this record yourself: somebody else reviews that.")


def sought(wanted: Sought, *, grants: Grants, at: datetime) -> Patient:
    """Return the one record that is meant. Raises NobodyFound, SeveralFound, OpenAlready."""
    found = persons_exactly(
        number=wanted.number, family=wanted.family, given=wanted.given, born=wanted.born
    )
    field = "number" if wanted.number.strip() else "family"
    if not found:
        raise NobodyFound(field=field)
    if len(found) > 1:
        raise SeveralFound(field="number")
    if visible_to(grants, at=at).filter(pk=found[0].pk).exists():
        raise OpenAlready(field=field)
    return found[0]


def _minutes() -> timedelta:
    return min(timedelta(minutes=max(settings.GLASS_MINUTES, 1)), LONGEST_GLASS)


@transaction.atomic
def glass_break(
    wanted: Sought,
    *,
    kind: str,
    words: str,
    grants: Grants,
    unit_id: int,
    by: int,
    at: datetime,
) -> Glass:
    """The record is open to the person at once and for a while; those who review it are told.

    Asked twice it stays as it was. Raises NobodyFound, SeveralFound, OpenAlready, Invalid.
    """
    if kind not in GlassKind.values:
        raise Invalid(field="kind")
    if not words.strip():
        raise Invalid(_("Say in words why you need this record."), field="words")
    patient = locked(sought(wanted, grants=grants, at=at))
    already = open_glasses(grants, at=at).filter(patient=patient).first()
    if already is not None:
        return already
    _over(patient_id=patient.pk, user_id=by, at=at)
    made = Glass.objects.create(
        patient=patient,
        user_id=by,
        unit_id=unit_id,
        kind=kind,
        words=words.strip(),
        is_restricted=is_restricted(patient, at=at),
        granted_at=at,
        until_at=at + _minutes(),
        due_at=at + timedelta(days=settings.GLASS_REVIEW_DAYS),
    )
    state_change_record(made, "", GlassState.REQUESTED, by=by, at=at, reason=words, unit_id=unit_id)
    move(made, GlassState.GRANTED, machine=GLASS, by=by, at=at, reason=words, unit_id=unit_id)
    record(
        "glass_break",
        action=Action.EXECUTE,
        at=at,
        by=by,
        subject=made,
        patient=patient.public_id,
        unit_id=unit_id,
        reason=words,
        after={"kind": kind, "until": made.until_at, "is_restricted": made.is_restricted},
    )
    fact = GlassBroken(
        glass_id=made.pk,
        public_id=made.public_id,
        patient_id=patient.pk,
        user_id=by,
        unit_id=unit_id,
    )
    events.publish(fact, at=at, order_key=f"patient:{patient.pk}")
    return made


def _expire(glass: Glass, *, by: int | None, at: datetime, reason: str = "") -> None:
    """The glass is closed, at the latest when its time was over."""
    moment = max(min(at, glass.until_at), glass.granted_at)
    move(glass, GlassState.EXPIRED, machine=GLASS, by=by, at=moment, reason=reason)


def _over(*, patient_id: int, user_id: int, at: datetime) -> None:
    """What ran out and no task has closed yet is closed: a new one may follow."""
    rows = Glass.objects.select_for_update(no_key=True, of=("self",)).filter(
        patient_id=patient_id, user_id=user_id, state=GlassState.GRANTED, until_at__lte=at
    )
    for glass in rows:
        _expire(glass, by=None, at=at)


@transaction.atomic
def glasses_expire(*, at: datetime) -> int:
    """Every glass whose time is over waits for its review. Returns how many were closed."""
    rows = Glass.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    found = list(rows.filter(state=GlassState.GRANTED, until_at__lte=at).order_by("id")[:BATCH])
    for glass in found:
        _expire(glass, by=None, at=at)
    return len(found)


@transaction.atomic
def glass_end(glass: Glass, *, by: int, at: datetime) -> Glass:
    """The person needs the record no longer; ended already it stays as it is."""
    row = _locked(glass)
    if row.state == GlassState.GRANTED:
        _expire(row, by=by, at=at)
        record(
            "glass_end",
            action=Action.EXECUTE,
            at=at,
            by=by,
            subject=row,
            patient=row.patient.public_id,
        )
    return row


@transaction.atomic
def glasses_end(user_id: int, *, at: datetime) -> int:
    """Whoever leaves leaves no open glass behind. Returns how many were closed."""
    rows = Glass.objects.filter(user_id=user_id, state=GlassState.GRANTED)
    found = list(rows.select_for_update(no_key=True, of=("self",)).order_by("id"))
    for glass in found:
        _expire(glass, by=user_id, at=at, reason="sign-out")
    return len(found)


def _locked(glass: Glass) -> Glass:
    rows = Glass.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("patient").get(pk=glass.pk)


@transaction.atomic
def glass_review(glass: Glass, *, verdict: str, words: str, by: int, at: datetime) -> Glass:
    """Somebody else has judged it; one that is still open is closed by that.

    Raises Invalid, OwnReview, TransitionRefused.
    """
    if verdict not in Verdict.values:
        raise Invalid(field="verdict")
    if not words.strip():
        raise Invalid(_("Say in words what you found."), field="words")
    row = _locked(glass)
    if row.user_id == by:
        raise OwnReview()
    if row.state == GlassState.GRANTED:
        _expire(row, by=by, at=at)
    if GlassState.REVIEWED not in GLASS.table[row.state]:
        raise GLASS.refusal(row.state, GlassState.REVIEWED)
    row.verdict, row.review_words = verdict, words.strip()
    row.reviewed_by_id, row.reviewed_at = by, at
    row.save(update_fields=["verdict", "review_words", "reviewed_by", "reviewed_at"])
    move(row, GlassState.REVIEWED, machine=GLASS, by=by, at=at, reason=words, unit_id=row.unit_id)
    record(
        "glass_review",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        patient=row.patient.public_id,
        reason=words,
        after={"verdict": verdict},
    )
    fact = GlassReviewed(glass_id=row.pk, public_id=row.public_id, verdict=verdict)
    events.publish(fact, at=at, order_key=f"patient:{row.patient_id}")
    return row


# Telling those who review ---------------------------------------------------------------------


def glass_alert(glass_id: int, *, at: datetime) -> int:
    """Each person who reviews broken glasses gets a mail of their own. Returns how many."""
    glass = Glass.objects.get(pk=glass_id)
    people = [user for user in holders(Perm.REVIEW_GLASS, at=at) if user.pk != glass.user_id]
    with events.together():
        for user in people:
            events.publish(GlassAlertDue(glass_id=glass_id, user_id=user.pk), at=at)
    return len(people)


def glass_alert_mail(glass_id: int, *, user_id: int) -> None:
    """The mail is with the mail server. It names nobody: who and whose stands on the page."""
    glass, user = Glass.objects.get(pk=glass_id), login_by_id(user_id)
    if user is None or not user.email:
        return
    with translation.override(user.language or context.house().language):
        text = _now(
            "Somebody opened a record that is not open to them, on %(when)s (UTC).\n\n"
            "Who it was, why, and what they looked at stands here, where you also say whether it "
            "was right, until %(due)s:\n%(link)s\n"
        ) % {
            "when": f"{glass.granted_at:%Y-%m-%d %H:%M}",
            "due": f"{glass.due_at:%Y-%m-%d}",
            "link": address_of(reverse("patients:glass", args=[glass.public_id])),
        }
        mail_send(to=user.email, subject=_now("A record was opened in an emergency"), text=text)
