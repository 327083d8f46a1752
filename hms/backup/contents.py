"""A base backup in tar form is checked against its manifest while it passes: no plain copy.

`pg_basebackup -D - -F tar` puts the manifest behind the last file. Every file is hashed as it goes
by; at the end each must be in the manifest with its size and SHA-256, and none may be missing.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from hms.backup.config import BackupError
from hms.backup.sealing import Source

BLOCK = 512
MANIFEST = "backup_manifest"
BIG_SIZE = 0x80


@dataclass(slots=True)
class _Entry:
    name: str
    size: int
    left: int
    digest: Any = field(default_factory=hashlib.sha256)


class CheckedTar:
    """Reads on from a tar stream and knows at the end what was in it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held = bytearray()
        self._skip = 0
        self._entry: _Entry | None = None
        self._manifest = bytearray()
        self._is_over = False
        self.files: dict[str, tuple[int, str]] = {}

    def read(self, count: int) -> bytes:
        data = self._source.read(count)
        self._held += data
        while self._step():
            pass
        return data

    def _step(self) -> bool:
        """Take in one more piece; False when more data are needed."""
        if self._is_over:
            self._held.clear()
            return False
        if self._skip:
            taken = min(self._skip, len(self._held))
            del self._held[:taken]
            self._skip -= taken
            return taken > 0
        return self._contents(self._entry) if self._entry else self._header()

    def _header(self) -> bool:
        if len(self._held) < BLOCK:
            return False
        block = bytes(self._held[:BLOCK])
        del self._held[:BLOCK]
        if not block.strip(b"\0"):
            self._is_over = True
            return True
        name, size = block[:100].rstrip(b"\0").decode("utf-8", "surrogateescape"), block[124:136]
        if size[0] & BIG_SIZE:
            count = int.from_bytes(size[1:], "big")
        else:
            count = int(size.rstrip(b" \0") or b"0", 8)
        if block[156:157] in {b"0", b"\0"}:
            self._entry = _Entry(name, count, count)
        return True

    def _contents(self, entry: _Entry) -> bool:
        taken = bytes(self._held[: entry.left])
        del self._held[: len(taken)]
        entry.digest.update(taken)
        entry.left -= len(taken)
        if entry.name == MANIFEST:
            self._manifest += taken
        if entry.left:
            return bool(taken)
        self.files[entry.name] = (entry.size, entry.digest.hexdigest())
        self._entry, self._skip = None, -entry.size % BLOCK
        return True

    def manifest(self) -> dict[str, Any]:
        """Return the manifest once everything agrees with it. Raises BackupError."""
        if not self._manifest:
            raise BackupError("The base backup came without its manifest: it is not whole.")
        text = bytes(self._manifest)
        found: dict[str, Any] = json.loads(text)
        head = text[: text.rindex(b'"Manifest-Checksum"')]
        if hashlib.sha256(head).hexdigest() != found["Manifest-Checksum"]:
            raise BackupError("The manifest of the base backup does not match its own checksum.")
        self._compare(found["Files"])
        return found

    def _compare(self, listed: list[dict[str, Any]]) -> None:
        for each in listed:
            name = each.get("Path") or bytes.fromhex(each["Encoded-Path"]).decode(
                "utf-8", "surrogateescape"
            )
            if self.files.get(name) != (each["Size"], each["Checksum"]):
                raise BackupError(f"The base backup does not match its manifest: {name}.")
