"""Bar codes and QR codes as SVG whose unit is one module, so that they print sharp at any size."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import segno
from barcode.charsets import code128
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from core.errors import ServiceError

# Scanners need this much white around a code, in modules: ISO/IEC 15417 and 18004.
CODE128_QUIET = 10
QR_QUIET = 4
CODE128_HEIGHT = 50
CODE128_VALUE = re.compile(r"[ -~]{1,48}\Z")
DIGITS = re.compile("[0-9]*")
TO_PAIRS, TO_LETTERS = 99, 100
QR_BYTES = 500
# Printed width of one module in mm, widest first. Label printers have 203 dots per inch, so 0.25
# and 0.375 mm are whole dots; under 0.25 mm hand scanners begin to fail.
CODE128_MODULES_MM = (0.375, 0.25)
QR_MODULES_MM = (0.5, 0.375, 0.25)


class CodeKind(StrEnum):
    """The symbologies: bars for wards and laboratories, squares for phones and more text."""

    CODE128 = "code128"
    QR = "qr"


class BarcodeRefused(ServiceError):
    """The value cannot be written in this kind of code."""

    code = "barcode_refused"
    status = 422
    message = _("This value cannot be printed as a bar code.")


@dataclass(frozen=True, slots=True)
class Barcode:
    """A code ready to print; `wide` and `high` count modules, the `quiet` ones on each side too."""

    value: str
    kind: CodeKind
    svg: str
    wide: int
    high: int
    quiet: int

    def module_mm(self, room_mm: float) -> float | None:
        """Return the widest printable module that fits into the room, None if none does."""
        sizes = CODE128_MODULES_MM if self.kind is CodeKind.CODE128 else QR_MODULES_MM
        return next((size for size in sizes if size * self.wide <= room_mm), None)


def _drawn(value: str, wide: int, high: int, bars: Iterable[str]) -> str:
    name = escape(value)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        f'aria-label="{name}" preserveAspectRatio="none" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{wide}v{high}H0z"/><path d="{"".join(bars)}"/></svg>'
    )


def _bars(modules: str, left: int, top: int, height: int) -> Iterable[str]:
    for run in re.finditer("1+", modules):
        width = run.end() - run.start()
        yield f"M{left + run.start()} {top}h{width}v{height}h-{width}z"


def _code128_numbers(value: str) -> Iterable[int]:
    """Yield start, characters and switches: pairs of digits (set C) where they save space.

    Not by python-barcode's own encoder: it drops a leading "99", which it takes for a switch.
    """
    at, in_pairs = 0, False
    while at < len(value):
        digits = len(DIGITS.match(value, at).group())  # type: ignore[union-attr]
        is_end = at == 0 or at + digits == len(value)
        wants_pairs = digits >= 2 if in_pairs else digits >= (4 if is_end else 6)
        # An odd digit before a run of pairs stays in set B.
        if wants_pairs and not in_pairs and digits % 2 and at:
            yield ord(value[at]) - 32
            at += 1
        if at == 0:
            yield code128.START_CODES["C" if wants_pairs else "B"]
        elif wants_pairs != in_pairs:
            yield TO_PAIRS if wants_pairs else TO_LETTERS
        in_pairs = wants_pairs
        yield int(value[at : at + 2]) if in_pairs else ord(value[at]) - 32
        at += 2 if in_pairs else 1


def _code128(value: str) -> Barcode:
    if not CODE128_VALUE.match(value):
        raise BarcodeRefused
    numbers = list(_code128_numbers(value))
    numbers.append((numbers[0] + sum(place * n for place, n in enumerate(numbers))) % 103)
    modules = "".join(code128.CODES[number] for number in numbers) + code128.STOP + "11"
    wide = len(modules) + 2 * CODE128_QUIET
    bars = _bars(modules, CODE128_QUIET, 0, CODE128_HEIGHT)
    svg = _drawn(value, wide, CODE128_HEIGHT, bars)
    return Barcode(value, CodeKind.CODE128, svg, wide, CODE128_HEIGHT, CODE128_QUIET)


def _qr(value: str) -> Barcode:
    if not value or len(value.encode("utf-8", "replace")) > QR_BYTES:
        raise BarcodeRefused
    # Labels get wet and scratched: level M repairs 15 % of the code.
    code = segno.make_qr(value, error="m", boost_error=False)
    side = int(code.symbol_size(border=QR_QUIET)[0])
    rows = ("".join("1" if dark else "0" for dark in row) for row in code.matrix)
    bars = (bar for y, row in enumerate(rows) for bar in _bars(row, QR_QUIET, QR_QUIET + y, 1))
    return Barcode(value, CodeKind.QR, _drawn(value, side, side, bars), side, side, QR_QUIET)


def barcode(value: str, kind: CodeKind = CodeKind.CODE128) -> Barcode:
    """Return the value as a code with its size in modules. Raises BarcodeRefused."""
    return _code128(value) if kind is CodeKind.CODE128 else _qr(value)


def barcode_svg(value: str, kind: CodeKind = CodeKind.CODE128) -> str:
    """Return the value as an SVG drawing of a code, for pages and labels. Raises BarcodeRefused."""
    return barcode(value, kind).svg
