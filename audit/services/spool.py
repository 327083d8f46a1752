"""Looks kept aside while the trail takes no rows, and brought into it afterwards (SEC-U7).

Only looks and refusals come here: whatever changes something fails together with its row. A file
belongs to one process and one day and only grows; each line carries the proof of our key and that
of the line before it. Files are renamed before they are brought: writing goes on beside them.
"""

import fcntl
import heapq
import json
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models.expressions import DatabaseDefault

from audit import rules
from audit.models import Action, AuditEvent
from audit.services.chains import LOCKS, keys
from audit.services.trail import record

log = structlog.get_logger("audit.spool")
BATCH, FILES = 500, 200
TRIES = 5
WAITING, TAKEN, REFUSED = ".ndjson", ".taken", ".refused"
_STAMP = "%Y%m%dT%H%M%S"
_LEFT_OUT = {"id", "recorded_at"}


class SpoolFull(OSError):
    """As much is kept aside as may be: what cannot be recorded is not shown."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is kept aside: how much, since when, and what the trail would not take."""

    files: int = 0
    bytes: int = 0
    since: datetime | None = None
    refused: int = 0

    @property
    def part(self) -> float:
        """How full the spool is, from 0 to 1."""
        return self.bytes / (settings.AUDIT_SPOOL_MB * 2**20)


@dataclass(slots=True)
class Brought:
    """What one run brought into the trail, and what it met."""

    count: int = 0
    known: int = 0
    refused: int = 0
    gaps: int = 0
    torn: int = 0
    busy: bool = False
    notes: list[str] = field(default_factory=list)


def looks_waiting() -> Waiting:
    """Return what is kept aside; asks no database."""
    found = sorted(_files(WAITING, TAKEN), key=lambda path: path.name)
    refused = sum(1 for _path in _files(REFUSED))
    since = _began(found[0]) if found else None
    return Waiting(len(found), sum(map(_size, found)), since, refused)


def looks_keep(events: Sequence[AuditEvent]) -> None:
    """The looks are on the disk and will be on the trail. Raises OSError when they cannot be."""
    _writer.append(events)


def looks_bring(*, at: datetime, by: int | None = None) -> Brought:
    """Everything kept aside is on the trail, once and in order, and kept aside no more.

    One run at a time. A run that is killed leaves its files; the next finds by the id of each look
    what is on the trail already. Raises DatabaseError while the trail takes no rows.
    """
    done = Brought()
    with _alone() as is_ours:
        if not is_ours:
            done.busy = True
            return done
        # What an earlier run left comes first: while none succeeds, no more files are taken.
        for find in (_left, _take):
            for files in batched(find(), FILES):
                _bring(files, at=at, by=by, done=done)
        if done.refused or done.gaps:
            log.error("looks_refused", refused=done.refused, gaps=done.gaps, notes=done.notes)
    return done


# Writing ------------------------------------------------------------------------------------


class _Writer:
    """The file of this process; threads take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._owner = 0
        self._mac = ""

    def append(self, events: Sequence[AuditEvent]) -> None:
        with self._lock:
            if looks_waiting().part >= 1:
                raise SpoolFull("The looks kept aside have reached HMS_AUDIT_SPOOL_MB.")
            for _attempt in range(TRIES):
                if self._try(events):
                    return
            raise OSError("The file of looks kept aside vanished again and again.")

    def _try(self, events: Sequence[AuditEvent]) -> bool:
        """Write to the file of the day; False when it was taken for bringing meanwhile."""
        path = self._current(events[0].occurred_at)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            self._path = None
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not _is_at(path, descriptor):
                self._path = None
                return False
            self._write(descriptor, events)
            return True
        finally:
            os.close(descriptor)

    def _current(self, at: datetime) -> Path:
        stamp = at.astimezone(UTC).strftime(_STAMP)
        day = stamp[:8]
        is_mine = self._path and self._owner == os.getpid() and self._path.parent == _folder()
        if self._path is None or not is_mine or not self._path.name.startswith(day):
            folder = _folder()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            name = f"{stamp}-{os.getpid()}-{secrets.token_hex(4)}{WAITING}"
            self._path, self._owner, self._mac = folder / name, os.getpid(), ""
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            _sync(folder)
        return self._path

    def _write(self, descriptor: int, events: Sequence[AuditEvent]) -> None:
        mac, text = self._mac, ""
        for event in events:
            line, mac = _line(event, mac)
            text += line + "\n"
        size = os.fstat(descriptor).st_size
        try:
            _write_all(descriptor, text.encode())
            os.fsync(descriptor)
        except OSError:
            # Half a line must not stand before the next one.
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            self._path = None
            raise
        self._mac = mac


_writer = _Writer()


def _line(event: AuditEvent, previous: str) -> tuple[str, str]:
    """Return the line of a look and its proof."""
    told = json.dumps(
        {"look": _words(event), "previous": previous}, separators=(",", ":"), sort_keys=True
    )
    mac = rules.mac_of(keys()[0], b"look\n" + told.encode()).hex()
    return f'{{"mac":"{mac}","told":{told}}}', mac


def _words(event: AuditEvent) -> dict[str, object]:
    found: dict[str, object] = {}
    for column in AuditEvent._meta.concrete_fields:
        value = getattr(event, column.attname)
        if column.attname in _LEFT_OUT or value is None or isinstance(value, DatabaseDefault):
            continue
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat()
        found[column.attname] = str(value) if isinstance(value, UUID) else value
    return found


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.stat(path).st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


# Bringing -----------------------------------------------------------------------------------


@contextmanager
def _alone() -> Iterator[bool]:
    """Say whether this is the only run on this machine; nothing to do is the same as not."""
    folder = _folder()
    if not folder.is_dir():
        yield False
        return
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _take() -> list[Path]:
    """From now on nobody writes to the files that are returned."""
    for path in list(_files(WAITING)):
        taken = path.with_suffix(TAKEN)
        path.rename(taken)
        with taken.open("rb") as file:
            # A look that is being written to it is waited for.
            fcntl.flock(file, fcntl.LOCK_EX)
    return _left()


def _left() -> list[Path]:
    return sorted(_files(TAKEN))


def _bring(files: Sequence[Path], *, at: datetime, by: int | None, done: Brought) -> None:
    for batch in batched(heapq.merge(*(_Read(path, done) for path in files)), BATCH):
        _store(list(batch), at=at, by=by, done=done)
    for path in files:
        path.unlink()
    _sync(_folder())
    log.info("looks_brought", count=done.count, known=done.known, torn=done.torn)


@dataclass(order=True, slots=True)
class _Look:
    """One line, to be put in order by when it happened."""

    at: str
    file: str
    number: int
    words: dict[str, object] = field(compare=False)
    line: str = field(compare=False)


class _Read:
    """The looks of one file; what is not a line of ours is put beside it."""

    def __init__(self, path: Path, done: Brought) -> None:
        self.path, self.done = path, done

    def __iter__(self) -> Iterator[_Look]:
        before, bad = "", list[bytes]()
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                found = _understood(raw)
                if found is None:
                    is_torn = not raw.endswith(b"\n")
                    # Its process died while it wrote: the page never left.
                    self.done.torn += is_torn
                    bad += [] if is_torn else [raw]
                    continue
                words, previous, mac = found
                if previous != before:
                    self.done.gaps += 1
                    self.done.notes.append(f"{self.path.name}:{number}: a line before is missing")
                before = mac
                at = str(words["occurred_at"])
                yield _Look(at, self.path.name, number, words, raw.decode())
        _refuse(self.path, bad, self.done)


def _understood(raw: bytes) -> tuple[dict[str, object], str, str] | None:
    """Return the look, the proof before it and its own; None for what we did not write."""
    try:
        line = json.loads(raw)
        told = json.dumps(line["told"], separators=(",", ":"), sort_keys=True).encode()
        is_ours = rules.is_ours(keys(), b"look\n" + told, bytes.fromhex(line["mac"]))
        return (line["told"]["look"], line["told"]["previous"], line["mac"]) if is_ours else None
    except (ValueError, KeyError, TypeError):
        return None


def _refuse(path: Path, lines: Sequence[bytes], done: Brought) -> None:
    """The lines stay beside the trail, for a person to look at; done twice it is done once."""
    if not lines:
        return
    done.refused += len(lines)
    done.notes.append(f"{path.stem}{REFUSED}: {len(lines)} lines")
    beside = path.with_suffix(REFUSED)
    known = beside.read_bytes().splitlines(keepends=True) if beside.exists() else []
    with open(beside, "ab", opener=_private) as file:
        file.writelines(line for line in lines if line not in known)
        file.flush()
        os.fsync(file.fileno())


def _store(looks: list[_Look], *, at: datetime, by: int | None, done: Brought) -> None:
    """The looks are on the trail, in one transaction with the act that says so."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 7)", [LOCKS])
        ids = [str(look.words["public_id"]) for look in looks]
        found = AuditEvent.objects.filter(public_id__in=ids).values_list("public_id", flat=True)
        there = {str(each) for each in found}
        new = [look for look in looks if look.words["public_id"] not in there]
        done.known += len(looks) - len(new)
        stored = _insert(new, done)
        if stored:
            record(
                "looks_bring",
                action=Action.CREATE,
                at=at,
                by=by,
                after={"count": len(stored), "first": stored[0].at, "last": stored[-1].at},
            )
    done.count += len(stored)


def _insert(looks: list[_Look], done: Brought) -> list[_Look]:
    """Insert all at once, or one by one when one of them cannot be."""
    try:
        with transaction.atomic():
            AuditEvent.objects.bulk_create([AuditEvent(**look.words) for look in looks])
        return looks
    except (DataError, IntegrityError, TypeError, ValueError):
        return [look for look in looks if _insert_one(look, done)]


def _insert_one(look: _Look, done: Brought) -> bool:
    try:
        with transaction.atomic():
            AuditEvent(**look.words).save(force_insert=True)
        return True
    except (DataError, IntegrityError, TypeError, ValueError):
        _refuse(_folder() / look.file, [look.line.encode()], done)
        return False


# Files --------------------------------------------------------------------------------------


def _folder() -> Path:
    return Path(settings.AUDIT_SPOOL_DIR)


def _files(*endings: str) -> Iterator[Path]:
    folder = _folder()
    if not folder.is_dir():
        return
    for entry in os.scandir(folder):
        if entry.name.endswith(endings):
            yield Path(entry.path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _began(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    """Names that were made or removed in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
