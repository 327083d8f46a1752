"""The bill of materials is whole; not having asked for advisories is no good news."""

import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts import advisories, sbom

BILL: dict[str, Any] = sbom.bill()
COMPONENTS = {component["name"]: component for component in BILL["components"]}


def test_the_bill_is_valid_cyclonedx() -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(BILL)) is None


def test_every_locked_package_is_on_it_with_hashes_and_licence() -> None:
    assert advisories.locked() <= set(COMPONENTS)
    for name in advisories.locked():
        component = COMPONENTS[name]
        assert component["licenses"][0]["expression"]
        assert component["version"]
        assert component["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"


def test_every_asset_and_font_is_on_it_with_its_own_hash() -> None:
    carried = {name for name, each in COMPONENTS.items() if each["type"] == "file"}
    assert len(carried) > 15
    for name in carried:
        content = (sbom.ROOT / name).read_bytes()
        assert COMPONENTS[name]["hashes"][0]["content"] == hashlib.sha256(content).hexdigest()
    listed = (sbom.ROOT / "static/vendor/SHA256SUMS").read_text(encoding="utf-8").split()[1::2]
    ours = {name for name in listed if name.startswith("static/") and "LICENSE" not in name}
    assert ours <= carried


def test_no_network_and_no_machine_is_named_on_it() -> None:
    text = json.dumps(BILL)
    assert str(sbom.ROOT) not in text


def test_a_package_whose_licence_nobody_knows_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbom, "LICENCES", {})
    with pytest.raises(sbom.UnknownLicence, match="pyrage"):
        sbom.licence_of("pyrage")
    with pytest.raises(sbom.UnknownLicence, match="not installed"):
        sbom.licence_of("no-such-package")


WORDS = {
    "BSD-3-Clause": "endorse or promote products",
    "BSD-2-Clause": "Redistributions in binary form",
    "BSD-2-Clause-Views": "of the FreeBSD Project",
    "MIT": "MIT license",
    "ISC": "ISC License",
    "Apache-2.0": "Apache License",
    "MPL-2.0": "Mozilla Public License",
    "Unicode-3.0": "UNICODE LICENSE V3",
    "HPND-Markus-Kuhn": "Markus Kuhn",
    "LGPL-2.1-or-later": "GNU LESSER GENERAL PUBLIC LICENSE Version 2.1",
    "LGPL-3.0-or-later": "either version 3 of the License",
    "openvpn-openssl-exception": "permission to link this program with the OpenSSL",
}
# It names the files of its licences, which the package does not hold.
UNREAD = {"uritemplate", "colorama"}


@pytest.mark.parametrize("name", sorted(set(sbom.LICENCES) - UNREAD))
def test_a_licence_named_by_hand_stands_in_the_packages_own_files(name: str) -> None:
    files = importlib.metadata.files(name) or []
    about = [file for file in files if re.search(r"/licenses/|LICEN[CS]E|COPYING", file.as_posix())]
    texts = [
        Path(str(file.locate())).read_text(encoding="utf-8", errors="replace") for file in about
    ]
    text = " ".join(" ".join(texts).lower().split())
    parts = set(re.findall(r"[\w.-]+", sbom.LICENCES[name])) - {"AND", "OR", "WITH"}
    assert [part for part in sorted(parts) if WORDS[part].lower() not in text] == []
    assert ("endorse or promote" in text) == ("BSD-3-Clause" in parts)


def test_libraries_inside_of_a_package_are_on_the_bill() -> None:
    inside = COMPONENTS["psycopg2-binary"]["components"]
    assert {"openssl", "postgresql"} <= {each["name"] for each in inside}


def test_a_library_that_nobody_knows_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbom, "INSIDE", {})
    with pytest.raises(sbom.UnknownLicence, match="psycopg2-binary carries"):
        list(sbom.inside("psycopg2-binary"))


def _out(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


FINE = {"name": "django", "version": "6.1", "vulns": []}
HOLE = {"id": "CVE-2027-1", "fix_versions": ["6.1.9"]}
SKIPPED = {"name": "celery", "skip_reason": "Dependency not found on PyPI"}


def test_asked_about_everything_and_nothing_known_is_clean() -> None:
    assert advisories.verdict(_out(FINE), "", {"django"}).code == advisories.CLEAN


def test_a_hole_is_named_with_the_version_that_mends_it() -> None:
    found = advisories.verdict(_out({**FINE, "vulns": [HOLE]}), "", {"django"})
    assert found.code == advisories.HOLES
    assert found.lines == ["django 6.1: CVE-2027-1 (mended in 6.1.9)"]


@pytest.mark.parametrize(
    "out", [_out(FINE, SKIPPED), _out(FINE), _out(), "", "null", '{"dependencies": 1}']
)
def test_a_package_that_was_not_asked_about_is_not_clean(out: str) -> None:
    found = advisories.verdict(out, "ERROR: it went away", {"django", "celery"})
    assert found.code == advisories.NOT_ASKED


def test_without_a_way_out_it_fails_and_says_that_nothing_is_known() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.advisories"],
        cwd=sbom.ROOT,
        env=os.environ | {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == advisories.NOT_ASKED
    assert "Could not ask" in done.stderr


def test_packages_of_other_systems_are_no_reason_to_fail() -> None:
    assert "colorama" in advisories.locked()
    assert "colorama" not in advisories._wanted_here()
    assert Path(advisories.LOCK).is_file()
