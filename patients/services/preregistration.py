"""Pre-registration: somebody says who they are before they come, the desk checks it (ROW-A13)."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core import context
from core.errors import Invalid, ServiceError
from core.events import publish
from core.notify import address_of, mail_send
from core.states import Machine, move, state_change_record
from org.services.vault import opened, sealed
from patients.events import PreRegistrationInvited
from patients.models import Contact, Patient, PreRegistration
from patients.rules.numbers import number_key, phone_key
from patients.rules.preregistration import born_of, packed
from patients.selectors.preregistration import PURPOSE, has_number
from patients.services.checks import check
from patients.services.details import NoPhone, changed, contact_put, identifier_put, locked
from patients.services.details import number_check as number_free
from patients.services.identity import patient_change
from patients.services.naming import day_of
from patients.services.registration import patient_register
from patients.states import (
    PREREGISTRATION_OVER,
    PREREGISTRATION_STEPS,
    ContactKind,
    PreRegistrationState,
)

PREREGISTRATION = Machine(
    column="state",
    table=PREREGISTRATION_STEPS,
    stamps={
        PreRegistrationState.SENT: "sent",
        **dict.fromkeys(PREREGISTRATION_OVER, "decided"),
    },
    words=PreRegistrationState,
)
BATCH = 200
_PHONES = ("mobile", "phone", "kin_phone")


class LinkGone(ServiceError):
    """The link was used, is over, or a newer one took its place."""

    code = "link_gone"
    status = 410
    message = _("This link does not work any more. Please ask the hospital for a new one.")


class Invited(NamedTuple):
    """An invitation with the secret of its link, this once; "" where a mail brings it."""

    row: PreRegistration
    token: str


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _ends(at: datetime) -> datetime:
    return at + timedelta(days=max(settings.PREREGISTRATION_DAYS, 1))


def _locked(row: PreRegistration) -> PreRegistration:
    rows = PreRegistration.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("unit", "unit__site").get(pk=row.pk)


def _secret(text: str) -> str:
    return sealed(text, purpose=PURPOSE) if text else ""


@transaction.atomic
def preregistration_invite(
    *, unit_id: int, note: str = "", email: str = "", language: str = "", by: int, at: datetime
) -> Invited:
    """Somebody may say who they are by a link: by mail where an address is given, or shown once.

    Raises Invalid for a language that the house does not speak.
    """
    if language and language not in dict(settings.LANGUAGES):
        raise Invalid(field="language")
    token = secrets.token_urlsafe(32)
    row = PreRegistration.objects.create(
        unit_id=unit_id,
        digest=_digest(token),
        note_sealed=_secret(" ".join(note.split())),
        email_sealed=_secret(email.strip()),
        language=language,
        invited_by_id=by,
        invited_at=at,
        expires_at=_ends(at),
    )
    state_change_record(row, "", row.state, by=by, at=at, unit_id=unit_id)
    _noted("preregistration_invite", Action.CREATE, row, by=by, at=at)
    if not email.strip():
        return Invited(row, token)
    publish(PreRegistrationInvited(preregistration_id=row.pk, public_id=row.public_id), at=at)
    return Invited(row, "")


def _noted(
    act: str,
    action: Action,
    row: PreRegistration,
    *,
    by: int | None,
    at: datetime,
    reason: str = "",
    patient: UUID | None = None,
) -> None:
    record(
        act,
        action=action,
        at=at,
        by=by,
        subject=row,
        patient=patient,
        unit_id=row.unit_id,
        reason=reason,
    )


def _link_new(row: PreRegistration, *, at: datetime) -> str:
    """The row has another link, and the one before opens nothing. Raises TransitionRefused."""
    if row.state != PreRegistrationState.INVITED:
        raise PREREGISTRATION.refusal(row.state, PreRegistrationState.INVITED)
    token = secrets.token_urlsafe(32)
    row.digest, row.expires_at, row.version = _digest(token), _ends(at), row.version + 1
    row.save(update_fields=["digest", "expires_at", "version"])
    return token


@transaction.atomic
def preregistration_link(row: PreRegistration, *, by: int, at: datetime) -> str:
    """A new link is open, the one before is void; returns its secret, this once.

    Raises TransitionRefused once something was answered.
    """
    found = _locked(row)
    token = _link_new(found, at=at)
    _noted("preregistration_link", Action.UPDATE, found, by=by, at=at)
    return token


def preregistration_mail(preregistration_id: int, *, at: datetime) -> None:
    """The link is with the mail server; nothing is sent when it is answered or over meanwhile."""
    with transaction.atomic():
        row = _locked(PreRegistration(pk=preregistration_id))
        if row.state != PreRegistrationState.INVITED or not row.email_sealed:
            return
        token = _link_new(row, at=at)
        to = opened(row.email_sealed, purpose=PURPOSE)
        with translation.override(row.language or context.house().language):
            text = _now(
                "Please tell us who you are before you come to %(hospital)s. It takes some "
                "minutes, and saves you time at the desk:\n%(link)s\n\nThe link works once, until "
                "%(until)s. Bring an identity paper with you.\n"
            ) % {
                "hospital": row.unit.site.name,
                "link": address_of(f"{reverse('patients:welcome')}?key={token}"),
                "until": day_of(row.expires_at, row.unit.site.time_zone).isoformat(),
            }
            mail_send(to=to, subject=_now("Before you come to the hospital"), text=text)


def preregistration_behind(token: str, *, at: datetime) -> PreRegistration:
    """Return the invitation that this link opens. Raises LinkGone."""
    found = PreRegistration.objects.select_related("unit", "unit__site").filter(
        digest=_digest(token), state=PreRegistrationState.INVITED, expires_at__gt=at
    )
    row = found.first()
    if row is None:
        raise LinkGone()
    return row


@transaction.atomic
def preregistration_send(
    token: str, *, values: Mapping[str, object], sure: Collection[str] = (), at: datetime
) -> PreRegistration:
    """What the patient answered waits for the desk; the link is used up.

    Raises LinkGone, Invalid, NoPhone, Unusual.
    """
    row = _locked(preregistration_behind(token, at=at))
    if row.state != PreRegistrationState.INVITED or row.digest != _digest(token):
        raise LinkGone()
    today = day_of(at, row.unit.site.time_zone)
    check(values, born=born_of(values), today=today, sure=sure)
    _check_numbers(values)
    row.answers_sealed, row.email_sealed = _secret(packed(values)), ""
    row.expires_at = at + timedelta(days=max(settings.PREREGISTRATION_KEPT_DAYS, 1))
    row.save(update_fields=["answers_sealed", "email_sealed", "expires_at"])
    move(row, PreRegistrationState.SENT, machine=PREREGISTRATION, by=None, at=at)
    _noted("preregistration_send", Action.UPDATE, row, by=None, at=at)
    return row


def _check_numbers(values: Mapping[str, object]) -> None:
    """What no record would take is said to the patient, not to the clerk later."""
    for name in _PHONES:
        text = str(values.get(name) or "").strip()
        if text and not phone_key(text):
            raise NoPhone(field=name)
    national = str(values.get("national") or "").strip()
    if national and not number_key(national):
        raise Invalid(_("A number has 3 to 40 letters and digits."), field="national")
    if str(values.get("kin_phone") or "").strip() and not str(values.get("kin_name") or "").strip():
        raise Invalid(_("Say who it is."), field="kin_name")


def _over(
    row: PreRegistration, to: str, *, by: int | None, at: datetime, reason: str = ""
) -> PreRegistration:
    """It is over, and what was answered is nowhere but in the record."""
    if to not in PREREGISTRATION.table[row.state]:
        raise PREREGISTRATION.refusal(row.state, to)
    row.answers_sealed = row.email_sealed = row.note_sealed = ""
    row.reason, row.version = reason.strip(), row.version + 1
    row.save(
        update_fields=[
            *("answers_sealed", "email_sealed", "note_sealed"),
            *("reason", "version", "patient"),
        ]
    )
    move(row, to, machine=PREREGISTRATION, by=by, at=at, reason=row.reason, unit_id=row.unit_id)
    return row


def _accept(row: PreRegistration, patient: Patient, *, by: int, at: datetime) -> None:
    row.patient = patient
    _over(row, PreRegistrationState.ACCEPTED, by=by, at=at)
    _noted("preregistration_accept", Action.UPDATE, row, by=by, at=at, patient=patient.public_id)


@transaction.atomic
def preregistration_register(
    row: PreRegistration,
    *,
    values: Mapping[str, object],
    public_id: UUID | None = None,
    seen: Collection[UUID] = (),
    sure: Collection[str] = (),
    reason: str = "",
    by: int,
    at: datetime,
) -> Patient:
    """Whoever answered has a record of their own, as the desk checked it; asked twice, one record.

    Raises TransitionRefused, and what `patient_register` raises.
    """
    found = _locked(row)
    if found.state == PreRegistrationState.ACCEPTED and found.decided_by_id == by and found.patient:
        return found.patient
    _must_wait(found)
    made = patient_register(
        values=values,
        unit_id=found.unit_id,
        public_id=public_id,
        seen=seen,
        sure=sure,
        reason=reason,
        by=by,
        at=at,
    )
    _accept(found, made, by=by, at=at)
    return made


def _must_wait(row: PreRegistration) -> None:
    if row.state != PreRegistrationState.SENT:
        raise PREREGISTRATION.refusal(row.state, PreRegistrationState.ACCEPTED)


@transaction.atomic
def preregistration_match(
    row: PreRegistration,
    patient: Patient,
    *,
    values: Mapping[str, object],
    version: int,
    kind: str,
    sure: Collection[str] = (),
    reason: str = "",
    by: int,
    at: datetime,
) -> Patient:
    """Whoever answered had a record already: it says now what the desk checked.

    A national number and a next of kin that it did not have are added.
    Raises TransitionRefused, and what `patient_change` raises.
    """
    found = _locked(row)
    _must_wait(found)
    patient_change(
        patient,
        values=values,
        version=version,
        kind=kind,
        sure=sure,
        reason=reason,
        by=by,
        at=at,
    )
    stored = _added(locked(patient), values, by=by, at=at)
    _accept(found, stored, by=by, at=at)
    return stored


def _added(patient: Patient, values: Mapping[str, object], *, by: int, at: datetime) -> Patient:
    text = {name: str(value or "").strip() for name, value in values.items()}
    today, after = day_of(at, patient.site.time_zone), {}
    national, issuer = text.get("national", ""), text.get("national_issuer", "")
    if national and not has_number(patient, national, issuer):
        number_free(
            system="national", value=national, issuer=issuer, but=patient.pk, field="national"
        )
        made = identifier_put(
            patient,
            system="national",
            value=national,
            issuer=issuer,
            since=today,
            by=by,
            field="national",
        )
        after["number"] = made.ending
    name = " ".join(text.get("kin_name", "").split())
    if name and not _has_contact(patient, name):
        contact_put(
            patient,
            name=name,
            kinds=[ContactKind.NEXT_OF_KIN],
            relationship=text.get("kin_relationship", ""),
            phone=text.get("kin_phone", ""),
            since=today,
            by=by,
            field="kin_name",
        )
        after["full_name"] = name
    if not after:
        return patient
    return changed(patient, "patient_change", at=at, by=by, after=after)


def _has_contact(patient: Patient, name: str) -> bool:
    rows = Contact.objects.filter(patient=patient, period__upper_inf=True)
    return rows.filter(full_name__iexact=name).exists()


@transaction.atomic
def preregistration_reject(
    row: PreRegistration, *, reason: str, by: int, at: datetime
) -> PreRegistration:
    """Nothing of it comes into a record, and the answers are gone. Raises Invalid,
    TransitionRefused.
    """
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    found = _over(_locked(row), PreRegistrationState.REJECTED, by=by, at=at, reason=reason)
    _noted("preregistration_reject", Action.UPDATE, found, by=by, at=at, reason=reason)
    return found


@transaction.atomic
def preregistrations_expire(*, at: datetime) -> int:
    """What nobody answered, or nobody looked at in time, is over. Returns how many."""
    rows = PreRegistration.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    waiting = rows.filter(state__in=["invited", "sent"], expires_at__lte=at)
    found = list(waiting.order_by("id")[:BATCH])
    for row in found:
        _over(row, PreRegistrationState.EXPIRED, by=None, at=at)
        _noted("preregistration_expire", Action.UPDATE, row, by=None, at=at)
    return len(found)
