"""One full backup: streamed out of the server, checked, sealed, and listed when it is whole.

It brings the log written meanwhile with it, so it can be restored by itself; the archived log is
what carries it further.
"""

import secrets
import shutil
import subprocess
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from core import clock
from hms.backup import programs, sealing, segments, wal
from hms.backup.config import BackupError, Config
from hms.backup.contents import CheckedTar
from hms.backup.store import BASE, FILES, Full, Store, facts_of


def take(config: Config, store: Store, *, at: datetime) -> Full:
    """A full backup is in the store. Raises BackupError."""
    found = wal.server(config)
    directory = programs.find(found.major, chosen=config.programs)
    label = f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    part = store.part(label)
    try:
        files, manifest, plain = _stream(config, directory, part)
        extra = _files(config, part)
        ranges = manifest["WAL-Ranges"][-1]
        where = {"timeline": ranges["Timeline"], "size": found.segment_bytes}
        full = Full(
            label=label,
            started_at=at,
            finished_at=clock.now(),
            major=found.major,
            timeline=ranges["Timeline"],
            start_wal=segments.holding(segments.lsn_number(ranges["Start-LSN"]) + 1, **where),
            end_wal=segments.holding(segments.lsn_number(ranges["End-LSN"]), **where),
            segment_bytes=found.segment_bytes,
            plain_bytes=plain,
            files={BASE: files, FILES: extra},
        )
        store.publish(part, full)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return full


def _stream(config: Config, directory: Path, part: Path) -> tuple[dict[str, Any], Any, int]:
    argv = [
        str(directory / "pg_basebackup"),
        *("-D", "-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast", "--no-password"),
        *("--manifest-checksums=SHA256", "--label=hms"),
    ]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603
            argv,
            env=programs.clean(config.login()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as process,
    ):
        try:
            checked = CheckedTar(_output(process))
            sealed = sealing.seal(checked, part / BASE, config.keys())
        except BaseException:
            process.kill()
            raise
        if process.wait():
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-400:]
            raise BackupError(f"pg_basebackup failed: {words}")
    return facts_of(sealed), checked.manifest(), sealed.plain_size


def _output(process: "subprocess.Popen[bytes]") -> Any:
    if process.stdout is None:
        raise BackupError("pg_basebackup has no output.")
    return process.stdout


def _files(config: Config, part: Path) -> dict[str, Any]:
    """Uploaded files, the trail's anchors and the configuration, without any secret."""

    def fill(file: BinaryIO) -> None:
        with tarfile.open(fileobj=file, mode="w|") as tar:
            for name, path in config.files:
                if path.is_dir():
                    tar.add(path, arcname=name)

    with sealing.piped(fill) as source:
        return facts_of(sealing.seal(source, part / FILES, config.keys()))
