"""How rows become a chain: pure arithmetic, so that anybody with the key can do it again."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

DIGEST = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """What one seal vouches for: which rows, in which words, at which place of its chain."""

    chain: str
    number: int
    cluster: str
    from_xid: int
    to_xid: int
    columns: Sequence[str]
    ids: Sequence[int]
    digests: bytes
    first_at: datetime | None
    last_at: datetime | None
    sealed_at: datetime


def head_of(batch: Batch, previous: bytes) -> bytes:
    """Return SHA-256 over the head before and everything the seal says."""
    words = [
        batch.chain,
        batch.number,
        batch.cluster,
        batch.from_xid,
        batch.to_xid,
        list(batch.columns),
        *map(_moment, (batch.first_at, batch.last_at, batch.sealed_at)),
        list(batch.ids),
    ]
    told = json.dumps(words, separators=(",", ":"), ensure_ascii=True).encode()
    return hashlib.sha256(previous + told + b"\n" + batch.digests).digest()


def key_from(secret: str) -> bytes:
    """Return the sealing key of a secret (HKDF-SHA256, RFC 5869, one block)."""
    extracted = hmac.digest(b"hms.audit.seal", secret.encode(), "sha256")
    return hmac.digest(extracted, b"seal\x01", "sha256")


def mac_of(key: bytes, head: bytes) -> bytes:
    """Return the proof that whoever sealed `head` had the key."""
    return hmac.digest(key, head, "sha256")


def is_ours(keys: Sequence[bytes], head: bytes, mac: bytes) -> bool:
    """Say whether one of our keys made `mac`."""
    return any(hmac.compare_digest(mac_of(key, head), mac) for key in keys)


def line_hash(line: str) -> str:
    """Return what the next line of an anchor file carries of this one."""
    return hashlib.sha256(line.rstrip("\n").encode()).hexdigest()


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


class Numbers:
    """A set of row numbers at one bit each, in pages: a million take 125 kB."""

    PAGE = 14

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def add(self, number: int) -> None:
        """The number is in the set."""
        page = self._pages.setdefault(number >> self.PAGE, bytearray(1 << (self.PAGE - 3)))
        within = number & ((1 << self.PAGE) - 1)
        page[within >> 3] |= 1 << (within & 7)

    def __contains__(self, number: int) -> bool:
        page = self._pages.get(number >> self.PAGE)
        within = number & ((1 << self.PAGE) - 1)
        return page is not None and bool(page[within >> 3] & 1 << (within & 7))

    def on_page(self, page: int) -> int:
        """Return how many numbers the page holds."""
        return int.from_bytes(self._pages.get(page, b"")).bit_count()

    def __len__(self) -> int:
        return sum(int.from_bytes(page).bit_count() for page in self._pages.values())


def runs_of(numbers: Sequence[int]) -> list[int]:
    """Return sorted numbers as first, last, first, last of each unbroken run."""
    runs: list[int] = []
    for number in numbers:
        if runs and number == runs[-1] + 1:
            runs[-1] = number
        else:
            runs += [number, number]
    return runs
