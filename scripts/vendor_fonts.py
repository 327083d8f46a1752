# /// script
# requires-python = ">=3.12"
# dependencies = ["fonttools==4.68.0", "cffsubr==0.4.0"]
# ///
"""Makes the fonts of printed documents (core/fonts) from published packages.

Run it by hand after changing the tables: `uv run scripts/vendor_fonts.py`, or with the two packages
above installed. It takes about five minutes. Servers and CI never run it: the fonts are committed,
and tests/core/test_documents_fonts.py compares them with SHA256SUMS.

What is done to each font: one weight is cut out of a variable font, screen hinting is dropped, and
of some only part is kept: of DejaVu `SYMBOLS`, of CJK `cjk_characters()`. `--face JP` (KR, TC, HK)
builds the CJK font with the character shapes of another region than mainland China.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cffsubr
from fontTools import subset
from fontTools.cffLib.CFF2ToCFF import convertCFF2ToCFF
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.varLib import instancer

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "core" / "fonts"
FACES = {"JP": 0, "KR": 1, "SC": 2, "TC": 3, "HK": 4}
WEIGHTS = {400: "Regular", 700: "Bold"}
# What a reader sees of a name table: family, style, full name, version, licence.
NAME_IDS = [0, 1, 2, 3, 4, 5, 6, 13, 14]
FEATURES = [*subset.Options().layout_features, "tnum", "zero"]
# Of China's table of general standard characters (2013), used in names, what lies in extension A.
GENERAL_STANDARD = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹"
    "䎃䎖䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"
)


# Forms that Japanese families write their names with, though no national set has them.
FAMILY_NAMES = "𠮷𡈽𣘺"
# Comparison, direction and tick marks of clinical texts, which Noto Sans has not got.
SYMBOLS = "≤≥≠≈≡∼∝∞√∆∑∫∓←↑→↓↔↕↗↘⇒⇔✓✔✗✘☐☑☒▲▼△▽►◄●○■□◆◇★☆☎✉⚠♀♂"


@dataclass(frozen=True)
class Package:
    """One published package, the font file taken for each weight, and what is kept of it."""

    name: str
    version: str
    sha256: str
    family: str
    fonts: dict[int, str]
    licence: str
    is_npm: bool = False
    is_cjk: bool = False
    kept: set[int] = field(default_factory=set)


def _both(path: str) -> dict[int, str]:
    return {400: path, 700: path}


PACKAGES = (
    Package(
        name="fontpkg-noto-sans",
        version="2.15",
        sha256="54016cb4dfbfdd8f0cae3d71a9401a73e786a473debd12f1d79067e349c9a4a3",
        family="NotoSans",
        fonts=_both("fontpkg_noto_sans/files/NotoSans[wdth,wght].ttf"),
        licence="fontpkg_noto_sans/LICENSE",
    ),
    # Each letter is one glyph here, so that Arabic can be copied out of the PDF; Noto draws letters
    # from parts, which readers cannot put together again. It follows for the letters missing here.
    Package(
        name="vazirmatn",
        version="33.0.3",
        sha256="9506e9e6a27e62b353c04a136c27de0cc3aa9e434658b45a6363f7c98c357090",
        family="Vazirmatn",
        fonts={
            400: "package/fonts/ttf/Vazirmatn-Regular.ttf",
            700: "package/fonts/ttf/Vazirmatn-Bold.ttf",
        },
        licence="package/OFL.txt",
        is_npm=True,
        kept={*range(0x0600, 0x0900), *range(0x200C, 0x2010), *range(0xFB50, 0xFF00)},
    ),
    Package(
        name="fontpkg-noto-sans-arabic",
        version="2.12",
        sha256="eeca37a7ad6854bf1b6aa42bbce1908a6a6dcd2252ed56d021c20b613f6d16fc",
        family="NotoSansArabic",
        fonts={400: "fontpkg_noto_sans_arabic/files/NotoSansArabic[wdth,wght].ttf"},
        licence="fontpkg_noto_sans_arabic/LICENSE",
    ),
    Package(
        name="fontpkg-noto-sans-devanagari",
        version="2.7",
        sha256="3f8859d4905238a95daecf45c508dff148936e5aa60bd2e30a89333041a64adf",
        family="NotoSansDevanagari",
        fonts=_both("fontpkg_noto_sans_devanagari/files/NotoSansDevanagari[wdth,wght].ttf"),
        licence="fontpkg_noto_sans_devanagari/LICENSE",
    ),
    Package(
        name="dejavu-fonts-ttf",
        version="2.37.3",
        sha256="b7013ac58f9225250619db82cfb72e99c37ca8195f2b5a06a9e6a95bc5e1c84a",
        family="DejaVuSans",
        fonts={400: "package/ttf/DejaVuSans.ttf", 700: "package/ttf/DejaVuSans-Bold.ttf"},
        licence="package/LICENSE",
        is_npm=True,
        kept={ord(symbol) for symbol in SYMBOLS},
    ),
    Package(
        name="manimgx-fonts-cjk",
        version="2026.9.26.post1",
        sha256="05d5584c73877f37427cf0ca8067f5bacea2b596c7be79e8aedd634bb9f2b666",
        family="NotoSansCJK",
        fonts={400: "manimgx_fonts_cjk/NotoSansCJK-VF.otf.ttc"},
        licence="manimgx_fonts_cjk-2026.9.26.post1.dist-info/licenses/LICENSE",
        is_cjk=True,
    ),
)


class VendorError(Exception):
    """A package is not what the table says."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fetch(package: Package, into: Path) -> Path:
    """Downloads the named version and unpacks it; refuses one whose sum differs."""
    into.mkdir()
    # The commands are fixed and the arguments come from the table above.
    if package.is_npm:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    else:
        spec = f"{package.name}=={package.version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", spec]
    subprocess.run(command, check=True, cwd=into, stdout=subprocess.DEVNULL)
    archive = next(into.iterdir())
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        message = f"{package.name} {package.version}: the archive's sum is {digest}"
        raise VendorError(message)
    shutil.unpack_archive(archive, into, "gztar" if package.is_npm else "zip")
    return into


def _two_byte(
    codec: str, lead: Iterable[int], trail: Iterable[int], first: bytes = b""
) -> set[int]:
    text = (bytes([*first, a, b]).decode(codec, "ignore") for a in lead for b in trail)
    return {ord(character) for characters in text for character in characters}


def cjk_characters() -> set[int]:
    """The characters kept: the national sets of four countries, all of Unicode's first block.

    GB 2312, Big5, JIS X 0213 and KS X 1001 are what people's names are registered in; the 20,992
    unified ideographs hold their rarer ones. Letters of other scripts come from Noto Sans.
    """
    rows = range(0xA1, 0xFF)
    big5 = _two_byte("big5", range(0xA1, 0xFA), [*range(0x40, 0x7F), *rows])
    japan = _two_byte("euc_jis_2004", rows, rows, first=b"\x8f")
    codecs = ("gb2312", "euc_jis_2004", "euc_kr")
    national = big5.union(japan, *(_two_byte(codec, rows, rows) for codec in codecs))
    national |= {ord(character) for character in GENERAL_STANDARD + FAMILY_NAMES}
    blocks = (
        (0x3000, 0x3400),  # punctuation, kana, bopomofo, jamo, enclosed letters
        (0x4E00, 0xA000),  # unified ideographs
        (0xAC00, 0xD7A4),  # Hangul syllables
        (0xF900, 0xFB00),  # compatibility ideographs
        (0xFE30, 0xFE50),  # compatibility forms
        (0xFF00, 0xFFF0),  # half and full width
    )
    return national.union(*(range(low, high) for low, high in blocks))


def _subset(font: TTFont, characters: set[int], features: list[str]) -> None:
    options = subset.Options(
        layout_features=features,
        hinting=False,
        glyph_names=False,
        name_IDs=NAME_IDS,
        name_languages=[0x409],
        notdef_outline=True,
        drop_tables=["vhea", "vmtx", "VORG", "BASE", "DSIG", "STAT", "MVAR", "VVAR"],
    )
    options.recalc_timestamp = False
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters)
    worker.subset(font)


def _name(font: TTFont, family: str, weight: int) -> None:
    """Name one weight so that programs file it under its family."""
    style, is_bold = WEIGHTS[weight], weight >= 700
    compact = family.replace(" ", "")
    texts = {1: family, 2: style, 4: f"{family} {style}", 6: f"{compact}-{style}"}
    for number, text in texts.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    os2 = font["OS/2"]
    os2.usWeightClass = weight
    os2.fsSelection = os2.fsSelection & ~0x61 | (0x20 if is_bold else 0x40)
    font["head"].macStyle = int(is_bold)


def _reopened(font: TTFont, path: Path, **options: Any) -> TTFont:
    font.save(path)
    return TTFont(path, recalcTimestamp=False, **options)


def _map_all(font: TTFont) -> None:
    """Add a character map of format 12: typst misreads format 4 of a font with 30,000 glyphs."""
    plain = font["cmap"].getcmap(3, 1)
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.cmap = dict(font.getBestCmap())
    font["cmap"].tables = [plain, table]


def make(source: Path, target: Path, weight: int, kept: set[int]) -> None:
    """Writes one weight of a TrueType font, all of it or the kept characters."""
    font = TTFont(source, recalcTimestamp=False)
    family = font["name"].getDebugName(1)
    if "fvar" in font:
        limits = {"wght": weight, "wdth": 100}
        tags = {axis.axisTag for axis in font["fvar"].axes}
        font = instancer.instantiateVariableFont(
            font, {tag: value for tag, value in limits.items() if tag in tags}
        )
    _subset(font, kept or set(font.getBestCmap()), FEATURES)
    _name(font, family, weight)
    font.save(target)


def make_cjk(source: Path, target: Path, weight: int, *, face: str, latin: set[int]) -> None:
    """Writes one weight of one region's face of the CJK collection, as a compact CFF font."""
    scratch = source.with_suffix(".part.otf")
    font = TTFont(source, fontNumber=FACES[face], recalcTimestamp=False)
    # One name for every region's face: templates need not know which one was chosen.
    family = font["name"].getDebugName(1).removesuffix(f" {face}")
    _subset(font, cjk_characters() - latin, ["ccmp", "ljmo", "vjmo", "tjmo"])
    font = _reopened(font, scratch)
    font = instancer.instantiateVariableFont(font, {"wght": weight})
    font = _reopened(font, scratch, recalcBBoxes=False)
    # The converter forgets the glyph order, so every glyph is read before it runs.
    glyphs = font["CFF2"].cff.topDictIndex[0].CharStrings
    for name in font.getGlyphOrder():
        glyphs[name].decompile()
    convertCFF2ToCFF(font, updatePostTable=False)
    font = _reopened(font, scratch, recalcBBoxes=False)
    cffsubr.subroutinize(font)
    _map_all(font)
    _name(font, family, weight)
    font.save(target)


def ranges(characters: Iterable[int]) -> list[list[int]]:
    """Return the characters as [first, last] pairs, in order."""
    pairs: list[list[int]] = []
    for character in sorted(characters):
        if pairs and pairs[-1][1] == character - 1:
            pairs[-1][1] = character
        else:
            pairs.append([character, character])
    return pairs


def characters_of(files: Iterable[Path]) -> set[int]:
    """Return the characters of the fonts among the files, without control and private codes."""
    fonts = (path for path in files if path.suffix in {".ttf", ".otf"})
    mapped = {character for path in fonts for character in TTFont(path).getBestCmap()}
    return {code for code in mapped if unicodedata.category(chr(code)) not in {"Cc", "Co"}}


def write_coverage(covered: set[int]) -> Path:
    """Writes which characters the fonts can print: the document module reads no font itself."""
    lines = ",\n".join(json.dumps(pair) for pair in ranges(covered))
    target = FONTS / "coverage.json"
    target.write_text(f"[\n{lines}\n]\n", "utf-8")
    return target


def write_sums(files: Iterable[Path]) -> None:
    lines = (f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}" for p in sorted(files))
    (FONTS / "SHA256SUMS").write_text("\n".join(lines) + "\n", "utf-8")


def build(package: Package, folder: Path, *, face: str, before: set[int]) -> list[Path]:
    """Makes the fonts of one package; returns the files written, the licence among them.

    `before` are the characters that the fonts made so far have: the CJK font leaves them out.
    """
    unpacked = fetch(package, folder / package.family)
    licence = FONTS / f"{package.family}-LICENSE.txt"
    shutil.copyfile(unpacked / package.licence, licence)
    written = [licence]
    for weight, name in package.fonts.items():
        ending = f"{face}-{WEIGHTS[weight]}.otf" if package.is_cjk else f"{WEIGHTS[weight]}.ttf"
        target = FONTS / f"{package.family}-{ending}"
        if package.is_cjk:
            make_cjk(unpacked / name, target, weight, face=face, latin=before)
        else:
            make(unpacked / name, target, weight, package.kept)
        say(f"  {target.name} {target.stat().st_size:,} bytes")
        written.append(target)
    return written


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--face", choices=FACES, default="SC")
    face = parser.parse_args().face
    shutil.rmtree(FONTS, ignore_errors=True)
    FONTS.mkdir(parents=True)
    written: list[Path] = []
    covered: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            say(f"{package.name} {package.version}")
            made = build(package, Path(folder), face=face, before=covered)
            covered |= characters_of(made)
            written += made
    written.append(write_coverage(covered))
    write_sums(written)
    say(f"{len(written)} files in {FONTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
