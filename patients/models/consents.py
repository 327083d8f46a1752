"""What a patient, or who decides for them, allowed or refused (ROW-A9)."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q

from core.models import kept_history
from patients.models.documents import Document
from patients.models.safety import OfRecord
from patients.states import (
    ConsentCategory,
    ConsentGiver,
    ConsentKind,
    ConsentScope,
    ConsentState,
    Decision,
)


@kept_history()
class Consent(OfRecord):
    """A decision with its evidence, for a period; withdrawing it ends the period."""

    kind = models.CharField(max_length=20, choices=ConsentKind)
    scope = models.CharField(max_length=20, choices=ConsentScope)
    category = models.CharField(max_length=20, choices=ConsentCategory)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.PERMIT)
    state = models.CharField(max_length=20, choices=ConsentState, default=ConsentState.DRAFT)
    # Half-open; none before it is given, an empty end is "until it is withdrawn".
    period = DateTimeRangeField(null=True, blank=True)
    # To what exactly, or to what not.
    limits = models.CharField(max_length=300, blank=True)
    giver = models.CharField(max_length=10, choices=ConsentGiver, default=ConsentGiver.PATIENT)
    giver_name = models.CharField(max_length=200, blank=True)
    # Who saw or heard it, where no paper was signed.
    witness = models.CharField(max_length=300, blank=True)
    # The signed paper.
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ConsentState.values), name="consent_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ConsentKind.values), name="consent_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=Decision.values), name="consent_decision_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "inactive"]) | Q(period__isnull=False),
                name="consent_given_has_its_period",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "inactive"])
                | ~Q(witness="")
                | Q(document__isnull=False),
                name="consent_given_has_evidence",
            ),
            models.CheckConstraint(
                condition=Q(giver="patient") | ~Q(giver_name=""), name="consent_giver_has_a_name"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "active"]) | ~Q(end_reason=""),
                name="consent_end_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["patient", "kind"], name="consent_patient_kind")]
        default_permissions = ()
        permissions = [
            ("view_consents", "See what patients consented to"),
            ("record_consents", "Record consents and that they were withdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"
