"""Files of a store that look like backups, without a server."""

from datetime import datetime, timedelta
from pathlib import Path

import pyrage

from hms.backup import segments
from hms.backup.config import Config
from hms.backup.sealing import seal
from hms.backup.store import BASE, FILES, Full, Store, facts_of
from tests.factories.org import STARTED

SIZE = 16 << 20


class Bytes:
    """A source that gives these bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, count: int, /) -> bytes:
        given, self.data = self.data[:count], self.data[count:]
        return given


def config(place: Path, **changed: object) -> Config:
    given: dict[str, object] = {"store": place / "store", "work": place / "work"}
    return Config(**(given | changed))  # type: ignore[arg-type]


def segment(number: int, timeline: int = 1) -> str:
    return segments.named(timeline, number, size=SIZE)


def full(
    store: Store, number: int, *, at: datetime = STARTED, timeline: int = 1, days: int = 0
) -> Full:
    """A whole backup that began in this segment and ended in the next."""
    at += timedelta(days=days)
    label = f"{at:%Y%m%dT%H%M%SZ}-{number:06x}"
    part = store.part(label)
    key = pyrage.x25519.Identity.generate().to_public()
    files = {
        name: facts_of(seal(Bytes(f"{name} {number}".encode() * 90), part / name, [key]))
        for name in (BASE, FILES)
    }
    made = Full(
        label=label,
        started_at=at,
        finished_at=at + timedelta(minutes=5),
        major=18,
        timeline=timeline,
        start_wal=segment(number, timeline),
        end_wal=segment(number + 1, timeline),
        segment_bytes=SIZE,
        plain_bytes=1000,
        files=files,
    )
    store.publish(part, made)
    return made


def log(store: Store, first: int, last: int, timeline: int = 1) -> None:
    for number in range(first, last + 1):
        store.wal_path(segment(number, timeline)).write_bytes(b"sealed")
