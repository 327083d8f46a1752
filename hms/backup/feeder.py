"""Opens archived segments just ahead of the server that asks for them.

The server's restore_command is a script that waits for a file; this process opens the sealed ones,
so the private key never leaves it, and the disk holds few of them at a time. What is not in the
archive the script says at once; what cannot be opened ends the recovery, loudly.
"""

import threading
from pathlib import Path
from typing import Any

from hms.backup import sealing, segments
from hms.backup.store import Full, Store

AHEAD, BEHIND = 8, 2
POLL_SECONDS = 0.02
ASKED, LISTED, BROKEN = ".asked", ".listed", ".broken"

FETCH = """\
#!/bin/sh
# fetch NAME TARGET: 1 is "not in the archive", 255 ends the recovery.
target="$PWD/$2"
cd '{directory}' || exit 255
grep -qx "$1" {listed} || exit 1
echo "$1" > {asked}.new && mv {asked}.new {asked} || exit 255
while [ ! -f "$1" ]; do
    [ -f {broken} ] && exit 255
    sleep 0.02
done
cp "$1" "$target" || exit 255
"""


class Feeder(threading.Thread):
    """One per recovery; `error` says what could not be opened."""

    def __init__(self, store: Store, full: Full, place: Path, identity: Any) -> None:
        super().__init__(name="wal-feeder", daemon=True)
        self._store, self._place, self._identity = store, place, identity
        self._names = wanted(store, full)
        self._stopping = threading.Event()
        self.error = ""

    def prepare(self) -> str:
        """The script and its list are there; return the script."""
        (self._place / LISTED).write_text("\n".join([*self._names, ""]), encoding="ascii")
        return FETCH.format(directory=self._place, asked=ASKED, listed=LISTED, broken=BROKEN)

    def run(self) -> None:
        try:
            while not self._stopping.wait(POLL_SECONDS):
                self._look()
        except Exception as error:  # told by whoever waits for the server
            self.error = str(error)
            (self._place / BROKEN).touch()

    def _look(self) -> None:
        try:
            asked = (self._place / ASKED).read_text(encoding="ascii").strip()
        except OSError:
            return
        at = self._names.index(asked)
        near = self._names[max(0, at - BEHIND) : at + AHEAD]
        for name in near[near.index(asked) :]:
            target = self._place / name
            if not target.exists() and not self._stopping.is_set():
                # Readable before it is there: whoever waits for it takes it at once.
                sealed = self._store.wal_path(name)
                sealing.unseal_to(sealed, target, self._identity, mode=0o644)
        for path in self._place.iterdir():
            if segments.is_segment(path.name) and path.name not in near:
                path.unlink(missing_ok=True)

    def stop(self) -> None:
        """It ended."""
        self._stopping.set()
        if self.ident is not None:
            self.join()


def wanted(store: Store, full: Full) -> list[str]:
    """Return the histories and segments a recovery of this backup may ask for, in their order."""
    first = segments.place(full.start_wal)
    names = store.wal()
    log = [n for n in names if segments.is_segment(n) and segments.place(n) >= first]
    return [
        *sorted(name for name in names if not segments.is_segment(name)),
        # A new timeline has its own file for the segment in which it began.
        *sorted(log, key=lambda name: (segments.place(name), name)),
    ]
