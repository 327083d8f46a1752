"""Papers and photos: kept with a hash, as pages; what was added in error stays marked."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action
from core.errors import Invalid, ServiceError
from core.states import Machine
from core.uploads import Paper
from patients.events import DocumentsChanged
from patients.models import Consent, Document, DocumentContent, DocumentPage, Patient, PatientPhoto
from patients.services.details import changed, locked
from patients.services.naming import day_of
from patients.services.noting import By, began, held, moved, saved, stamp, told
from patients.states import DOCUMENT_STEPS, ConsentState, DocumentKind, DocumentState

DOCUMENT = Machine(
    column="state",
    table=DOCUMENT_STEPS,
    stamps={DocumentState.ENTERED_IN_ERROR: "voided"},
    words=DocumentState,
)


class DocumentKnown(ServiceError):
    """The very same file stands in the record."""

    code = "document_known"
    message = _("This file is in the record already: “%(title)s”.")

    def __init__(self, title: str) -> None:
        super().__init__(self.message % {"title": title}, field="file")


def _fact(patient: Patient) -> DocumentsChanged:
    return DocumentsChanged(patient_id=patient.pk, public_id=patient.public_id)


@transaction.atomic
def document_add(
    patient: Patient,
    *,
    paper: Paper,
    kind: str,
    title: str = "",
    written_on: date | None = None,
    author: str = "",
    encounter: UUID | None = None,
    file_name: str = "",
    note: str = "",
    by: int | None,
    at: datetime,
) -> Document:
    """The paper belongs to the record. Raises DocumentKnown, Invalid."""
    row, who = locked(patient), By(by, at)
    if kind not in DocumentKind.values:
        raise Invalid(field="kind")
    if written_on is not None and written_on > day_of(at, row.site.time_zone):
        raise Invalid(_("This is in the future."), field="written_on")
    current = Document.objects.filter(patient=row, state=DocumentState.CURRENT)
    if same := current.filter(sent_sha256=paper.sent_sha256).first():
        raise DocumentKnown(same.title)
    made = Document.objects.create(
        patient=row,
        kind=kind,
        title=" ".join(title.split()) or str(DocumentKind(kind).label),
        written_on=written_on,
        author=" ".join(author.split()),
        encounter=encounter,
        media_type=paper.media_type,
        file_name=file_name,
        size=len(paper.content),
        page_count=len(paper.pages),
        sha256=paper.sha256,
        sent_sha256=paper.sent_sha256,
        note=note.strip(),
        **stamp(who),
    )
    _store(made, paper)
    began(made, made.state, who)
    shown = ("kind", "title", "media_type", "size", "page_count", "sha256")
    after = {name: getattr(made, name) for name in shown}
    told("document_add", made, row, _fact(row), who, action=Action.CREATE, after=after)
    return made


def _store(document: Document, paper: Paper) -> None:
    DocumentContent.objects.create(document=document, content=paper.content)
    DocumentPage.objects.bulk_create(
        DocumentPage(
            document=document,
            number=number,
            content=page.content,
            width=page.width,
            height=page.height,
        )
        for number, page in enumerate(paper.pages, start=1)
    )


@transaction.atomic
def document_void(document: Document, *, reason: str, by: int, at: datetime) -> Document:
    """The paper was added in error: it stays, marked. Raises TransitionRefused, Invalid."""
    patient, who = locked(document.patient), By(by, at)
    found = held(document)
    if not reason.strip():
        raise Invalid(field="reason")
    if Consent.objects.filter(document=found, state=ConsentState.ACTIVE).exists():
        raise Invalid(_("A consent rests on this paper. Change the consent first."))
    if found.state == DocumentState.CURRENT:
        saved(found, end_reason=reason.strip())
    moved(found, DocumentState.ENTERED_IN_ERROR, machine=DOCUMENT, who=who, reason=reason)
    told(
        "document_void",
        found,
        patient,
        _fact(patient),
        who,
        before={"title": found.title, "state": str(DocumentState.CURRENT)},
        after={"state": found.state},
        reason=reason,
    )
    return found


@transaction.atomic
def photo_set(
    patient: Patient, *, pictures: tuple[bytes, bytes], by: int | None, at: datetime
) -> PatientPhoto:
    """The patient looks so; an earlier photo stays in the record."""
    row, who = locked(patient), By(by, at)
    large, small = pictures
    made = PatientPhoto.objects.create(patient=row, content=large, thumb=small, **stamp(who))
    changed(row, "photo_set", at=at, by=by, after={"photo": str(made.public_id)})
    return made


@transaction.atomic
def photo_remove(patient: Patient, *, reason: str, by: int, at: datetime) -> Patient:
    """No photo is shown any more. Raises Invalid."""
    row = locked(patient)
    if not reason.strip():
        raise Invalid(field="reason")
    rows = PatientPhoto.objects.filter(patient=row, voided_at__isnull=True)
    if not rows.update(voided_at=at, void_reason=reason.strip()):
        raise Invalid(_("There is no photo."), field="reason")
    return changed(row, "photo_remove", at=at, by=by, reason=reason)
