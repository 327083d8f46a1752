"""The files of the backups: full/<label>/ with backup.json written last, wal/<segment>.age.

A full backup is listed only after its directory was renamed into place, so a killed process leaves
nothing that looks whole. Retention keeps the newest whole ones and the log since their oldest.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hms.backup import segments
from hms.backup.config import BackupError, Config
from hms.backup.sealing import CHUNK, Sealed, digest

FACTS, CLUSTER = "backup.json", "cluster"
BASE, FILES = "base.tar.gz.age", "files.tar.gz.age"
SEALED = ".age"
PART = ".part-"
PROBE = ".delete-probe"
KEPT_WAL = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """One base backup; its files say how long they must be and what their digest is."""

    label: str
    started_at: datetime
    finished_at: datetime
    major: int
    timeline: int
    start_wal: str
    end_wal: str
    segment_bytes: int
    plain_bytes: int
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(each["bytes"] for each in self.files.values())

    def to_json(self) -> str:
        """Return it as the text of backup.json."""
        values = {
            k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(self).items()
        }
        return json.dumps(values, indent=1)


def facts_of(sealed: Sealed) -> dict[str, Any]:
    """Return what is remembered of a sealed file."""
    return {"bytes": sealed.size, "sha256": sealed.sha256}


def _full(path: Path) -> Full | None:
    try:
        values = json.loads((path / FACTS).read_text(encoding="utf-8"))
        for name in ("started_at", "finished_at"):
            values[name] = datetime.fromisoformat(values[name])
        found = Full(**values)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found if found.label == path.name else None


class Store:
    """The directory of the backups, and the second one where nothing can be deleted."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.full_dir = config.store / "full"
        self.wal_dir = config.store / "wal"

    def prepare(self, system_id: str) -> None:
        """The directories are there, and hold nothing of another cluster. Raises BackupError."""
        marker = self.config.store / CLUSTER
        try:
            for path in (self.full_dir, self.wal_dir):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not marker.exists():
                write_whole(marker, system_id)
            kept = marker.read_text(encoding="ascii").strip()
        except OSError as error:
            raise BackupError(f"{self.config.store} cannot be used: {error.strerror}.") from error
        if kept != system_id:
            raise BackupError(
                f"{self.config.store} holds the backups of another database cluster: move them "
                "away, or name another directory in HMS_BACKUP_DIR."
            )

    # Full backups -------------------------------------------------------------------------

    def fulls(self) -> list[Full]:
        """Return the listed backups, the oldest first; `problem` says whether one is whole."""
        if not self.full_dir.is_dir():
            return []
        paths = [each for each in self.full_dir.iterdir() if not each.name.startswith(".")]
        return sorted((f for f in map(_full, paths) if f), key=lambda full: full.started_at)

    def whole(self) -> list[Full]:
        """Return the backups whose files are there with their length, the oldest first."""
        return [full for full in self.fulls() if not self.problem(full)]

    def path(self, full: Full, name: str) -> Path:
        return self.full_dir / full.label / name

    def problem(self, full: Full, *, reads: bool = False) -> str:
        """Return which file is missing, cut off or (`reads`: everything is read) changed, or ""."""
        for name, wanted in full.files.items():
            path, where = self.path(full, name), f"{full.label}/{name}"
            if not path.is_file():
                return f"{where} is missing"
            size = path.stat().st_size
            if size != wanted["bytes"]:
                return f"{where} has {size} bytes instead of {wanted['bytes']}"
            if reads and digest(path) != wanted["sha256"]:
                return f"{where} is damaged: its contents are not what was written"
        return ""

    def part(self, label: str) -> Path:
        """Return an empty directory for a backup that is being taken."""
        path = self.full_dir / f"{PART}{label}"
        path.mkdir(mode=0o700)
        return path

    def publish(self, part: Path, full: Full) -> None:
        """The backup is listed from now on."""
        write_whole(part / FACTS, full.to_json())
        part.rename(self.full_dir / full.label)
        sync_directory(self.full_dir)

    def sweep(self) -> int:
        """What a killed process left is gone; returns how many. Only while no full is taken."""
        parts = list(self.full_dir.glob(f"{PART}*"))
        for path in parts:
            shutil.rmtree(path)
        return len(parts)

    # The transaction log ------------------------------------------------------------------

    def wal(self) -> set[str]:
        """Return the names of what is archived."""
        if not self.wal_dir.is_dir():
            return set()
        names = {each.name.removesuffix(SEALED) for each in self.wal_dir.glob(f"*{SEALED}")}
        return {name for name in names if KEPT_WAL.fullmatch(name)}

    def wal_path(self, name: str) -> Path:
        return self.wal_dir / f"{name}{SEALED}"

    def publish_wal(self, part: Path, name: str) -> None:
        """The sealed segment is archived."""
        part.rename(self.wal_path(name))
        sync_directory(self.wal_dir)

    def gap(self, full: Full) -> str:
        """Return the first segment after this backup that is missing before a later one, or ""."""
        return segments.first_missing(self.wal(), after=full.end_wal, size=full.segment_bytes)

    # The second place ---------------------------------------------------------------------

    def copy_missing(self) -> int:
        """The second place has everything that is here; returns how many. Raises BackupError."""
        there = self.config.copy
        if there is None:
            return 0
        wanted = [Path("wal") / f"{name}{SEALED}" for name in sorted(self.wal())]
        for full in self.whole():
            wanted += [Path("full") / full.label / name for name in (*full.files, FACTS)]
        done = 0
        for each in wanted:
            source, target = self.config.store / each, there / each
            try:
                if target.exists() and target.stat().st_size == source.stat().st_size:
                    continue
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _append_rest(source, target)
            except OSError as error:
                raise BackupError(
                    f"The second place: {target} cannot be written: {error.strerror}."
                ) from error
            done += 1
        return done

    # Retention ----------------------------------------------------------------------------

    def expire(self) -> list[str]:
        """Only the newest whole backups and the log they need are kept here; returns what went."""
        kept = self.whole()[-self.config.keep :]
        if not kept:
            return []
        gone = [full for full in self.fulls() if full.started_at < kept[0].started_at]
        for full in gone:
            # Taken off the list first: half a backup is never listed.
            hidden = self.full_dir / f"{PART}{full.label}"
            (self.full_dir / full.label).rename(hidden)
            shutil.rmtree(hidden)
        oldest = min(segments.place(full.start_wal) for full in kept)
        for name in self.wal():
            if segments.is_segment(name) and segments.place(name) < oldest:
                self.wal_path(name).unlink(missing_ok=True)
        return [full.label for full in gone]

    def sizes(self) -> dict[str, int]:
        """Return how many backups lie here, and how many bytes they and the log take."""
        whole = self.whole()
        log = sum(each.stat().st_size for each in self.wal_dir.glob(f"*{SEALED}"))
        return {
            "fulls": len(whole),
            "full_bytes": sum(full.size for full in whole),
            "wal_bytes": log,
        }


def _append_rest(source: Path, target: Path) -> None:
    """Only create and append are used: it works where nothing can be renamed or deleted."""
    with source.open("rb") as given, target.open("ab") as kept:
        there = kept.tell()
        if there > os.fstat(given.fileno()).st_size:
            raise OSError(0, "it is longer than the backup")
        given.seek(there)
        shutil.copyfileobj(given, kept, CHUNK)
        kept.flush()
        os.fsync(kept.fileno())


def can_delete(directory: Path) -> bool:
    """Say whether this process can delete files there; tried on an empty file of its own."""
    probe = directory / PROBE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError:
        return False
    return True


def write_whole(path: Path, text: str) -> None:
    """The file holds the text, on the disk, or does not exist."""
    unfinished = path.with_name(f".{path.name}.new")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """A rename in the directory survives a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextlib.contextmanager
def alone(path: Path, what: str, *, seconds: float = 0) -> Iterator[None]:
    """Nobody else does the same inside the block. Raises BackupError when somebody goes on so.

    The kernel lets go of the lock when its process dies, however it dies.
    """
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    deadline = time.monotonic() + seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise BackupError(f"Another {what} is under way.") from error
            time.sleep(0.05)
        yield
