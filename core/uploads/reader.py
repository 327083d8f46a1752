"""The child that reads a file: no Django, no secrets, no database, little memory, little time.

Bytes come in on standard input, a head (JSON) and pictures go out on standard output, each behind
its length. Whatever goes wrong ends in a refusal, or in a process that is dead; both are answers.
"""

import io
import json
import resource
import struct
import sys
from typing import Any

import pypdfium2 as pdfium
from PIL import Image, ImageOps, UnidentifiedImageError

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
HEADS = ((b"%PDF-", PDF), (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
LARGE, SMALL = 480, 96
WIDEST, TALLEST = 1240, 3500
LONGEST_PAPER = 5_000
KEPT_SIDE = 4_000
MILLION = 1_000_000
# The limit is ours, and is asked before anything is unpacked.
Image.MAX_IMAGE_PIXELS = None


class Refused(Exception):
    """The file is refused for a reason."""

    def __init__(self, reason: str, **values: int) -> None:
        super().__init__(reason)
        self.reason, self.values = reason, values


def kind_of(data: bytes) -> str:
    """Return what the first bytes say. Raises Refused."""
    for head, kind in HEADS:
        if data.startswith(head):
            return kind
    raise Refused("kind")


def limit(limits: dict[str, int]) -> None:
    """From here on memory, time and files are short."""
    memory = limits["memory_mb"] * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def picture(data: bytes, limits: dict[str, int]) -> Image.Image:
    """Return the picture, upright, without what else stood in the file. Raises Refused."""
    try:
        found = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        if found.width * found.height > limits["megapixels"] * MILLION:
            raise Refused("pixels", limit=limits["megapixels"])
        found.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Refused("damaged") from error
    upright = ImageOps.exif_transpose(found)
    is_grey = upright.mode in {"1", "L", "I", "I;16", "LA"}
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        behind = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(behind, upright.convert("RGBA"))
    return upright.convert("L" if is_grey else "RGB")


def encoded(image: Image.Image, kind: str) -> bytes:
    """Return the bytes of a new file that holds the points and nothing else."""
    out = io.BytesIO()
    if kind == JPEG:
        image.save(out, "JPEG", quality=88, optimize=True)
    else:
        image.save(out, "PNG")
    return out.getvalue()


def shrunk(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return it no larger than that."""
    if image.width <= width and image.height <= height:
        return image
    small = image.copy()
    small.thumbnail((width, height))
    return small


def paper_of_picture(data: bytes, kind: str, limits: dict[str, int]) -> tuple[Any, list[bytes]]:
    """One page, and last the picture that is kept."""
    found = shrunk(picture(data, limits), KEPT_SIDE, KEPT_SIDE)
    page = shrunk(found, WIDEST, TALLEST)
    return [page.size], [encoded(page, PNG), encoded(found, kind)]


def paper_of_pdf(data: bytes, limits: dict[str, int]) -> tuple[Any, list[bytes]]:
    """Every page as a picture. Raises Refused."""
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        is_locked = "password" in str(error).casefold() or "security" in str(error).casefold()
        raise Refused("encrypted" if is_locked else "damaged") from error
    # Also what opens without a password may be encrypted for its owner.
    if pdfium.raw.FPDF_GetSecurityHandlerRevision(pdf) != -1:
        raise Refused("encrypted")
    if not len(pdf):
        raise Refused("no_pages")
    if len(pdf) > limits["pages"]:
        raise Refused("pages", limit=limits["pages"])
    # What was filled into a form is drawn too.
    pdf.init_forms()
    sizes, pages = [], []
    for number in range(len(pdf)):
        image = page_of(pdf, number)
        sizes.append(image.size)
        pages.append(encoded(image, PNG))
    return sizes, pages


def page_of(pdf: Any, number: int) -> Image.Image:
    """Return one page, as wide as a screen. Raises Refused."""
    try:
        page = pdf[number]
        width, height = page.get_size()
        if not (0 < width <= LONGEST_PAPER and 0 < height <= LONGEST_PAPER):
            raise Refused("page_size")
        scale = min(WIDEST / width, TALLEST / height)
        drawn: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    except (pdfium.PdfiumError, ValueError) as error:
        raise Refused("damaged") from error
    grey = drawn.convert("L")
    return grey if is_grey(drawn) else drawn


def is_grey(image: Image.Image) -> bool:
    """Say whether a page is black and white: a third of the bytes."""
    small = image.resize((64, 64)).convert("HSV").getchannel("S")
    high = small.getextrema()[1]
    return isinstance(high, int | float) and high < 12


def paper(data: bytes, limits: dict[str, int]) -> tuple[dict[str, Any], list[bytes]]:
    """Return head and pictures of a PDF, JPEG or PNG. Raises Refused."""
    kind = kind_of(data)
    sizes, blobs = (
        paper_of_pdf(data, limits) if kind == PDF else paper_of_picture(data, kind, limits)
    )
    return {"media_type": kind, "sizes": sizes}, blobs


def photo(data: bytes, limits: dict[str, int]) -> tuple[dict[str, Any], list[bytes]]:
    """Return a square of the middle, a little above it, large and small. Raises Refused."""
    kind = kind_of(data)
    if kind == PDF:
        raise Refused("picture_kind")
    found = picture(data, limits).convert("RGB")
    if min(found.size) < SMALL:
        raise Refused("small", limit=SMALL)
    # Of an upright picture the face is in the upper half.
    centre = (0.5, 0.35)
    cut = [ImageOps.fit(found, (side, side), centering=centre) for side in (LARGE, SMALL)]
    return {"media_type": kind}, [encoded(each, JPEG) for each in cut]


def main() -> None:
    """Read what stands on standard input."""
    what, limits = sys.argv[1], json.loads(sys.argv[2])
    limit(limits)
    data = sys.stdin.buffer.read()
    blobs: list[bytes] = []
    try:
        head, blobs = photo(data, limits) if what == "photo" else paper(data, limits)
    except Refused as refused:
        head = {"refused": refused.reason, "values": refused.values}
    for part in (json.dumps(head).encode(), *blobs):
        sys.stdout.buffer.write(struct.pack(">I", len(part)) + part)


if __name__ == "__main__":
    main()
