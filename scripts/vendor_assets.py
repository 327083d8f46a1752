"""Fetches the front-end files named below, checks them, and writes them into the tree.

Run it by hand after changing the table: `python scripts/vendor_assets.py`. Servers and CI never run
it: the files are committed, and tests/architecture/test_assets.py compares them with SHA256SUMS.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
TEST_ASSETS = ROOT / "tests" / "assets"
SPRITE = ROOT / "static" / "img" / "icons.svg"
SUMS = VENDOR / "SHA256SUMS"
# A missing map file would stop the hashed-file build of the static files.
SOURCE_MAP = re.compile(
    rb"\n?(?://[#@] sourceMappingURL=[^\n]*|/\*[#@] sourceMappingURL=[^*]*\*/)\n?"
)


@dataclass(frozen=True)
class Package:
    """One published package: what is taken from it and where it goes."""

    name: str
    version: str
    integrity: str
    target: Path
    files: tuple[str, ...]


PACKAGES = (
    Package(
        name="bootstrap",
        version="5.3.9",
        integrity=(
            "sha512-20cU0rcfw8WdxtVbmfU+xT2EjvVTw9Ror/h1Qvd7DXCujRg8OO9mdBCsmTHd"
            "JFf3BuadmBNJtgIuUXsBqSkk/w=="
        ),
        target=VENDOR / "bootstrap-5.3.9",
        files=("dist/css/bootstrap.min.css", "dist/css/bootstrap.rtl.min.css", "LICENSE"),
    ),
    Package(
        name="htmx.org",
        version="4.0.1",
        integrity=(
            "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/"
            "w7o2EAbTYUG5SDW1R60mdkdqGg=="
        ),
        target=VENDOR / "htmx-4.0.1",
        files=("dist/htmx.min.js", "dist/ext/hx-ptag.min.js", "LICENSE"),
    ),
    Package(
        name="@tabler/icons",
        version="3.51.0",
        integrity=(
            "sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lx"
            "OT0clGIcNGn8xsBr+zKaRGdA/g=="
        ),
        target=VENDOR / "tabler-icons-3.51.0",
        files=("LICENSE",),
    ),
    Package(
        name="@fontsource-variable/source-sans-3",
        version="5.3.1",
        integrity=(
            "sha512-u0p5Z/PM2e1uxYOMiodLM6NVzxHwULcB6Oi7QSr2WU/sdoLBFP/BeOZ3YYHe"
            "J6rHsjPZA1nZweZVaV7sf2MAyQ=="
        ),
        target=VENDOR / "source-sans-3-5.3.1",
        files=(
            "files/source-sans-3-latin-wght-normal.woff2",
            "files/source-sans-3-latin-ext-wght-normal.woff2",
            "LICENSE",
        ),
    ),
    Package(
        name="axe-core",
        version="4.14.1",
        integrity=(
            "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r7"
            "6ASyFNNtuFooJpZe37OgudVGtQ=="
        ),
        target=TEST_ASSETS / "axe-core-4.14.1",
        files=("axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt"),
    ),
)
ICON_PACKAGE = "@tabler/icons"

ICON_NAMES = Path(__file__).with_name("icon_names.txt")


class VendorError(Exception):
    """A package is not what the table says."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def fetch(package: Package, into: Path) -> Path:
    """Packs the named version into the folder and unpacks it; refuses one whose sum differs."""
    spec = f"{package.name}@{package.version}"
    # The command is fixed and the arguments come from the table above.
    packed = subprocess.run(
        ["npm", "pack", "--silent", spec],
        cwd=into,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = into / packed.stdout.strip().splitlines()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        message = f"{spec}: the archive's sum is sha512-{digest}"
        raise VendorError(message)
    unpacked = into / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    return unpacked / "package"


def copy_files(package: Package, source: Path) -> list[Path]:
    """Replaces the package's folder by the named files, without source map comments."""
    shutil.rmtree(package.target, ignore_errors=True)
    package.target.mkdir(parents=True)
    written = []
    for name in package.files:
        content = (source / name).read_bytes()
        if name.endswith((".js", ".css")):
            content = SOURCE_MAP.sub(b"\n", content)
        target = package.target / Path(name).name
        target.write_bytes(content)
        written.append(target)
    return written


def symbol(name: str, svg: str) -> str:
    """One icon as a symbol; colour and stroke come from the page's style sheet."""
    drawing = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    drawing = re.sub(r'<path stroke="none"[^>]*/>', "", drawing)
    drawing = re.sub(r"\s+", " ", drawing).replace("> <", "><").replace(" />", "/>").strip()
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>'


def build_sprite(source: Path) -> Path:
    symbols = [
        symbol(name, (source / "icons" / "outline" / f"{name}.svg").read_text("utf-8"))
        for name in ICON_NAMES.read_text("utf-8").split()
    ]
    head = "<!-- Tabler Icons, MIT licence: vendor/tabler-icons-3.51.0/LICENSE -->"
    SPRITE.parent.mkdir(parents=True, exist_ok=True)
    SPRITE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg">{head}\n' + "\n".join(symbols) + "\n</svg>\n",
        "utf-8",
    )
    return SPRITE


def write_sums(files: list[Path]) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT).as_posix()}"
        for path in sorted(files)
    ]
    SUMS.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> int:
    written: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            say(f"{package.name} {package.version}")
            source = fetch(package, Path(folder))
            written += copy_files(package, source)
            if package.name == ICON_PACKAGE:
                written.append(build_sprite(source))
    write_sums(written)
    say(f"{len(written)} files, sums in {SUMS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
