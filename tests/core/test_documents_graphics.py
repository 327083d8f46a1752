"""Logos and charts: drawn, described, and reading nothing from outside themselves."""

import re
import struct
import zlib
from pathlib import Path

import pytest

from core.charts import Bar, bars
from core.documents import Figure, Graphic, GraphicRefused, Letterhead, figure_blocks, render
from core.documents.graphics import CHART_STYLE, LIMIT_BYTES
from tests.factories.documents import page_texts, reader, report

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'
SCREEN_STYLE = Path(__file__).resolve().parents[2] / "static" / "css" / "hms.css"
# Not those that set a chart's width on the screen: on paper the figure decides.
CHART_CLASS = re.compile(r"\.(hms-ch-(?!w\d)[\w-]+)")


def png(*, claimed: int = 2, rows: bytes | None = None) -> bytes:
    """A blue picture of two by two pixels, or one that claims to be larger or holds other data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", claimed, 2, 8, 2, 0, 0, 0)
    blue = zlib.compress((b"\0" + b"\x0a\x66\xad" * 2) * 2)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", blue if rows is None else rows)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("logo", [png(), SVG.encode(), b"\xef\xbb\xbf" + SVG.encode()])
def test_a_logo_is_printed_and_described(logo: bytes) -> None:
    house = Letterhead(name="St. Anne’s", logo=Graphic.from_bytes(logo))
    rendered = render(report(letterhead=house))
    assert rendered.standards == ("a-2a", "ua-1")
    assert len(rendered.pdf) > len(render(report(letterhead=Letterhead(name="St. Anne’s"))).pdf)


@pytest.mark.parametrize("logo", [png()[:45], b"GIF89a", None, b""])
def test_a_logo_that_cannot_be_printed_does_not_stop_the_paper(logo: bytes | None) -> None:
    house = Letterhead.with_logo("St. Anne’s", logo, lines=("12 Harbour Road",))
    assert house == Letterhead(name="St. Anne’s", lines=("12 Harbour Road",))


def test_a_stored_logo_is_in_the_letterhead() -> None:
    assert Letterhead.with_logo("St. Anne’s", png()).logo == Graphic.from_bytes(png())


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="/etc/hostname" width="1" height="1"/>',
        '<image href="../secret.png" width="1" height="1"/>',
        "<image xlink:href='file:///etc/hostname' width='1' height='1'/>",
        '<image href="&#47;etc/hostname" width="1" height="1"/>',
        '<use href="https://example.org/x.svg#y"/>',
        '<image href="data:image/svg+xml;base64,AAAA" width="1" height="1"/>',
        "<style>@import 'x.css';</style>",
        "<rect fill=\"url('https://example.org/x')\"/>",
        "<script>alert(1)</script>",
        "<x:script/>",
        "<foreignObject/>",
        '<filter id="f"/>',
        "<![CDATA[x]]>",
    ],
)
def test_a_drawing_that_reaches_outside_is_refused(inside: str) -> None:
    with pytest.raises(GraphicRefused):
        Graphic.from_svg(SVG.replace("<rect", f"{inside}<rect"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\xff\xd8\xff\xe0 a photograph",
        b"\x89PNG\r\n\x1a\n",
        png()[:45],
        png(rows=b"junk"),
        b"<svg><g></svg>",
        png(claimed=50_000),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.encode(),
        SVG.encode("utf-16"),
        b"<svg>" + b" " * LIMIT_BYTES,
    ],
    ids=[
        "empty",
        "gif",
        "jpeg",
        "nothing",
        "cut",
        "damaged",
        "unbalanced",
        "huge",
        "entities",
        "utf-16",
        "large",
    ],
)
def test_a_file_that_is_no_small_png_or_svg_is_refused(data: bytes) -> None:
    with pytest.raises(GraphicRefused):
        Graphic.from_bytes(data)


def test_own_references_comments_and_prologue_are_allowed() -> None:
    own = """<defs><path id="p" d="M0 0h1"/></defs><use href="#p"/><path fill="url( '#p' )"/>"""
    drawn = SVG.replace("<rect", f"{own}<rect")
    made = Graphic.from_svg(f'<?xml version="1.0"?><!-- made by hand -->{drawn}')
    assert made.svg.startswith("<svg")


def test_a_figure_has_a_description() -> None:
    figure = Figure(Graphic.from_svg(SVG), "A black square", caption="Square")
    rendered = render(report(figure))
    assert rendered.standards == ("a-2a", "ua-1")
    assert b"A black square" in rendered.pdf
    assert "Square" in page_texts(rendered)[0]


def test_a_chart_is_printed_with_its_numbers() -> None:
    rows = [Bar("Medical", 12), Bar("Surgical", 7)]
    chart = bars("beds", "Beds by ward", rows, unit="beds", description="Two wards")
    rendered = render(report(*figure_blocks(chart)))
    text = page_texts(rendered)[0]
    assert rendered.standards == ("a-2a", "ua-1")
    assert "Medical 12" in text
    assert "Surgical 7" in text


def test_a_chart_with_arabic_words_meets_a_lesser_standard() -> None:
    rows = [Bar("القلب", 12)]
    chart = bars("beds", "Beds", rows, unit="beds", description="One ward")
    assert render(report(*figure_blocks(chart))).standards == ("a-2b",)


@pytest.mark.parametrize(
    ("svg", "width"),
    [(SVG, 2.0), (SVG.replace("0 0 8 8", "0,0,400.5,20"), 100.125), ("<svg></svg>", 80.0)],
)
def test_a_picture_is_as_wide_as_it_was_drawn(svg: str, width: float) -> None:
    assert Graphic.from_svg(svg).width_mm == width


def test_a_drawing_that_is_too_long_is_refused() -> None:
    with pytest.raises(GraphicRefused):
        Graphic.from_svg(f"{SVG}{' ' * LIMIT_BYTES}")


def test_a_chart_may_come_without_table() -> None:
    rows = [Bar("Medical", 12)]
    chart = bars("beds", "Beds by ward", rows, unit="beds", description="One ward")
    assert len(list(figure_blocks(chart, with_table=False))) == 1


def test_every_chart_class_of_the_screen_has_its_look_on_paper() -> None:
    on_screen = set(CHART_CLASS.findall(SCREEN_STYLE.read_text("utf-8")))
    assert on_screen <= set(CHART_CLASS.findall(CHART_STYLE.read_text("utf-8")))


def test_a_drawing_that_is_no_chart_gets_no_style() -> None:
    assert "<style>" not in Graphic.from_svg(SVG).svg


def test_the_pages_of_a_figure_hold_no_raster_of_a_drawing() -> None:
    pages = reader(render(report(Figure(Graphic.from_svg(SVG), "A black square")))).pages
    assert [len(page.images) for page in pages] == [0]
