"""Files that people send: what they are is asked of their bytes, in a child with limits."""

import io
from typing import Any

import pytest
from PIL import Image

from core import uploads
from core.uploads import UploadRefused, read_paper, read_photo
from tests.factories import papers


def refused(data: bytes, name: str = "") -> str:
    with pytest.raises(UploadRefused) as found:
        read_paper(data, name=name)
    assert str(found.value.detail)
    return found.value.reason


def test_a_pdf_is_kept_as_it_is_and_drawn_page_by_page() -> None:
    sent = papers.pdf(pages=3)
    paper = read_paper(sent, name="letter.pdf")
    assert paper.media_type == "application/pdf"
    assert paper.content == sent
    assert paper.sha256 == paper.sent_sha256
    assert len(paper.pages) == 3
    for page in paper.pages:
        drawn = Image.open(io.BytesIO(page.content))
        assert drawn.format == "PNG"
        assert drawn.size == (page.width, page.height)
        assert page.width == 1240


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_a_picture_becomes_one_page(kind: str, media_type: str) -> None:
    paper = read_paper(papers.picture(kind))
    assert (paper.media_type, len(paper.pages)) == (media_type, 1)
    assert Image.open(io.BytesIO(paper.content)).format == kind


def test_where_and_with_what_a_picture_was_taken_is_dropped_and_it_stands_upright() -> None:
    sent = papers.located()
    assert b"Phone of Anna" in sent
    paper = read_paper(sent)
    kept = Image.open(io.BytesIO(paper.content))
    assert b"Phone of Anna" not in paper.content
    assert dict(kept.getexif()) == {}
    assert kept.size == (120, 160)
    assert paper.sent_sha256 != paper.sha256


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script></html>", "kind"),
        (b"GIF89a" + bytes(100), "kind"),
        (b"MZ" + bytes(100), "kind"),
        (b"%PDF-1.7 nothing else", "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "damaged"),
        (b"\xff\xd8\xff" + bytes(50), "damaged"),
    ],
)
def test_what_is_none_of_the_three_is_refused(data: bytes, reason: str) -> None:
    assert refused(data) == reason


def test_what_is_called_otherwise_than_it_is_is_refused() -> None:
    assert refused(papers.pdf(), "photo.png") == "name"
    assert refused(papers.picture("PNG"), "letter.pdf") == "name"
    assert refused(b"<svg/>", "photo.png") == "kind"
    assert read_paper(papers.picture("PNG"), name="scan").pages


def test_half_a_file_is_refused() -> None:
    for data in (papers.picture("PNG", (900, 900)), papers.picture("JPEG", (900, 900))):
        assert refused(data[: len(data) // 2]) == "damaged"


@pytest.mark.parametrize("user", ["secret", ""])
def test_an_encrypted_pdf_is_refused_also_when_it_opens(user: str) -> None:
    assert refused(papers.locked_pdf(user, "owner")) == "encrypted"


def test_a_picture_that_would_fill_the_memory_is_refused_unopened() -> None:
    bomb = papers.bomb()
    assert len(bomb) < 20_000
    assert refused(bomb) == "pixels"


def test_a_picture_that_lies_about_its_size_is_refused() -> None:
    assert refused(papers.bomb(6_000, 6_000)) == "damaged"


def test_too_many_pages_and_too_large_pages_are_refused(settings: Any) -> None:
    settings.UPLOADS = settings.UPLOADS | {"pages": 2}
    assert refused(papers.pdf(pages=3)) == "pages"
    assert refused(papers.pdf(size=(9_000, 900))) == "page_size"


def test_a_large_file_is_refused_before_it_is_read(settings: Any) -> None:
    settings.UPLOADS = settings.UPLOADS | {"paper_mb": 1}
    assert refused(b"%PDF-" + bytes(uploads.MEGABYTE)) == "too_big"


def test_a_child_that_has_no_memory_left_refuses_the_file(settings: Any) -> None:
    limits = settings.UPLOADS | {"memory_mb": 120}
    settings.UPLOADS = limits
    assert refused(papers.picture("PNG", (5_000, 5_000))) == "damaged"


def test_a_child_that_does_not_answer_refuses_the_file(settings: Any) -> None:
    settings.UPLOADS = settings.UPLOADS | {"seconds": 0}
    assert refused(papers.pdf()) in {"time", "damaged"}


def test_a_photo_is_cut_square_twice() -> None:
    large, small = read_photo(papers.located())
    for data, side in ((large, 480), (small, 96)):
        found = Image.open(io.BytesIO(data))
        assert (found.format, found.size) == ("JPEG", (side, side))
        assert dict(found.getexif()) == {}
    assert len(small) < 6_000


@pytest.mark.parametrize(
    ("data", "reason"), [(papers.pdf(), "picture_kind"), (papers.picture(size=(60, 60)), "small")]
)
def test_what_shows_no_face_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UploadRefused) as found:
        read_photo(data)
    assert found.value.reason == reason


def test_a_see_through_picture_gets_a_white_ground() -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    kept = Image.open(io.BytesIO(read_paper(out.getvalue()).content))
    assert kept.convert("RGB").getpixel((50, 50)) == (255, 255, 255)
