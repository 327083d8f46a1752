"""Everything that is printed: dataclasses become PDF, by typst and templates/documents.

    rendered = render(Report(title=…, language="fr", letterhead=…, printed_at=at, blocks=(…,)))
    return as_response(rendered, "report.pdf")

What every document gets: the hospital's name and logo, the line that names its subject on each
page (`running`), page x of y, the time of printing, a mark such as COPY, tags for screen readers
(PDF/UA-1), archive quality (PDF/A-2a), selectable text, bookmarks. The same document gives the same
bytes. Text of a script that no shipped font has is replaced by the script's name in brackets, said
on the page and in `RenderedDocument.missing_scripts`; nothing prints as an empty box.

Text is data: it travels as JSON and never becomes markup. Write texts already translated, dates and
amounts already formatted (core.templatetags.formats).

To add a kind (an invoice, a wristband):
1. First try a Report made of the blocks in core.documents.blocks: most papers are one.
2. If the page itself differs, subclass Document in your own room: `template = "invoice"`, fields,
   and `payload()`: `Document.payload(self)` and what else the template needs, in JSON's types.
3. Write templates/documents/invoice.typ: `#import "parts.typ": *`, read `data`, use `paged` for a
   page with letterhead or `bare` for one without.
4. Test the text of the PDF with pypdf, and look at it: `picture(document)` gives PNG pages.
"""

from core.documents.answers import as_response
from core.documents.blocks import (
    Block,
    Callout,
    Code,
    Column,
    Facts,
    Figure,
    Heading,
    Items,
    PageBreak,
    Paragraph,
    Table,
    figure_blocks,
)
from core.documents.codes import Barcode, BarcodeRefused, CodeKind, barcode, barcode_svg
from core.documents.graphics import Graphic, GraphicRefused
from core.documents.kinds import Document, Label, Labels, Line, Pack, Report
from core.documents.page import A4, A5, LABEL_50_25, LABEL_70_35, Letterhead, Mark, PageSize
from core.documents.press import (
    DocumentTooLarge,
    DoesNotFit,
    RenderedDocument,
    picture,
    render,
)
from core.documents.setter import DocumentTooSlow

__all__ = [
    "A4",
    "A5",
    "LABEL_50_25",
    "LABEL_70_35",
    "Barcode",
    "BarcodeRefused",
    "Block",
    "Callout",
    "Code",
    "CodeKind",
    "Column",
    "Document",
    "DocumentTooLarge",
    "DocumentTooSlow",
    "DoesNotFit",
    "Facts",
    "Figure",
    "Graphic",
    "GraphicRefused",
    "Heading",
    "Items",
    "Label",
    "Labels",
    "Letterhead",
    "Line",
    "Mark",
    "Pack",
    "PageBreak",
    "PageSize",
    "Paragraph",
    "RenderedDocument",
    "Report",
    "Table",
    "as_response",
    "barcode",
    "barcode_svg",
    "figure_blocks",
    "picture",
    "render",
]
