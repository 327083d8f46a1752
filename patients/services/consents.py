"""Consents: drafted, given with evidence, withdrawn; nothing is deleted (ROW-A9)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action
from core.errors import Invalid
from core.states import Machine
from patients.events import ConsentsChanged
from patients.models import Consent, Document, Patient
from patients.rules.consents import CONSENTS
from patients.services.details import locked
from patients.services.noting import By, began, held, moved, saved, stamp, told
from patients.states import (
    CONSENT_STEPS,
    ConsentGiver,
    ConsentKind,
    ConsentState,
    Decision,
    DocumentState,
)

CONSENT = Machine(
    column="state",
    table=CONSENT_STEPS,
    stamps={
        ConsentState.INACTIVE: "ended",
        ConsentState.NOT_DONE: "ended",
        ConsentState.ENTERED_IN_ERROR: "voided",
    },
    words=ConsentState,
)


def _fact(patient: Patient, kind: str) -> ConsentsChanged:
    return ConsentsChanged(patient_id=patient.pk, public_id=patient.public_id, kind=kind)


@transaction.atomic
def consent_record(
    patient: Patient,
    *,
    kind: str,
    decision: str = Decision.PERMIT,
    limits: str = "",
    giver: str = ConsentGiver.PATIENT,
    giver_name: str = "",
    witness: str = "",
    document: Document | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    is_draft: bool = False,
    note: str = "",
    by: int | None,
    at: datetime,
) -> Consent:
    """It was allowed or refused from `since` (now) on, or is being prepared. Raises Invalid."""
    row, who = locked(patient), By(by, at)
    _check(kind=kind, decision=decision, giver=giver, giver_name=giver_name)
    _check_period(since, until, at)
    if not is_draft:
        _check_evidence(witness, document)
    rule = CONSENTS[ConsentKind(kind)]
    made = Consent.objects.create(
        patient=row,
        kind=kind,
        scope=rule.scope,
        category=rule.category,
        decision=decision,
        state=ConsentState.DRAFT if is_draft else ConsentState.ACTIVE,
        period=(since or at, until) if not is_draft or since or until else None,
        limits=limits.strip(),
        giver=giver,
        giver_name=" ".join(giver_name.split()),
        witness=witness.strip(),
        document=document,
        note=note.strip(),
        **stamp(who),
    )
    began(made, made.state, who)
    shown = ("kind", "decision", "state", "limits", "giver", "witness")
    after = {name: getattr(made, name) for name in shown}
    told("consent_record", made, row, _fact(row, kind), who, action=Action.CREATE, after=after)
    return made


def _check(*, kind: str, decision: str, giver: str, giver_name: str) -> None:
    if kind not in ConsentKind.values:
        raise Invalid(field="kind")
    if decision not in Decision.values:
        raise Invalid(field="decision")
    if giver not in ConsentGiver.values:
        raise Invalid(field="giver")
    if giver != ConsentGiver.PATIENT and not giver_name.strip():
        raise Invalid(_("Say who decided in the patient’s place."), field="giver_name")


def _check_period(since: datetime | None, until: datetime | None, at: datetime) -> None:
    if since is not None and since > at:
        raise Invalid(_("This is in the future."), field="since")
    if until is not None and until <= (since or at):
        raise Invalid(_("It must end after it began."), field="until")


def _check_evidence(witness: str, document: Document | None) -> None:
    if document is not None and held(document).state != DocumentState.CURRENT:
        raise Invalid(_("This paper was added in error."), field="document")
    if not witness.strip() and document is None:
        raise Invalid(_("Say who saw or heard it, or choose the paper."), field="witness")


@transaction.atomic
def consent_change(
    consent: Consent,
    *,
    to: str,
    reason: str,
    witness: str = "",
    document: Document | None = None,
    version: int,
    by: int,
    at: datetime,
) -> Consent:
    """A draft is given or not done, a given one is withdrawn, or it was entered in error.

    Raises TransitionRefused, VersionConflict, Invalid.
    """
    patient, who = locked(consent.patient), By(by, at)
    found = held(consent, version)
    if to not in CONSENT.table[found.state]:
        raise CONSENT.refusal(found.state, to)
    if not reason.strip():
        raise Invalid(field="reason")
    before = found.state
    if to == ConsentState.ACTIVE:
        values = _given(found, witness=witness.strip(), document=document, at=at)
    else:
        values = _over(found, to, reason=reason.strip(), at=at)
    saved(found, **values)
    moved(found, to, machine=CONSENT, who=who, reason=reason)
    told(
        "consent_change",
        found,
        patient,
        _fact(patient, found.kind),
        who,
        before={"kind": found.kind, "state": before},
        after={"state": to},
        reason=reason,
    )
    return found


def _given(
    found: Consent, *, witness: str, document: Document | None, at: datetime
) -> dict[str, object]:
    witness, document = witness or found.witness, document or found.document
    _check_evidence(witness, document)
    period = found.period
    began_at = period.lower if period and not period.isempty else at
    until = period.upper if period else None
    if until is not None and until <= at:
        raise Invalid(_("Its time is over. Record a new consent."), field="to")
    return {"witness": witness, "document": document, "period": (min(began_at, at), until)}


def _over(found: Consent, to: str, *, reason: str, at: datetime) -> dict[str, object]:
    values: dict[str, object] = {"end_reason": reason}
    period = found.period
    is_open = period and not period.isempty and (period.upper is None or period.upper > at)
    if to == ConsentState.INACTIVE and period and is_open:
        values["period"] = (min(period.lower, at), at)
    return values
