"""What was printed of a patient: the second wristband says that it is one."""

from django.db import models
from django.db.models import Q

from core.models import BaseModel, append_only
from patients.models.identity import Patient
from patients.states import Paper


class PaperPrint(BaseModel):
    """A wristband or labels were printed: the how-manieth time, and how many."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    paper = models.CharField(max_length=20, choices=Paper)
    number = models.PositiveIntegerField()
    copies = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    printed_at = models.DateTimeField()
    printed_by = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "paper", "number"], name="paperprint_counts_up"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, copies__gte=1), name="paperprint_from_one"
            ),
            models.CheckConstraint(
                condition=Q(number=1) | ~Q(paper__startswith="wristband") | ~Q(reason=""),
                name="paperprint_second_band_has_reason",
            ),
        ]
        triggers = [append_only("paperprint_append_only")]
        default_permissions = ()
        permissions = [("print_papers", "Print wristbands and labels of patients")]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.paper} {self.number}"
