"""Consents: the list of a patient, and the one question of other rooms."""

from datetime import datetime
from uuid import UUID

from patients.models import Consent, Patient
from patients.states import ConsentState, Decision

# Whose period says what counted when: an ended one counted until it ended.
GIVEN = (ConsentState.ACTIVE, ConsentState.INACTIVE)
PERMIT = Decision.PERMIT


def consent_stands(patient: Patient, *, kind: str, at: datetime) -> bool:
    """Say whether the patient allowed this at the moment: the newest decision counts."""
    return kind in kinds_allowed(patient, at=at)


def kinds_allowed(patient: Patient, *, at: datetime) -> set[str]:
    """Return what the patient allowed at the moment, of each kind by the newest decision."""
    rows = Consent.objects.filter(patient=patient, state__in=GIVEN, period__contains=at)
    newest = rows.order_by("kind", "-period__startswith", "-id").distinct("kind")
    return {kind for kind, said in newest.values_list("kind", "decision") if said == PERMIT}


def consents_of(patient: Patient) -> list[Consent]:
    """Return every consent, also withdrawn ones, the newest first."""
    rows = Consent.objects.filter(patient=patient).select_related("recorded_by", "document")
    return list(rows.order_by("-id"))


def consent_get(patient: Patient, public_id: UUID) -> Consent | None:
    """Return one of the consents of this patient."""
    return Consent.objects.filter(patient=patient, public_id=public_id).first()
