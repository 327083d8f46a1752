"""Papers and pictures as people send them, also those that nobody should take."""

import hashlib
import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter

from core.uploads import Page, Paper


def picture(kind: str = "JPEG", size: tuple[int, int] = (120, 160), **rest: Any) -> bytes:
    """A picture with a mark in it."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((20, 20, size[0] - 20, size[1] - 20), fill=(200, 40, 40))
    out = io.BytesIO()
    image.save(out, kind, **rest)
    return out.getvalue()


def located() -> bytes:
    """A picture of a phone that says where it was taken, and lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Phone of Anna"
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif, size=(160, 120))


def pdf(pages: int = 1, size: tuple[int, int] = (595, 842)) -> bytes:
    """A PDF with so many pages."""
    drawn = []
    for number in range(1, pages + 1):
        image = Image.new("RGB", (300, 424), "white")
        ImageDraw.Draw(image).text((40, 40), f"Page {number}", fill="black")
        drawn.append(image)
    out = io.BytesIO()
    drawn[0].save(out, "PDF", save_all=True, append_images=drawn[1:])
    writer = PdfWriter(clone_from=PdfReader(out))
    for page in writer.pages:
        page.scale_to(*size)
    return _written(writer)


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def locked_pdf(user: str, owner: str) -> bytes:
    """A PDF behind a password; an empty one for the user opens, and is encrypted all the same."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
    writer.encrypt(user, owner, algorithm="RC4-128")
    return _written(writer)


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A small PNG that says it has billions of points."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    points = zlib.compress(bytes(10_000_000), 9)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", points) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def paper(content: bytes = b"%PDF-1.4 a letter") -> Paper:
    """A paper as it comes back from the reader, without asking it."""
    digest = hashlib.sha256(content).hexdigest()
    page = Page(picture("PNG", (40, 60)), 40, 60)
    return Paper("application/pdf", content, digest, digest, (page,))
