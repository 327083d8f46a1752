"""The press: checks a document's size, sets it with typst, returns the PDF and what it lacks."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.documents.blocks import Payload
from core.documents.kinds import Document
from core.documents.page import MARK_WORDS
from core.documents.setter import SetError, compiler, within
from core.documents.writing import can_print, printable_tree, script_name
from core.errors import ServiceError
from core.templatetags.formats import when_text

log = logging.getLogger(__name__)

# For readers with a screen reader (UA-1) and archives that must open it in 30 years (A-2a). Charts
# with Arabic or Devanagari words can only meet A-2b: their words cannot be selected. A paper that
# meets none is still tagged, and better than none: care does not wait for a standard.
STANDARDS: tuple[tuple[str, ...], ...] = (("a-2a", "ua-1"), ("a-2b",))
# 3,300 rows of six cells: 60 pages, 3 s and 400 MB. More belongs into a CSV file (docs/adr/0005).
LIMIT_TEXTS = 20_000
LIMIT_CHARACTERS = 2_000_000
LIMIT_SECONDS = 20.0
NO_FIT = "label-does-not-fit"
# Regions decide the shapes of Chinese characters; Django writes them as scripts.
REGIONS = {"hans": "CN", "hant": "TW"}


class DocumentTooLarge(ServiceError):
    """The document has more text than one file may hold."""

    code = "document_too_large"
    status = 422
    message = _("This is too much for one document. Choose fewer rows or a shorter period.")


class DoesNotFit(ServiceError):
    """The text does not fit on the label even in the smallest print."""

    code = "label_too_small"
    status = 422
    message = _("The text does not fit on this label. Choose a larger label.")


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """The PDF, and what the maker must know of it; `standards` is empty where it met none."""

    pdf: bytes
    pages: int
    title: str
    language: str
    missing_scripts: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()


def _size(value: Any) -> tuple[int, int]:
    """Count the texts of JSON data and their characters."""
    if isinstance(value, str):
        return 1, len(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    sizes = [_size(item) for item in inner]
    return sum(size[0] for size in sizes), sum(size[1] for size in sizes)


def _words(document: Document) -> dict[str, str]:
    """Return the fixed words of a page in the active language; typst fills in the numbers."""
    return {
        "page": gettext("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
        "printed": gettext("Printed %(when)s") % {"when": when_text(document.printed_at)},
        "contents": gettext("Contents"),
        "no_rows": gettext("No entries"),
        "mark": str(MARK_WORDS[document.mark]),
    }


def _missing_words(missing: tuple[str, ...]) -> str:
    """Return the sentence that says what is missing; in English if its own script is, too."""
    if not missing:
        return ""
    text = gettext(
        "Parts of this document cannot be printed and are marked in brackets. "
        "No font for: %(scripts)s. Read them on the screen."
    ) % {"scripts": ", ".join(script_name(script) for script in missing)}
    if can_print(text):
        return text
    with translation.override("en"):
        return _missing_words(missing)


def _language(code: str) -> dict[str, str | None]:
    """Split `zh-hant` or `pt-br` into what typst wants."""
    language, _dash, rest = code.lower().partition("-")
    region = REGIONS.get(rest, rest.upper() if len(rest) == 2 else None)
    return {"lang": language, "region": region}


def _data(document: Document) -> tuple[Payload, tuple[str, ...]]:
    """Return all that the template reads, and the scripts that cannot be printed."""
    with translation.override(document.language):
        payload = document.payload()
        texts, characters = _size(payload)
        if texts > LIMIT_TEXTS or characters > LIMIT_CHARACTERS:
            raise DocumentTooLarge
        found: set[str] = set()
        payload = printable_tree({**payload, "words": _words(document)}, found)
        missing = tuple(sorted(found))
        payload["words"]["missing"] = _missing_words(missing)
        payload["is_rtl"] = translation.get_language_bidi()
    return {**payload, **_language(document.language)}, missing


def _printed(press: Any, document: Document) -> tuple[bytes, tuple[str, ...]]:
    """Return the PDF and the best standards it meets. Raises DoesNotFit."""
    # A clock says microseconds, which typst refuses.
    stamp = document.printed_at.astimezone(UTC).replace(microsecond=0)
    for standards in STANDARDS:
        try:
            made = press.compile(format="pdf", pdf_standards=list(standards), timestamp=stamp)
        except SetError as error:
            if NO_FIT in str(error):
                raise DoesNotFit from error
        else:
            return made, standards
    return press.compile(format="pdf", timestamp=stamp), ()


def _set(document: Document, payload: Payload) -> tuple[bytes, int, tuple[str, ...]]:
    """Return PDF, page count and standards met. Raises DoesNotFit."""
    press = compiler(document.template, data=json.dumps(payload))
    pdf, standards = _printed(press, document)
    if standards != STANDARDS[0]:
        log.warning("document_standard_missed", extra={"template": document.template})
    return pdf, int(press.query("<pages>", field="value", one=True)), standards


def render(document: Document) -> RenderedDocument:
    """The document is a PDF in its language.

    Raises DocumentTooLarge, DoesNotFit, DocumentTooSlow, and BarcodeRefused for its codes.
    """
    payload, missing = _data(document)
    pdf, pages, standards = within(LIMIT_SECONDS, lambda: _set(document, payload))
    return RenderedDocument(
        pdf=pdf,
        pages=pages,
        title=document.title,
        language=document.language,
        missing_scripts=missing,
        standards=standards,
    )


def picture(document: Document, *, dots_per_inch: int = 144) -> list[bytes]:
    """Return the pages as PNG: for previews, and for looking at a new kind of paper."""
    payload, _missing = _data(document)
    press = compiler(document.template, data=json.dumps(payload))
    made = press.compile(format="png", ppi=dots_per_inch)
    return made if isinstance(made, list) else [made]
