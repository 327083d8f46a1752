"""Bar codes: read back module by module, sharp, with the white that scanners need."""

import re

import pytest
import segno
from barcode.charsets import code128
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents import BarcodeRefused, CodeKind, barcode, barcode_svg

BAR = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z")
STOP = "1100011101011"
START = {103: "A", 104: "B", 105: "C"}
SWITCH = {99: "C", 100: "B", 101: "A"}


def modules(svg: str, wide: int, row: int) -> str:
    """The modules of one row of the drawing, 1 for dark."""
    dark = {
        x
        for x0, y0, width, height in (map(int, bar) for bar in BAR.findall(svg))
        for x in range(x0, x0 + width)
        if y0 <= row < y0 + height
    }
    return "".join("1" if x in dark else "0" for x in range(wide))


def decoded(bars: str) -> str:
    """The text of a Code 128 symbol, by its own table; its check character must be right."""
    assert bars.endswith(STOP)
    symbols = [bars[at : at + 11] for at in range(0, len(bars) - len(STOP), 11)]
    numbers = [code128.CODES.index(symbol) for symbol in symbols]
    *numbers, check = numbers
    total = numbers[0] + sum(place * number for place, number in enumerate(numbers[1:], 1))
    assert check == total % 103
    charset, text = START[numbers[0]], ""
    for number in numbers[1:]:
        if number in SWITCH and not (charset == "C" and number < 100):
            charset = SWITCH[number]
        elif charset == "C":
            text += f"{number:02d}"
        else:
            text += chr(number + 32)
    return text


VALUES = [
    *("0051904K", "26-0051904", "1", "99", "9901", "12345", "99-1", "A1234B", "A123456B", "~ !"),
    "x" * 48,
    "9" * 48,
]


@pytest.mark.parametrize("value", VALUES)
def test_a_bar_code_reads_back(value: str) -> None:
    made = barcode(value)
    line = modules(made.svg, made.wide, 0)
    assert decoded(line.strip("0")) == value


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=48))
def test_any_printable_value_reads_back(value: str) -> None:
    made = barcode(value)
    assert decoded(modules(made.svg, made.wide, 0).strip("0")) == value


def test_digits_take_half_the_room() -> None:
    assert barcode("1" * 20).wide - barcode("1" * 10).wide == 5 * 11


def test_a_bar_code_has_ten_white_modules_on_each_side() -> None:
    made = barcode("26-0051904")
    line = modules(made.svg, made.wide, 0)
    assert (len(line) - len(line.lstrip("0")), len(line) - len(line.rstrip("0"))) == (10, 10)


def test_a_square_code_has_the_modules_of_its_matrix() -> None:
    made = barcode("https://example.org/s/0051904", CodeKind.QR)
    expected = segno.make_qr("https://example.org/s/0051904", error="m", boost_error=False)
    rows = [modules(made.svg, made.wide, y) for y in range(made.high)]
    assert rows == ["".join(map(str, row)) for row in expected.matrix_iter(border=4)]


def test_a_code_names_its_value_and_is_escaped() -> None:
    svg = barcode_svg('"<b>&')
    assert 'aria-label="&quot;&lt;b&gt;&amp;"' in svg


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", CodeKind.CODE128),
        ("x" * 49, CodeKind.CODE128),
        ("é", CodeKind.CODE128),
        ("line\n", CodeKind.CODE128),
        ("", CodeKind.QR),
        ("é" * 251, CodeKind.QR),
    ],
)
def test_a_value_that_cannot_be_coded_is_refused(value: str, kind: CodeKind) -> None:
    with pytest.raises(BarcodeRefused):
        barcode_svg(value, kind)


def test_the_widest_module_that_fits_is_used() -> None:
    made = barcode("26-0051904")
    rooms = (made.wide * 0.375, made.wide * 0.374, made.wide * 0.249)
    assert [made.module_mm(room) for room in rooms] == [0.375, 0.25, None]
