"""What people say about themselves before they come, until the desk has looked at it (ROW-A13)."""

from django.db import models
from django.db.models import F, Q

from core.models import BaseModel, kept_history
from patients.models.identity import Patient
from patients.states import PREREGISTRATION_OVER, PreRegistrationState


@kept_history("digest", "note_sealed", "email_sealed", "answers_sealed")
class PreRegistration(BaseModel):
    """An invitation to say who one is, what was answered, and what the desk made of it.

    Of its link only the digest is kept. Note, address and answers are sealed, and wiped when it is
    over: what counts stands in the record then.
    """

    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=10, choices=PreRegistrationState, default=PreRegistrationState.INVITED
    )
    digest = models.CharField(max_length=64, unique=True)
    note_sealed = models.TextField(blank=True)
    email_sealed = models.TextField(blank=True)
    language = models.CharField(max_length=10, blank=True)
    invited_by = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answers_sealed = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PreRegistrationState.values),
                name="preregistration_state_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("invited_at")), name="preregistration_ends_later"
            ),
            models.CheckConstraint(
                condition=~Q(state=PreRegistrationState.SENT) | Q(sent_at__isnull=False),
                name="preregistration_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=PREREGISTRATION_OVER)
                | Q(answers_sealed="", email_sealed="", note_sealed="", decided_at__isnull=False),
                name="preregistration_over_is_wiped",
            ),
            models.CheckConstraint(
                condition=~Q(state=PreRegistrationState.ACCEPTED)
                | Q(patient__isnull=False, decided_by__isnull=False),
                name="preregistration_accepted_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state=PreRegistrationState.REJECTED)
                | Q(decided_by__isnull=False) & ~Q(reason=""),
                name="preregistration_rejected_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="preregistration_to_expire",
                condition=Q(state__in=["invited", "sent"]),
            ),
            models.Index(fields=["unit", "state", "id"], name="preregistration_of_a_unit"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.unit_id} {self.state}"
