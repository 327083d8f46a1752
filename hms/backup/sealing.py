"""Streams that are packed (gzip), sealed for the hospital's keys (age) and counted on the way."""

import hashlib
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import pyrage

from hms.backup.config import BackupError

CHUNK = 256 * 1024
FAST = 1
GZIP = 16 + zlib.MAX_WBITS


class Source(Protocol):
    def read(self, count: int, /) -> bytes: ...


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file as it lies there, and how much went into it."""

    size: int
    sha256: str
    plain_size: int


class _Packed:
    """Reads a source as gzip."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._packer = zlib.compressobj(FAST, zlib.DEFLATED, GZIP)
        self._ready = bytearray()
        self._is_over = False
        self.plain_size = 0

    def read(self, count: int) -> bytes:
        while len(self._ready) < count and not self._is_over:
            chunk = self._source.read(CHUNK)
            self.plain_size += len(chunk)
            self._is_over = not chunk
            self._ready += self._packer.compress(chunk) if chunk else self._packer.flush()
        given = bytes(self._ready[:count])
        del self._ready[:count]
        return given


class _Counted:
    """Writes to a file and knows the digest of what it wrote."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()


class _Unpacked:
    """Writes what is inside a gzip stream to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._unpacker = zlib.decompressobj(GZIP)
        self.refused: BaseException | None = None

    def write(self, data: bytes) -> int:
        plain = self._unpacker.decompress(data)
        if plain:
            try:
                self._sink.write(plain)
            except BaseException as error:  # the sink's trouble, not the sealed file's
                self.refused = error
                raise
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def finish(self) -> None:
        if not self._unpacker.eof:
            raise BackupError("A sealed file ends in the middle.")


def seal(source: Source, target: Path, keys: list[pyrage.x25519.Recipient]) -> Sealed:
    """The target holds everything of the source, sealed and on the disk."""
    packed = _Packed(source)
    with open(target, "wb", opener=_private) as file:
        counted = _Counted(file)
        pyrage.encrypt_io(packed, counted, keys)
        file.flush()
        os.fsync(file.fileno())
    return Sealed(counted.size, counted.digest.hexdigest(), packed.plain_size)


def unseal(path: Path, sink: Sink, identity: pyrage.x25519.Identity) -> None:
    """The sink got everything that is in the sealed file. Raises BackupError."""
    unpacked = _Unpacked(sink)
    try:
        with path.open("rb") as file:
            pyrage.decrypt_io(file, unpacked, [identity])
        unpacked.finish()
    except (OSError, zlib.error, pyrage.DecryptError) as error:
        if unpacked.refused is not None:
            raise unpacked.refused from error
        raise BackupError(f"{path.name} {_why(path, error)}") from error


def _why(path: Path, error: Exception) -> str:
    if not path.exists():
        return "is missing"
    if "No matching keys" in str(error):
        return "does not open with this private key"
    return f"is cut off or damaged ({error})"


def unseal_to(
    path: Path, target: Path, identity: pyrage.x25519.Identity, *, mode: int = 0o600
) -> None:
    """The target holds what is in the sealed file, whole and readable by whom it is for, or not."""
    unfinished = target.with_name(f".{target.name}.new")
    with open(unfinished, "wb", opener=_private) as file:
        unseal(path, file, identity)
        os.fchmod(file.fileno(), mode)
    unfinished.rename(target)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def piped(fill: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """Give a file to read what `fill` writes at the same time; its error is raised at the end."""
    read_end, write_end = os.pipe()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with os.fdopen(write_end, "wb") as file:
                fill(file)
        except BrokenPipeError:
            pass  # the reader had enough
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="pipe", daemon=True)
    thread.start()
    try:
        with os.fdopen(read_end, "rb") as file:
            yield file
            while file.read(CHUNK):
                pass
    finally:
        thread.join()
        if failed:
            raise failed[0]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
