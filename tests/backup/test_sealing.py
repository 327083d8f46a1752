"""Sealed files open only with the private key, only whole, and only as they were written."""

import io
import tarfile
from pathlib import Path

import pyrage
import pytest

from hms.backup import sealing
from hms.backup.config import BackupError
from hms.backup.contents import MANIFEST, CheckedTar
from tests.backup import files
from tests.backup.files import Bytes

KEY = pyrage.x25519.Identity.generate()
PLAIN = b"Amina Benali, " * 50_000


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "0000.age"
    found = sealing.seal(Bytes(PLAIN), path, [KEY.to_public()])
    assert found.size == path.stat().st_size
    assert found.sha256 == sealing.digest(path)
    assert found.plain_size == len(PLAIN)
    return path


def opened(path: Path, key: pyrage.x25519.Identity = KEY) -> bytes:
    sink = io.BytesIO()
    sealing.unseal(path, sink, key)
    return sink.getvalue()


def test_what_was_sealed_comes_back_and_cannot_be_read_meanwhile(sealed: Path) -> None:
    assert opened(sealed) == PLAIN
    assert b"Benali" not in sealed.read_bytes()
    assert sealed.stat().st_mode & 0o777 == 0o600


def test_any_of_several_keys_opens_it(tmp_path: Path) -> None:
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    sealing.seal(Bytes(PLAIN), tmp_path / "x", [key.to_public() for key in keys])
    assert [opened(tmp_path / "x", key) for key in keys] == [PLAIN, PLAIN]


def test_a_wrong_key_is_named(sealed: Path) -> None:
    with pytest.raises(BackupError, match=r"0000\.age does not open with this private key"):
        opened(sealed, pyrage.x25519.Identity.generate())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"0000\.age is missing"):
        opened(tmp_path / "0000.age")


@pytest.mark.parametrize("left", [0, 50, 1000, -1])
def test_a_file_that_is_cut_off_is_named(sealed: Path, left: int) -> None:
    sealed.write_bytes(sealed.read_bytes()[:left])
    with pytest.raises(BackupError, match=r"0000\.age is cut off or damaged"):
        opened(sealed)


def test_one_flipped_bit_is_named(sealed: Path) -> None:
    data = bytearray(sealed.read_bytes())
    data[-100] ^= 1
    sealed.write_bytes(data)
    with pytest.raises(BackupError, match=r"0000\.age is cut off or damaged"):
        opened(sealed)


def test_the_trouble_of_whoever_reads_is_not_taken_for_damage(sealed: Path) -> None:
    class Full:
        def write(self, data: bytes, /) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        sealing.unseal(sealed, Full(), KEY)


def test_an_unpacked_target_is_readable_from_its_first_moment(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    rename = Path.rename
    monkeypatch.setattr(
        Path,
        "rename",
        lambda self, to: (seen.append(self.stat().st_mode & 0o777), rename(self, to)),
    )
    sealing.unseal_to(sealed, tmp_path / "target", KEY, mode=0o644)
    assert seen == [0o644]


def test_an_unpacked_target_is_whole_or_not_there(sealed: Path, tmp_path: Path) -> None:
    sealed.write_bytes(sealed.read_bytes()[:-1])
    with pytest.raises(BackupError):
        sealing.unseal_to(sealed, tmp_path / "target", KEY)
    assert not (tmp_path / "target").exists()


# Keys -------------------------------------------------------------------------------------


def test_the_private_key_is_found_among_comments(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"# public key: {KEY.to_public()}\n{KEY}\n", encoding="ascii")
    found = files.config(tmp_path, identity_file=path).identity()
    assert str(found.to_public()) == str(KEY.to_public())


@pytest.mark.parametrize("text", ["", "age1notaprivatekey", "AGE-SECRET-KEY-1BROKEN"])
def test_a_file_without_a_private_key_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text, encoding="ascii")
    with pytest.raises(BackupError, match="holds no private age key"):
        files.config(tmp_path, identity_file=path).identity()


@pytest.mark.parametrize("keys", [(), ("ssh-rsa AAAA",)])
def test_without_a_public_key_nothing_is_sealed(tmp_path: Path, keys: tuple[str, ...]) -> None:
    with pytest.raises(BackupError, match="HMS_BACKUP_RECIPIENTS"):
        files.config(tmp_path, recipients=keys).keys()


# A base backup on its way past ------------------------------------------------------------


def base(contents: dict[str, bytes], manifest: str) -> CheckedTar:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in [*contents.items(), (MANIFEST, manifest.encode())]:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    checked = CheckedTar(Bytes(out.getvalue()))
    while checked.read(1000):
        pass
    return checked


def manifest(contents: dict[str, bytes]) -> str:
    import hashlib
    import json

    listed = [
        {"Path": name, "Size": len(data), "Checksum": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    ]
    head = json.dumps({"Files": listed})[:-1] + ",\n"
    return f'{head}"Manifest-Checksum": "{hashlib.sha256(head.encode()).hexdigest()}"}}\n'


HELD = {"PG_VERSION": b"18\n", "base/1/1259": b"x" * 8192, "base/1/1260": b""}


def test_a_base_backup_that_agrees_with_its_manifest_is_taken() -> None:
    assert len(base(HELD, manifest(HELD)).manifest()["Files"]) == 3


@pytest.mark.parametrize("name", ["PG_VERSION", "base/1/1259"])
def test_a_file_that_differs_from_the_manifest_is_named(name: str) -> None:
    spoilt = HELD | {name: b"y" + HELD[name][1:]}
    with pytest.raises(BackupError, match=f"does not match its manifest: {name}"):
        base(spoilt, manifest(HELD)).manifest()


def test_a_file_that_did_not_come_is_named() -> None:
    kept = {name: data for name, data in HELD.items() if name != "base/1/1260"}
    with pytest.raises(BackupError, match="base/1/1260"):
        base(kept, manifest(HELD)).manifest()


def test_a_base_backup_without_its_manifest_is_not_whole() -> None:
    with pytest.raises(BackupError, match="without its manifest"):
        base({}, "").manifest()


def test_a_changed_manifest_is_noticed() -> None:
    with pytest.raises(BackupError, match="does not match its own checksum"):
        base(HELD, manifest(HELD).replace("8192", "8193")).manifest()
