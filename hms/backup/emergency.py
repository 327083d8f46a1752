"""A restore for good: the newest backup before a time, into a directory a server can start on."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from core import clock
from hms.backup import programs
from hms.backup.config import BackupError, Config
from hms.backup.drill import newest
from hms.backup.recovery import Recovery, Target, hand_over
from hms.backup.store import Full, Store

Tell = Callable[[str], object]


def listing(config: Config) -> list[str]:
    """Return what can be restored, in words."""
    store = Store(config)
    found = []
    for full in store.fulls():
        problem, gap = store.problem(full), store.gap(full)
        words = f"{full.label}: from {full.finished_at:%Y-%m-%d %H:%M:%S} UTC, {full.size} bytes"
        if problem:
            words += f"; NOT WHOLE: {problem}"
        if gap:
            words += f"; GAP in the log: {gap} is missing, nothing after it can be restored from it"
        found.append(words)
    if not found:
        raise BackupError(f"There is no backup in {config.store}.")
    log = [store.wal_path(name).stat().st_mtime for name in store.wal()]
    if log:
        newest_log = datetime.fromtimestamp(max(log), tz=clock.now().tzinfo)
        found.append(f"The log was archived last at {newest_log:%Y-%m-%d %H:%M:%S} UTC.")
    return found


def restore(config: Config, *, into: Path, until: datetime | None, tell: Tell) -> str:
    """A server can be started on `into`/data; returns what was restored, in words.

    Raises BackupError: no private key, nothing to restore, something missing or damaged.
    """
    config.identity()
    store = Store(config)
    full = newest(store, until=until)
    _refuse_full(into)
    is_new = not into.exists()
    into = into.absolute()
    programs.make_passable(into)
    owner = into.parent.stat() if is_new else into.stat()
    tell(f"Restoring {full.label}, from {full.finished_at:%Y-%m-%d %H:%M:%S} UTC, into {into}.")
    _refuse_unreachable(into)
    copy = Recovery(config, store, full, into=into)
    try:
        tell("1 of 3: opening and checking the full backup.")
        copy.unpack()
        tell("2 of 3: replaying the transaction log.")
        copy.start(Target(time=until.isoformat() if until else ""))
        last = copy.last_moment()
        tell("3 of 3: closing the server in an orderly way.")
    finally:
        copy.clear()
    if os.geteuid() == 0:
        hand_over(into, owner.st_uid, owner.st_gid)
    return _words(store, full, into, last)


def _refuse_full(into: Path) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BackupError(f"{into} is not an empty directory; nothing was touched.")


def _refuse_unreachable(into: Path) -> None:
    account = programs.unprivileged()
    if account is not None and not account.reaches(into):
        raise BackupError(
            f"PostgreSQL refuses to run as root, and other accounts cannot reach {into}: choose a "
            "directory such as /var/lib/restored, or run this as the account of PostgreSQL."
        )


def _words(store: Store, full: Full, into: Path, last: str) -> str:
    words = f"Done. The last change restored is of {last or 'the time of the full backup'}."
    gap = store.gap(full)
    if gap:
        words += f" THE LOG HAS A GAP: {gap} is missing, so nothing after it could be restored."
    return f"{words} Database: {into}/data. Uploaded files, anchors, configuration: {into}/files."
