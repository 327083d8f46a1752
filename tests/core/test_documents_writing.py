"""Scripts: what the shipped fonts print, and what is said of those they lack."""

import hashlib
from unittest import mock

import pytest
from django.utils import translation

from core.documents import Paragraph, press, render
from core.documents.writing import FONTS, can_print, printable, script_of
from tests.factories.documents import page_texts, printed, report

FAMILIES = {
    *("NotoSans", "NotoSansArabic", "NotoSansDevanagari", "NotoSansCJK"),
    *("Vazirmatn", "DejaVuSans"),
}
SAMPLES = {
    "Latin": "Ångström Łódź Nguyễn Đặng Çağlar Ñandú ẞ œ",
    "Greek": "Αθήνα Ἑλλάς",
    "Cyrillic": "Київ Москва ґ ї",
    "Arabic": "مستشفى القديسة آن — فارسی اردو ٹھیک",
    "Devanagari": "अस्पताल क्षत्रिय श्रीमान् हृदय",
    "Chinese": "圣安妮总医院 聖安妮總醫院 龘 刘䶮",
    "Japanese": "聖アンナ総合病院 ひらがな 髙﨑 𠮷田",
    "Korean": "성안나 종합병원 뷁 믜",
    "Signs": "≤ ≥ µ ± × ÷ ° ½ → € ₹ ₨ № … – — ‘ ’ “ ” • ✓ ☐ ▲ ♀",
}


def made_printable(text: str) -> tuple[str, set[str]]:
    missing: set[str] = set()
    return printable(text, missing), missing


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_shipped_fonts_print_the_scripts_promised(text: str) -> None:
    assert can_print(text)


@pytest.mark.parametrize("script", ["Latin", "Greek", "Cyrillic", "Chinese", "Japanese", "Korean"])
def test_text_can_be_selected_in_every_script(script: str) -> None:
    assert SAMPLES[script] in printed(report(Paragraph(SAMPLES[script])))


@pytest.mark.parametrize("word", ["مستشفى", "بیمارستان", "ہسپتال"])
def test_arabic_words_can_be_selected(word: str) -> None:
    assert word in printed(report(Paragraph(word), language="ar"))


def test_shaped_devanagari_meets_the_standards() -> None:
    assert render(report(Paragraph(SAMPLES["Devanagari"]), language="hi")).standards != ()


@pytest.mark.parametrize(
    ("text", "shown", "missing"),
    [
        ("করিম উদ্দিন 42", "[Bengali] 42", {"Bengali"}),
        ("Name: สมชาย ใจดี.", "Name: [Thai].", {"Thai"}),
        ("שלום / สวัสดี", "[Hebrew] / [Thai]", {"Hebrew", "Thai"}),
        ("王\U0002a6d6", "王[U+2A6D6]", {"Han"}),
        ("fine \U0001f600\U0001f601", "fine [U+1F600][U+1F601]", {"Symbols"}),
        ("private \ue000", "private [U+E000]", {"Symbols"}),
        ("ᏣᎳᎩ", "[Cherokee]", {"Cherokee"}),
        ("Ꮳ\u20e3Ꮃ", "[Cherokee]", {"Cherokee"}),
        ("a\u202e \u202eb", "a b", set()),
        ("soft\u2060ly \u202eevil", "soft\u2060ly evil", set()),
        ("two\r\nlines\rmore", "two\nlines\nmore", set()),
    ],
)
def test_what_cannot_be_printed_is_named(text: str, shown: str, missing: set[str]) -> None:
    assert made_printable(text) == (shown, missing)


def test_a_character_that_is_no_letter_belongs_to_no_script() -> None:
    assert script_of("\U0001f3e5") == "Symbols"


def test_the_page_and_the_caller_are_told_what_is_missing() -> None:
    rendered = render(report(Paragraph("Patient: করিম"), running="করিম"))
    text = " ".join(page_texts(rendered))
    assert rendered.missing_scripts == ("Bengali",)
    assert "No font for: Bengali." in text
    assert text.count("[Bengali]") == 2
    assert rendered.standards == ("a-2a", "ua-1")


def test_a_document_whose_own_language_is_missing_says_so_in_english() -> None:
    rendered = render(report(Paragraph("করিম"), language="bn"))
    text = " ".join(page_texts(rendered))
    assert "Parts of this document cannot be printed" in text


def test_a_translation_that_cannot_be_printed_gives_way_to_english() -> None:
    with (
        translation.override("fr"),
        mock.patch.object(press, "can_print", side_effect=[False, True]),
    ):
        assert press._missing_words(("Thai",)).startswith("Parts of this document")


def test_names_of_scripts_are_translated() -> None:
    with translation.override("fr"):
        assert made_printable("สวัสดี ")[0] == "[Thaï] "


def test_fonts_are_those_that_were_listed() -> None:
    lines = (FONTS / "SHA256SUMS").read_text("utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FONTS.iterdir()
        if path.name != "SHA256SUMS"
    }
    assert found == listed


def test_every_font_has_a_licence_beside_it() -> None:
    families = {path.name.partition("-")[0] for path in FONTS.glob("*.[to]tf")}
    assert families == FAMILIES
    for family in families:
        licence = (FONTS / f"{family}-LICENSE.txt").read_text("utf-8")
        assert "Font" in licence.splitlines()[0] or "Copyright" in licence


def test_fonts_stay_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 8_500_000
