"""A document as an answer to a browser."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from core.documents.press import RenderedDocument


def as_response(rendered: RenderedDocument, filename: str, *, inline: bool = True) -> HttpResponse:
    """Answer with the PDF; no cache keeps it. `filename` names no person and no number of one."""
    disposition = content_disposition_header(as_attachment=not inline, filename=filename)
    return HttpResponse(
        rendered.pdf,
        content_type="application/pdf",
        headers={
            "Content-Disposition": disposition or "inline",
            "Content-Language": rendered.language,
            "Cache-Control": "private, no-store",
        },
    )
