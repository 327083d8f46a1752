"""Doors of papers and of the photo: shown as pictures, given out only as a download."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, Look, render
from org import gate
from patients import behind, forms, selectors, services
from patients.permissions import Perm, document_kinds_read
from patients.states import DocumentKind, DocumentState
from patients.views import shown
from patients.views.desk import MODULE

if TYPE_CHECKING:
    from patients.models import Document, Patient

ADD_DESK, PHOTO_DESK = behind.desk(Perm.ADD_DOCUMENTS), behind.desk(Perm.PHOTO)
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A paper as the list shows it."""

    row: "Document"
    kind: str
    state: Look
    is_current: bool


def _row(row: "Document") -> DocumentRow:
    is_current = row.state == DocumentState.CURRENT
    return DocumentRow(
        row=row,
        kind=str(DocumentKind(row.kind).label),
        state=Look(
            "ok" if is_current else "mute",
            "circle-check" if is_current else "circle-x",
            DocumentState(row.state).label,
        ),
        is_current=is_current,
    )


def address(patient: "Patient") -> str:
    """Return the address of the list of papers."""
    return reverse("patients:documents", args=[patient.public_id])


def _crumbs(found: "Patient") -> tuple[Crumb, ...]:
    return (*behind.crumbs(found), Crumb(_("Documents"), address(found)))


@requires(Perm.SEE_DOCUMENTS, module=None)
def documents(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The papers of a patient."""
    found, held = behind.load(request, public_id), gate.grants(request)
    rows = selectors.documents_of(found, grants=held)
    context = {
        "banner": shown.banner_of(found),
        "tabs": shown.tabs_of(held),
        "crumbs": behind.crumbs(found),
        "here": "documents",
        "documents": [_row(row) for row in rows],
        "may_add": held.has(Perm.ADD_DOCUMENTS),
    }
    return render(request, "patients/documents.html", context)


def _load(request: HttpRequest, public_id: UUID, document_id: UUID) -> tuple["Patient", "Document"]:
    """Return patient and paper; the trail learns which paper was looked at. Raises NotFound."""
    found = behind.load(request, public_id)
    row = selectors.document_get(found, document_id, grants=gate.grants(request))
    if row is None:
        raise NotFound()
    look(subject=row, patient=found.public_id)
    return found, row


def _number(request: HttpRequest, row: "Document") -> int:
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(number, 1), row.page_count)


@requires(Perm.SEE_DOCUMENTS, module=None)
def document(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """One page of a paper, as a picture."""
    found, row = _load(request, public_id, document_id)
    held, number = gate.grants(request), _number(request, row)
    size = selectors.page_size(row, number)
    context = {
        "banner": shown.banner_of(found),
        "crumbs": _crumbs(found),
        "item": _row(row),
        "number": number,
        "width": size[0] if size else 0,
        "height": size[1] if size else 0,
        "before": number - 1 if number > 1 else 0,
        "after": number + 1 if number < row.page_count else 0,
        "may_download": held.has(Perm.DOWNLOAD),
        "may_void": held.has(Perm.ADD_DOCUMENTS) and row.state == DocumentState.CURRENT,
    }
    return render(request, "patients/document.html", context)


def _picture(content: bytes, media_type: str) -> HttpResponse:
    return HttpResponse(
        content, content_type=media_type, headers={"X-Content-Type-Options": "nosniff"}
    )


@requires(Perm.SEE_DOCUMENTS, module=None)
def document_page(
    request: HttpRequest, public_id: UUID, document_id: UUID, number: int
) -> HttpResponse:
    """The points of one page: drawn here, never what was uploaded."""
    _found, row = _load(request, public_id, document_id)
    page = selectors.page_of(row, number)
    if page is None:
        raise NotFound()
    return _picture(page.content, "image/png")


@requires(Perm.DOWNLOAD, module=None, reads="download")
def document_file(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """The file itself, to be kept elsewhere: never opened by the browser."""
    _found, row = _load(request, public_id, document_id)
    answered = _picture(selectors.content_of(row), row.media_type)
    # No name of a person leaves with it.
    name = f"document-{str(row.public_id)[:8]}.{ENDINGS[row.media_type]}"
    answered["Content-Disposition"] = f'attachment; filename="{name}"'
    return answered


def _page(found: "Patient", title: str, submit: str, done: str, **rest: Any) -> CommandPage:
    back = rest.pop("back", "") or address(found)
    return CommandPage(
        title=title,
        submit=submit,
        back=back,
        crumbs=rest.pop("crumbs", None) or _crumbs(found),
        done=done,
        template="patients/command.html",
        extra={"banner": shown.banner_of(found)},
        **rest,
    )


@requires(Perm.ADD_DOCUMENTS, module=MODULE, methods=("GET", "POST"), unit=ADD_DESK)
def document_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A paper becomes part of the record."""
    found = behind.load(request, public_id)
    kinds = document_kinds_read(gate.grants(request))
    form = forms.DocumentForm(sent(request), request.FILES or None, kinds=kinds)
    page = _page(found, _("New document"), _("Add"), _("The document was added."))

    def add(data: dict[str, Any]) -> str:
        rest = {name: data[name] for name in data if name != "file"}
        made = services.document_add(
            found,
            paper=data["file"],
            file_name=form.file_name,
            **rest,
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return reverse("patients:document", args=[found.public_id, made.public_id])

    return answer(request, form, page, add)


@requires(Perm.ADD_DOCUMENTS, module=MODULE, methods=("GET", "POST"), unit=ADD_DESK)
def document_void(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """The paper does not belong here: it stays, marked."""
    found, row = _load(request, public_id, document_id)
    form = forms.EndForm(sent(request))
    page = _page(
        found,
        _("Added in error: %(name)s") % {"name": row.title},
        _("Mark as an error"),
        _("The document is marked as added in error."),
        is_risky=True,
        intro=_("It stays in the record, marked, and does not come back."),
    )

    def void(data: dict[str, Any]) -> str:
        services.document_void(row, **data, by=gate.person(request).pk, at=clock.now())
        return address(found)

    return answer(request, form, page, void)


@requires(Perm.PHOTO, module=MODULE, methods=("GET", "POST"), unit=PHOTO_DESK)
def photo_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A photo for the banner."""
    found = behind.load(request, public_id)
    form = forms.PhotoForm(sent(request), request.FILES or None)
    page = _page(
        found,
        _("Photo"),
        _("Save"),
        _("The photo was saved."),
        back=behind.address(found),
        crumbs=behind.crumbs(found),
        intro=_("Face from the front. It is cut square; place and device in the file are dropped."),
    )

    def save(data: dict[str, Any]) -> str:
        services.photo_set(found, pictures=data["file"], by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, save)


@requires(Perm.VIEW, module=None)
def photo(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The photo that counts, large."""
    found = behind.load(request, public_id)
    row = selectors.photo_of(found)
    if row is None:
        raise NotFound()
    return _picture(bytes(row.content), "image/jpeg")


@requires(Perm.PHOTO, module=MODULE, methods=("GET", "POST"), unit=PHOTO_DESK)
def photo_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """No photo is shown any more."""
    found = behind.load(request, public_id)
    form = forms.EndForm(sent(request))
    page = _page(
        found,
        _("Take the photo out"),
        _("Take out"),
        _("The photo was taken out."),
        back=behind.address(found),
        crumbs=behind.crumbs(found),
    )

    def remove(data: dict[str, Any]) -> str:
        services.photo_remove(found, **data, by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, remove)
