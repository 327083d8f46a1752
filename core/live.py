"""Whether a live list may have changed since it was drawn: marks in Redis (decisions 27).

Services say `changed` and name what lists are made of ("unit:7", "person:3"); a list that is drawn
gets a tag that covers what it is made of. While no mark of these has moved, a poll with the tag is
answered without asking the database. A tag counts 30 seconds: what was missed shows then. Without
Redis every poll draws the list.
"""

import hashlib
import time
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.core import signing
from django.core.cache import caches
from django.db import transaction

# Names share marks: a list is at times drawn anew for something that it does not show.
BUCKETS = 256
HONOURED_FOR = 30
KEPT_FOR = 24 * 3600
REDIS_REST = 5.0
SALT = "core.live"


class _Memory:
    """Per process: until when Redis is not asked, because it did not answer."""

    rests_until = 0.0


def _bucket(name: str) -> int:
    return zlib.crc32(name.encode()) % BUCKETS


def _key(bucket: int) -> str:
    return f"live:{bucket}"


def changed(*names: str) -> None:
    """After this transaction whatever is made of these is drawn anew by the next poll."""
    marks = {_key(_bucket(name)): uuid.uuid4().hex for name in names}
    transaction.on_commit(lambda: _raise(marks))


def _raise(marks: dict[str, str]) -> None:
    if time.monotonic() < _Memory.rests_until:
        return
    try:
        caches["redis"].set_many(marks, KEPT_FOR)
    except Exception:  # without marks the tags run out by themselves
        _Memory.rests_until = time.monotonic() + REDIS_REST


def _digest(mask: int) -> str:
    """Return the marks of the buckets as one word, "" when Redis does not answer."""
    if time.monotonic() < _Memory.rests_until:
        return ""
    keys = [_key(bucket) for bucket in range(BUCKETS) if mask >> bucket & 1]
    try:
        found = caches["redis"].get_many(keys)
    except Exception:  # without Redis the database answers
        _Memory.rests_until = time.monotonic() + REDIS_REST
        return ""
    text = ",".join(str(found.get(key, "")) for key in keys)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Stamp:
    """How the marks stood before a list was read."""

    mask: int
    digest: str


def stamp(names: Iterable[str]) -> Stamp:
    """Return how the marks of these stand now; taken before the list is read."""
    mask = 0
    for name in names:
        mask |= 1 << _bucket(name)
    return Stamp(mask, _digest(mask))


def tag(found: Stamp, *, user_id: int, address: str, lock_seconds: float) -> str:
    """Return what a poll of this person for this address sends back, "" when there are no marks.

    `lock_seconds` is after how long without a sign of life the person's screen locks.
    """
    if not found.digest:
        return ""
    return signing.dumps(
        [user_id, _address(address), f"{found.mask:x}", found.digest, int(lock_seconds)],
        salt=SALT,
    )


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing moved: for whom that is known, and after how long their screen locks."""

    user_id: int
    lock_seconds: int


def unchanged(sent: str, *, address: str) -> Unchanged | None:
    """Return for whom the list at the address is as it was drawn, None when it must be drawn."""
    try:
        user_id, where, mask, digest, lock_seconds = signing.loads(
            sent, salt=SALT, max_age=HONOURED_FOR
        )
    except (signing.BadSignature, TypeError, ValueError):
        return None
    if where != _address(address) or _digest(int(mask, 16)) != digest:
        return None
    return Unchanged(user_id, lock_seconds)


def _address(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:12]


def forget() -> None:
    """Redis is asked again at once: each test begins like this."""
    _Memory.rests_until = 0.0
