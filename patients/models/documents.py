"""Papers and photos of a patient: contents stand in tables of their own (docs/adr/0024)."""

from django.db import models
from django.db.models import Q

from core.models import HappenedModel, append_only, kept_history
from patients.models.identity import Patient
from patients.models.safety import OfRecord
from patients.states import DocumentKind, DocumentState

LARGEST = 16 * 1024 * 1024


@kept_history()
class Document(OfRecord):
    """An uploaded paper. `sha256` is of what is kept, `sent_sha256` of what was sent."""

    kind = models.CharField(max_length=20, choices=DocumentKind)
    title = models.CharField(max_length=200)
    # The day that stands on it, and who wrote it.
    written_on = models.DateField(null=True, blank=True)
    author = models.CharField(max_length=200, blank=True)
    # The opaque id of the encounter it belongs to: encounters stand above this room.
    encounter = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=DocumentState, default=DocumentState.CURRENT)
    media_type = models.CharField(max_length=40)
    file_name = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField()
    page_count = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    sent_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DocumentKind.values), name="document_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DocumentState.values), name="document_state_known"
            ),
            models.CheckConstraint(
                condition=Q(media_type__in=["application/pdf", "image/jpeg", "image/png"]),
                name="document_media_type_known",
            ),
            models.CheckConstraint(
                condition=Q(state="current") | ~Q(end_reason=""),
                name="document_error_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(page_count__gte=1, size__gte=1, size__lte=LARGEST),
                name="document_has_pages",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-id"], name="document_patient_newest"),
            models.Index(fields=["patient", "sent_sha256"], name="document_patient_hash"),
        ]
        default_permissions = ()
        permissions = [
            ("view_documents", "Read papers of patients"),
            ("add_documents", "Add papers to patients’ records"),
            ("download_documents", "Download papers of patients as files"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"


class DocumentContent(models.Model):
    """The bytes of one paper."""

    id = models.BigAutoField(primary_key=True)
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    content = models.BinaryField()

    class Meta:
        triggers = [append_only("documentcontent_append_only")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"content of {self.document_id}"


class DocumentPage(models.Model):
    """One page of a paper as PNG, drawn when it was uploaded."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    content = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="documentpage_once"),
        ]
        triggers = [append_only("documentpage_append_only")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"page {self.number} of {self.document_id}"


class PatientPhoto(HappenedModel):
    """How a patient looks: cut square, drawn anew, large and for the banner; the newest counts.

    `occurred_at` is when it was taken, `voided_at` when it was taken out.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    content = models.BinaryField()
    thumb = models.BinaryField()
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | ~Q(void_reason=""),
                name="patientphoto_end_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["patient", "-id"],
                name="patientphoto_newest",
                condition=Q(voided_at__isnull=True),
            )
        ]
        default_permissions = ()
        permissions = [("take_photo", "Take and take out photos of patients")]

    def __str__(self) -> str:
        return f"photo of {self.patient_id}"
