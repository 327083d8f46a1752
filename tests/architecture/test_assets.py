"""Front-end files are what the list says, and no heavier than a slow line can bear."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
SUMS = VENDOR / "SHA256SUMS"
KB = 1024


def packed(*paths: Path) -> int:
    """What the files weigh on the line, each compressed by itself."""
    return sum(len(gzip.compress(path.read_bytes(), compresslevel=6)) for path in paths)


def listed() -> dict[str, str]:
    rows = (line.split("  ", 1) for line in SUMS.read_text(encoding="utf-8").splitlines())
    return {path: digest for digest, path in rows}


def test_vendored_files_are_as_they_were_fetched() -> None:
    sums = listed()
    found = {
        path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
        for path in sums
        if (ROOT / path).is_file()
    }
    assert found == sums


def test_every_vendored_file_is_in_the_list() -> None:
    folders = [VENDOR, ROOT / "tests" / "assets" / "axe-core-4.14.1"]
    there = {p.relative_to(ROOT).as_posix() for f in folders for p in f.rglob("*") if p.is_file()}
    there -= {SUMS.relative_to(ROOT).as_posix()}
    assert there - set(listed()) == set()


def test_every_vendored_folder_has_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert [f.name for f in folders if not (f / "LICENSE").is_file()] == []


def test_no_file_points_to_a_map_or_to_another_server() -> None:
    bad = re.compile(rb"sourceMappingURL|@import|url\(['\"]?https?:")
    files = [p for p in STATIC.rglob("*") if p.suffix in {".js", ".css"}]
    assert [p.name for p in files if bad.search(p.read_bytes())] == []


def styles() -> list[Path]:
    return [next(VENDOR.glob("bootstrap-*/bootstrap.min.css")), STATIC / "css" / "hms.css"]


def scripts() -> list[Path]:
    return [*VENDOR.glob("htmx-*/*.js"), *(STATIC / "js").glob("*.js")]


@pytest.mark.parametrize(
    ("what", "files", "limit"),
    [
        ("styles", styles(), 45 * KB),
        ("scripts", scripts(), 50 * KB),
        ("icons", [STATIC / "img" / "icons.svg"], 6 * KB),
    ],
)
def test_files_of_a_first_visit_stay_light(what: str, files: list[Path], limit: int) -> None:
    assert packed(*files) <= limit, what


def test_the_font_of_latin_text_stays_light() -> None:
    # Compressed already; the second file is fetched only for letters that the first lacks.
    (font,) = VENDOR.glob("source-sans-3-*/*-latin-wght-normal.woff2")
    assert font.stat().st_size <= 35 * KB


def test_a_first_visit_needs_twelve_requests_at_most() -> None:
    layouts = ROOT / "templates"
    text = (layouts / "base.html").read_text() + (layouts / "layouts" / "staff.html").read_text()
    page, font_and_icons = 1, 1
    linked = set(re.findall(r'{% static "([^"]+)" %}', text))
    linked -= {path for path in linked if path.endswith("rtl.min.css")}
    assert page + font_and_icons + len(linked) <= 12


def test_our_scripts_stay_under_five_hundred_lines() -> None:
    files = sorted((STATIC / "js").glob("*.js"))
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 500


def test_our_scripts_neither_evaluate_text_nor_keep_data() -> None:
    bad = re.compile(
        r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write|\.style\b"
    )
    keeps = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie")
    for path in (STATIC / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not bad.search(text), path.name
        assert not keeps.search(text), path.name
