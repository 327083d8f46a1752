"""What people upload: read by what it is, never by what it is called, in a process of its own.

    paper = read_paper(file.read(), name=file.name)     # PDF, JPEG or PNG
    photo = read_photo(file.read(), name=file.name)     # JPEG or PNG, cut square

A parser of hostile files may crash, fill the memory or never end, so it runs in a child with limits
of memory and time that knows neither secrets nor the database (`core.uploads.reader`). What comes
back are pages as PNG and, of pictures, a new picture without place, device and time in it.
"""

import hashlib
import json
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

MEGABYTE = 1024 * 1024
READER = Path(__file__).with_name("reader.py")
NAMES = {
    "application/pdf": ("PDF", (".pdf",)),
    "image/jpeg": ("JPEG", (".jpg", ".jpeg", ".jfif")),
    "image/png": ("PNG", (".png",)),
}
KNOWN_ENDINGS = {ending for _word, endings in NAMES.values() for ending in endings}
_REASONS: dict[str, Promise] = {
    "empty": _("This file is empty."),
    "too_big": _("This file is larger than %(limit)d MB."),
    "kind": _("This is no PDF, JPEG or PNG, whatever its name says."),
    "picture_kind": _("This is no JPEG or PNG, whatever its name says."),
    "name": _("The name says one kind of file, the contents are another: %(kind)s."),
    "damaged": _("This file is damaged: it cannot be read to its end."),
    "encrypted": _("This PDF is protected by a password. Save it without one and try again."),
    "no_pages": _("This PDF has no pages."),
    "pages": _("This PDF has more than %(limit)d pages. Split it."),
    "page_size": _("A page of this PDF is larger than any paper."),
    "pixels": _("This picture has more than %(limit)d million points. Make it smaller."),
    "small": _("This picture is too small: at least %(limit)d points on each side."),
    "time": _("This file takes too long to read. Save or scan it in a simpler form."),
}


class UploadRefused(Invalid):
    """The file cannot be taken; the sentence says why and what to do. `reason` is its code."""

    code = "upload_refused"

    def __init__(self, reason: str, *, field: str = "file", **values: Any) -> None:
        message = _REASONS[reason]
        super().__init__(message % values if values else message, field=field, reason=reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Page:
    """One page as a picture."""

    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Paper:
    """A file that was read: `content` is what is kept, `sent_sha256` of what was sent."""

    media_type: str
    content: bytes
    sha256: str
    sent_sha256: str
    pages: tuple[Page, ...]


def _limits() -> dict[str, int]:
    found: dict[str, int] = settings.UPLOADS
    return found


def largest_mb() -> int:
    """Return how many megabytes a file may have."""
    return _limits()["paper_mb"]


def read_paper(data: bytes, *, name: str = "") -> Paper:
    """Return the paper with its pages as pictures. Raises UploadRefused."""
    limits = _limits()
    _check_size(data, limits["paper_mb"])
    head, blobs = _read(data, "paper", limits)
    media_type = str(head["media_type"])
    check_name(name, media_type)
    kept = data if media_type == "application/pdf" else blobs.pop()
    pages = tuple(
        Page(blob, width, height)
        for blob, (width, height) in zip(blobs, head["sizes"], strict=True)
    )
    return Paper(media_type, kept, _sha256(kept), _sha256(data), pages)


def read_photo(data: bytes, *, name: str = "") -> tuple[bytes, bytes]:
    """Return the picture cut square, large and small, as JPEG. Raises UploadRefused."""
    limits = _limits()
    _check_size(data, limits["paper_mb"])
    head, blobs = _read(data, "photo", limits)
    check_name(name, str(head["media_type"]))
    large, small = blobs
    return large, small


def check_name(name: str, media_type: str) -> None:
    """Raises UploadRefused when the name ends like another kind of file."""
    ending = Path(name).suffix.casefold()
    word, endings = NAMES[media_type]
    if ending in KNOWN_ENDINGS and ending not in endings:
        raise UploadRefused("name", kind=word)


def _check_size(data: bytes, megabytes: int) -> None:
    if not data:
        raise UploadRefused("empty")
    if len(data) > megabytes * MEGABYTE:
        raise UploadRefused("too_big", limit=megabytes)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(data: bytes, what: str, limits: dict[str, int]) -> tuple[dict[str, Any], list[bytes]]:
    """Let the child read it; a child that dies or does not answer in time refuses the file."""
    command = [sys.executable, "-I", str(READER), what, json.dumps(limits)]
    try:
        # The command is fixed; the file goes in through a pipe.
        done = subprocess.run(  # noqa: S603
            command, input=data, capture_output=True, timeout=limits["seconds"], check=False, env={}
        )
    except subprocess.TimeoutExpired as error:
        raise UploadRefused("time") from error
    if done.returncode:
        raise UploadRefused("damaged")
    head, blobs = _unpacked(done.stdout)
    if reason := head.get("refused"):
        raise UploadRefused(str(reason), **head.get("values", {}))
    return head, blobs


def _unpacked(answer: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Length and bytes of the head, then of each picture."""
    parts, at = [], 0
    while at < len(answer):
        (length,) = struct.unpack_from(">I", answer, at)
        parts.append(answer[at + 4 : at + 4 + length])
        at += 4 + length
    if not parts:
        raise UploadRefused("damaged")
    head: dict[str, Any] = json.loads(parts[0])
    return head, parts[1:]
