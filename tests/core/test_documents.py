"""Reports and packs as PDF: what a reader sees, hears and can select."""

import time
from unittest import mock

import pytest
from django.utils import timezone, translation

from core.documents import (
    A4,
    A5,
    Callout,
    Code,
    Column,
    DocumentTooLarge,
    DocumentTooSlow,
    Facts,
    Heading,
    Items,
    Mark,
    PageBreak,
    PageSize,
    Paragraph,
    Table,
    as_response,
    press,
    render,
)
from tests.factories.documents import PRINTED_AT, pack, page_texts, printed, reader, report

STORED_MARKUP = [
    '#read("/etc/passwd")',
    '#image("/etc/hostname")',
    '#import "@preview/x:1.0.0": *',
    "*bold* _slanted_ `code` $x^2$",
    r"back\slash \u{41} \#",
    "<script>alert(1)</script>",
    "= Not a heading",
    "@nobody <label> // comment /* more */",
    "\"quoted\" 'and' -- dashes --- too ~ here",
    "{{ 1 }} [x](y) #[ ] #{",
]


def test_every_page_carries_hospital_subject_time_and_count() -> None:
    texts = page_texts(render(report(Paragraph("One."), PageBreak(), Paragraph("Two."))))
    assert len(texts) == 2
    for number, text in enumerate(texts, 1):
        assert "St. Anne’s General Hospital 12 Harbour Road" in text
        assert "O’NEILL Mary, MRN 00 51 904" in text
        assert "Printed 25-Nov-2026 07:26" in text
        assert f"Page {number} of 2" in text


def test_pages_are_counted_for_the_caller() -> None:
    rendered = render(report(Paragraph("One."), PageBreak(), Paragraph("Two.")))
    assert (rendered.pages, len(reader(rendered).pages)) == (2, 2)


def test_the_time_of_printing_is_local() -> None:
    with timezone.override("Asia/Kathmandu"):
        assert "Printed 25-Nov-2026 13:11" in printed(report())


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        report(printed_at=PRINTED_AT.replace(tzinfo=None))


def test_title_language_and_author_are_in_the_file() -> None:
    pdf = reader(render(report(title="Compte rendu", language="fr")))
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Compte rendu"
    assert pdf.metadata.author == "St. Anne’s General Hospital"
    assert pdf.metadata.creation_date == PRINTED_AT
    assert pdf.root_object["/Lang"] == "fr"
    assert pdf.root_object["/ViewerPreferences"]["/DisplayDocTitle"]


def test_the_pdf_is_tagged_and_meets_both_standards() -> None:
    rendered = render(report(Heading("Course"), Facts((("Born", "07-Mar-1981"),)), Callout("x")))
    root = reader(rendered).root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]["/K"]
    assert rendered.standards == ("a-2a", "ua-1")
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp


@pytest.mark.parametrize("text", STORED_MARKUP)
def test_stored_markup_is_printed_as_text(text: str) -> None:
    rows = Table((Column(text),), [(text,)], caption=text)
    everywhere = (Heading(text), Facts(((text, text),)), rows, Items((text,)), Callout(text, text))
    document = report(*everywhere, title=text, subtitle=text, running=text)
    found = printed(document).replace("\u200b", "")
    assert found.count(text) == 12


def test_no_template_reads_a_file_that_data_names() -> None:
    assert "root:" not in printed(report(Paragraph('#read("/etc/passwd")'), title="/etc/passwd"))


def test_control_characters_and_overrides_vanish() -> None:
    document = report(Paragraph("a\x00b\x1b[2Kc\ud800d\u202eevil\u2066e\ufefff\r\ng\x85h"))
    rendered = render(document)
    assert "ab[2Kcdevilef g h" in " ".join(page_texts(rendered))
    assert rendered.missing_scripts == ()


def test_a_table_repeats_its_titles_on_each_page() -> None:
    rows = [(f"Sodium {number}", str(number)) for number in range(150)]
    table = Table((Column("Name of test", share=1), Column("Value", "end")), rows)
    texts = page_texts(render(report(table)))
    assert len(texts) > 2
    assert all(text.count("Name of test Value") == 1 for text in texts)
    assert all(f"Sodium {number} {number}" in " ".join(texts) for number in range(150))


def test_totals_stand_once_at_the_end() -> None:
    table = Table((Column("A"), Column("B")), [("x", "1")] * 120, totals=[("Total", "120")])
    texts = page_texts(render(report(table)))
    assert [text.count("Total 120") for text in texts] == [0] * (len(texts) - 1) + [1]


def test_a_cell_longer_than_a_page_is_printed_whole() -> None:
    words = [f"w{number}" for number in range(3000)]
    found = printed(report(Table((Column("Note", share=1),), [(" ".join(words),)])))
    assert all(f" {word} " in f"{found} " for word in words)


def test_a_long_word_stays_on_the_sheet() -> None:
    table = Table((Column("A", share=1), Column("Hash", share=1)), [("x", "f00d" * 40)])
    found = printed(report(table)).replace("\u200b", "").replace(" ", "")
    assert "f00d" * 40 in found


def test_an_empty_table_says_so() -> None:
    assert "Name No entries" in printed(report(Table((Column("Name"),), [])))


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one cell per column"):
        Table((Column("A"), Column("B")), [("x",)])


@pytest.mark.parametrize("mark", [Mark.COPY, Mark.DEMO, Mark.DRAFT, Mark.TRAINING])
def test_a_mark_is_on_every_page(mark: Mark) -> None:
    texts = page_texts(render(report(Paragraph("x"), PageBreak(), Paragraph("y"), mark=mark)))
    assert all(mark.name in text for text in texts)


def test_the_original_has_no_mark() -> None:
    assert not any(mark.name in printed(report()) for mark in Mark if mark)


@pytest.mark.parametrize("page", [A4, A5, A4.landscape(), PageSize(210, 99)])
def test_the_page_has_the_size_asked_for(page: PageSize) -> None:
    box = reader(render(report(Paragraph("x"), page=page))).pages[0].mediabox
    millimetres = [round(float(side) * 25.4 / 72) for side in (box.width, box.height)]
    assert millimetres == [page.width, page.height]


def test_a_page_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="between"):
        PageSize(5, 297)


def test_a_code_is_printed_with_its_value() -> None:
    assert "0051904K" in printed(report(Code("0051904K")))


def test_fixed_words_come_in_the_language_of_the_document() -> None:
    with translation.override("en"):
        text = printed(report(language="fr"))
    assert "Page 1 sur 1" in text
    assert "Imprimé le" in text


def test_a_pack_has_contents_links_and_one_count() -> None:
    parts = (
        report(Paragraph("First."), title="Waiting times", running="Part one"),
        report(Paragraph("Second."), PageBreak(), Paragraph("More."), title="Beds"),
    )
    rendered = render(pack(*parts))
    texts = page_texts(rendered)
    assert "Contents Waiting times" in texts[0]
    assert [f"Page {n} of 4" in text for n, text in enumerate(texts, 1)] == [True] * 4
    assert "Part one" in texts[1]
    assert "Part one" not in texts[2]
    assert [item["/Title"] for item in reader(rendered).outline] == ["Waiting times", "Beds"]
    assert rendered.standards == ("a-2a", "ua-1")


def test_parts_of_a_pack_keep_their_own_sheet() -> None:
    pages = reader(render(pack(report(), report(page=A4.landscape())))).pages
    assert [page.mediabox.width > page.mediabox.height for page in pages] == [False, False, True]


def test_the_same_document_gives_the_same_bytes() -> None:
    table = Table((Column("A"),), [("x",)] * 50)
    assert render(report(table)).pdf == render(report(table)).pdf


def test_too_many_cells_are_refused_before_they_are_set() -> None:
    rows = [("x",) * 10] * (press.LIMIT_TEXTS // 10 + 1)
    with pytest.raises(DocumentTooLarge):
        render(report(Table((Column("A"),) * 10, rows)))


def test_too_much_text_is_refused() -> None:
    with pytest.raises(DocumentTooLarge):
        render(report(Paragraph("x" * (press.LIMIT_CHARACTERS + 1))))


def test_a_document_that_takes_too_long_is_given_up() -> None:
    with (
        mock.patch.object(press, "LIMIT_SECONDS", 0.05),
        mock.patch.object(press, "_set", side_effect=lambda *_: time.sleep(0.5)),
        pytest.raises(DocumentTooSlow),
    ):
        render(report())


def test_a_paper_that_misses_a_standard_is_printed_all_the_same() -> None:
    with mock.patch.object(press, "STANDARDS", (("a-1a", "a-4"),)):
        rendered = render(report(Paragraph("Still here.")))
    assert rendered.standards == ()
    assert "Still here." in " ".join(page_texts(rendered))


@pytest.mark.parametrize(("inline", "words"), [(True, "inline"), (False, "attachment")])
def test_the_answer_is_not_kept_by_any_cache(inline: bool, words: str) -> None:
    answer = as_response(render(report()), "résumé.pdf", inline=inline)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Disposition"].startswith(words)
    assert answer.content.startswith(b"%PDF-")


def test_pictures_of_the_pages_can_be_looked_at() -> None:
    pages = press.picture(report(Paragraph("x"), PageBreak(), Paragraph("y")), dots_per_inch=30)
    assert [page[:4] for page in pages] == [b"\x89PNG"] * 2
