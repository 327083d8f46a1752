"""Labels: one to a page, everything on it, or a refusal."""

import pytest

from core.documents import (
    LABEL_50_25,
    LABEL_70_35,
    BarcodeRefused,
    DoesNotFit,
    Mark,
    PageSize,
    render,
)
from tests.factories.documents import label, labels, page_texts, printed, reader

WHO = ("O’NEILL Mary", "07-Mar-1981 F MRN 00 51 904", "Chemistry, serum")


def test_each_label_is_a_page_of_its_size() -> None:
    pdf = reader(render(labels(label(*WHO), label(*WHO), label(*WHO))))
    sizes = {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in pdf.pages}
    assert len(pdf.pages) == 3
    assert sizes == {(round(50 / 25.4 * 72), round(25 / 25.4 * 72))}


def test_a_label_carries_lines_and_the_value_of_its_code() -> None:
    text = printed(labels(label(*WHO, code128="26-0051904")))
    assert text.split() == " ".join((*WHO, "26-0051904")).split()


def test_another_text_may_stand_under_the_code() -> None:
    text = printed(labels(label(*WHO, code128="260051904", code_text="26 0051 904")))
    assert text.endswith("26 0051 904")


def test_a_code_is_described_for_readers() -> None:
    rendered = render(labels(label(*WHO, qr="https://example.org/s/1")))
    assert b"example.org/s/1" in rendered.pdf
    assert rendered.standards == ("a-2a", "ua-1")


@pytest.mark.parametrize("page", [LABEL_50_25, LABEL_70_35, PageSize(25, 279), PageSize(279, 25)])
def test_a_wristband_is_a_long_label(page: PageSize) -> None:
    rendered = render(labels(label("O’NEILL Mary", "07-Mar-1981", "MRN 00 51 904"), page=page))
    assert rendered.pages == 1


def test_long_names_break_into_lines_and_lose_no_letter() -> None:
    name = "VAN DEN BERGHE-MONTGOMERY-FITZGERALD Alexandra Josephine"
    text = printed(labels(label(name, *WHO[1:], code128="26-0051904")))
    assert name.replace(" ", "") in text.replace(" ", "")


def test_a_mark_is_on_every_label() -> None:
    texts = page_texts(render(labels(label(*WHO), label(*WHO), mark=Mark.DEMO)))
    assert ["DEMO" in text for text in texts] == [True, True]


def test_text_that_does_not_fit_is_refused_not_cut() -> None:
    with pytest.raises(DoesNotFit):
        render(labels(label(*WHO, "Diagnosis " * 60)))


def test_a_word_wider_than_the_label_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        render(labels(label("WOLFESCHLEGELSTEINHAUS"), page=PageSize(15, 40)))


def test_a_code_too_wide_for_its_label_is_refused() -> None:
    with pytest.raises(BarcodeRefused):
        render(labels(label(*WHO, code128="ABCDEFGHIJKLMNOPQRSTUVWXYZ")))


def test_a_script_without_font_is_named_on_the_label() -> None:
    rendered = render(labels(label("করিম উদ্দিন", *WHO[1:])))
    assert rendered.missing_scripts == ("Bengali",)
    assert page_texts(rendered)[0].startswith("[Bengali] 07-Mar-1981")


def test_markup_on_a_label_is_text() -> None:
    assert '#read("/x") *y*' in printed(labels(label('#read("/x") *y*')))
