"""Papers of a patient: the list, one page, the file; only kinds that the asker reads."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from org.permissions import Grants
from patients.models import Document, DocumentContent, DocumentPage, Patient, PatientPhoto
from patients.permissions import document_kinds_read


def _read(patient: Patient, grants: Grants) -> QuerySet[Document]:
    rows = Document.objects.filter(patient=patient, kind__in=document_kinds_read(grants))
    return rows.select_related("recorded_by")


def documents_of(patient: Patient, *, grants: Grants) -> list[Document]:
    """Return the papers that the asker reads, also erroneous ones, the newest first."""
    return list(_read(patient, grants).order_by("-id"))


def document_get(patient: Patient, public_id: UUID, *, grants: Grants) -> Document | None:
    """Return one of them, None for one that the asker does not read."""
    return _read(patient, grants).filter(public_id=public_id).first()


@dataclass(frozen=True, slots=True)
class PagePicture:
    """One page as PNG."""

    content: bytes
    width: int
    height: int


def page_of(document: Document, number: int) -> PagePicture | None:
    """Return one page."""
    row = DocumentPage.objects.filter(document=document, number=number).first()
    return PagePicture(bytes(row.content), row.width, row.height) if row else None


def page_size(document: Document, number: int) -> tuple[int, int] | None:
    """Return width and height of a page, without its points."""
    rows = DocumentPage.objects.filter(document=document, number=number)
    return rows.values_list("width", "height").first()


def content_of(document: Document) -> bytes:
    """Return the bytes that are kept."""
    return bytes(DocumentContent.objects.get(document=document).content)


def photo_of(patient: Patient) -> PatientPhoto | None:
    """Return the photo that counts."""
    rows = PatientPhoto.objects.filter(patient=patient, voided_at__isnull=True)
    return rows.order_by("-id").first()
