"""`make sbom`: what a release is made of, as CycloneDX 1.6 in var/sbom.cdx.json (SEC-S2, SEC-S5).

Every package of requirements/production.txt with its hashes and licence, every front-end asset and
font that we carry with its SHA-256 and licence. Asks no network. Fails when a licence is unknown.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from scripts.console import fail, say

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "production.txt"
RESULT = ROOT / "var" / "sbom.cdx.json"
# Where the package itself says nothing that a program understands, or less than its licence files:
# read there. A test compares each with the words of those files.
LICENCES = {
    "anyascii": "ISC",
    "babel": "BSD-3-Clause AND Unicode-3.0",
    "billiard": "BSD-3-Clause",
    "amqp": "BSD-3-Clause",
    "vine": "BSD-3-Clause",
    "click-plugins": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "django-oauth-toolkit": "BSD-2-Clause-Views",
    "fido2": "BSD-2-Clause AND Apache-2.0 AND MPL-2.0",
    "prompt-toolkit": "BSD-3-Clause",
    "jellyfish": "MIT",
    "psycopg2-binary": "LGPL-3.0-or-later WITH openvpn-openssl-exception",
    "pyrage": "MIT",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "python-dateutil": "BSD-3-Clause AND (Apache-2.0 OR BSD-3-Clause)",
    "python-stdnum": "LGPL-2.1-or-later",
    "qrcode": "BSD-3-Clause AND MIT",
    "segno": "BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
    "uritemplate": "BSD-3-Clause OR Apache-2.0",
    "wcwidth": "MIT AND HPND-Markus-Kuhn",
}
# Libraries of others inside of a package: name of the file -> what, licence.
INSIDE = {
    "libavif": ("libavif", "BSD-2-Clause"),
    "libbrotlicommon": ("brotli", "MIT"),
    "libbrotlidec": ("brotli", "MIT"),
    "libcom_err": ("e2fsprogs", "MIT"),
    "libcrypt": ("libxcrypt", "LGPL-2.1-or-later"),
    "libcrypto": ("openssl", "Apache-2.0"),
    "libfreetype": ("freetype", "FTL OR GPL-2.0-or-later"),
    "libgssapi_krb5": ("krb5", "MIT"),
    "libharfbuzz": ("harfbuzz", "MIT-Modern-Variant"),
    "libjpeg": ("libjpeg-turbo", "IJG AND BSD-3-Clause AND Zlib"),
    "libk5crypto": ("krb5", "MIT"),
    "libkeyutils": ("keyutils", "LGPL-2.0-or-later"),
    "libkrb5": ("krb5", "MIT"),
    "libkrb5support": ("krb5", "MIT"),
    "liblber": ("openldap", "OLDAP-2.8"),
    "liblcms2": ("lcms2", "MIT"),
    "libldap": ("openldap", "OLDAP-2.8"),
    "liblzma": ("xz", "0BSD"),
    "libopenjp2": ("openjpeg", "BSD-2-Clause"),
    "libpcre": ("pcre", "BSD-3-Clause"),
    "libpdfium": ("pdfium", "BSD-3-Clause AND Apache-2.0"),
    "libpng16": ("libpng", "libpng-2.0"),
    "libpq": ("postgresql", "PostgreSQL"),
    "libsasl2": ("cyrus-sasl", "BSD-Attribution-HPND-disclaimer"),
    "libselinux": ("libselinux", "libselinux-1.0"),
    "libsharpyuv": ("libwebp", "BSD-3-Clause"),
    "libssl": ("openssl", "Apache-2.0"),
    "libtiff": ("libtiff", "libtiff"),
    "libwebp": ("libwebp", "BSD-3-Clause"),
    "libwebpdemux": ("libwebp", "BSD-3-Clause"),
    "libwebpmux": ("libwebp", "BSD-3-Clause"),
    "libXau": ("libXau", "MIT-open-group"),
    "libxcb": ("libxcb", "X11"),
    "libzstd": ("zstd", "BSD-3-Clause"),
}
# What lies in static/vendor and core/fonts: name in the folder -> name, version, licence.
CARRIED = {
    "bootstrap-5.3.9": ("bootstrap", "5.3.9", "MIT"),
    "htmx-4.0.1": ("htmx.org", "4.0.1", "0BSD"),
    "source-sans-3-5.3.1": ("source-sans-3", "5.3.1", "OFL-1.1"),
    "tabler-icons-3.51.0": ("tabler-icons", "3.51.0", "MIT"),
    "DejaVuSans": ("DejaVu Sans", "", "Bitstream-Vera"),
    "NotoSans": ("Noto Sans", "", "OFL-1.1"),
    "NotoSansArabic": ("Noto Sans Arabic", "", "OFL-1.1"),
    "NotoSansCJK": ("Noto Sans CJK", "", "OFL-1.1"),
    "NotoSansDevanagari": ("Noto Sans Devanagari", "", "OFL-1.1"),
    "Vazirmatn": ("Vazirmatn", "", "OFL-1.1"),
}


class UnknownLicence(Exception):
    """Something is in the product and nobody knows under which terms."""


def packages() -> dict[str, Any]:
    """Return the bill of the locked packages, with licences. Raises UnknownLicence."""
    command = [str(Path(sys.executable).parent / "cyclonedx-py"), "requirements", str(LOCK)]
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--of", "JSON"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, check=True)
    bill: dict[str, Any] = json.loads(done.stdout)
    for component in bill["components"]:
        # The lock's own line would say it all again.
        component.pop("description", None)
        component["licenses"] = [{"expression": licence_of(component["name"])}]
        if libraries := list(inside(component["name"])):
            component["components"] = libraries
    root = bill["metadata"]["component"]["bom-ref"]
    everything = [component["bom-ref"] for component in bill["components"]]
    bill["dependencies"] = [{"ref": root, "dependsOn": everything}]
    return bill


def licence_of(name: str) -> str:
    """Return the SPDX expression of an installed package. Raises UnknownLicence."""
    if name in LICENCES:
        return LICENCES[name]
    try:
        said = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise UnknownLicence(f"{name} is not installed here; name its licence.") from error
    found = said.get("License-Expression") or said.get("License") or ""
    try:
        return str(canonicalize_license_expression(found))
    except InvalidLicenseExpression as error:
        raise UnknownLicence(f"{name} does not say its licence; read it and name it.") from error


def inside(name: str) -> Iterator[dict[str, Any]]:
    """Yield the libraries that a package carries for this system. Raises UnknownLicence."""
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for file in sorted(file for file in files if re.match(r"lib.*\.so(\.|$)", file.name)):
        key = re.split(r"[-.]", file.name)[0]
        if key not in INSIDE:
            raise UnknownLicence(f"{name} carries {file.name}: name what it is, and its licence.")
        what, licence = INSIDE[key]
        yield {
            "type": "library",
            "bom-ref": file.as_posix(),
            "name": what,
            "description": f"{file.name} in {name}",
            "hashes": [_hash(Path(str(file.locate())))],
            "licenses": [{"expression": licence}],
        }


def _hash(path: Path) -> dict[str, str]:
    return {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}


def carried() -> Iterator[dict[str, Any]]:
    """Yield the front-end assets and fonts. Raises UnknownLicence."""
    for folder in (ROOT / "static" / "vendor", ROOT / "core" / "fonts"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _is_about(path):
                yield _component(path, folder)
    icons = ROOT / "static" / "img" / "icons.svg"
    yield _component(icons, icons.parent, of="tabler-icons-3.51.0")


def _is_about(path: Path) -> bool:
    return "LICENSE" in path.name or path.name in {"SHA256SUMS", "coverage.json"}


def _component(path: Path, folder: Path, of: str = "") -> dict[str, Any]:
    part = path.relative_to(folder).parts[0]
    key = of or (part if part in CARRIED else _font(part))
    if key not in CARRIED:
        raise UnknownLicence(f"{path.relative_to(ROOT)}: name what it is, and its licence.")
    name, version, licence = CARRIED[key]
    where = path.relative_to(ROOT).as_posix()
    found: dict[str, Any] = {
        "type": "file",
        "bom-ref": where,
        "name": where,
        "description": f"{name} {version}".strip(),
        "hashes": [_hash(path)],
        "licenses": [{"expression": licence}],
    }
    return found | ({"version": version} if version else {})


def _font(name: str) -> str:
    """Return the family in the name of a font's file, the longest that fits."""
    fits = [each for each in CARRIED if name.startswith(each)]
    return max(fits, key=len, default=name)


def bill() -> dict[str, Any]:
    """Return the whole bill of materials. Raises UnknownLicence."""
    found = packages()
    found["components"] += list(carried())
    return found


def main() -> int:
    """Command line; returns the exit code."""
    try:
        found = bill()
    except UnknownLicence as error:
        fail(str(error))
        return 1
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    by_licence: dict[str, int] = {}
    for component in found["components"]:
        [licence] = component["licenses"]
        by_licence[licence["expression"]] = by_licence.get(licence["expression"], 0) + 1
    for licence, count in sorted(by_licence.items(), key=lambda item: -item[1]):
        say(f"  {count:4} {licence}")
    say(f"{len(found['components'])} components: {RESULT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
