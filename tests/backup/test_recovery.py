"""What stands in the way of a copy on this machine is said, and the umask is none of it."""

import os
import stat
import subprocess
from pathlib import Path

import psycopg2
import pytest

from hms.backup.config import BackupError
from hms.backup.programs import make_passable
from hms.backup.recovery import Recovery

REFUSAL = "FATAL:  database locale is incompatible with operating system"


def test_a_machine_without_the_clusters_locale_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server is up and refuses everybody, which looks like one that is still starting."""

    def refuse(_self: Recovery, _database: str = "") -> None:
        raise psycopg2.OperationalError(REFUSAL)

    monkeypatch.setattr(Recovery, "connect", refuse)
    copy = Recovery.__new__(Recovery)
    with subprocess.Popen(["/bin/sleep", "60"]) as server:
        copy._process = server
        try:
            with pytest.raises(BackupError, match="lacks the cluster's locale"):
                copy._wait()
        finally:
            server.kill()


def test_the_umask_that_hides_the_key_hides_no_directory_from_the_server(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        make_passable(there / "new" / "deep")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (there / "new", there / "new" / "deep")]
    assert modes == [0o711, 0o711]
    assert stat.S_IMODE(there.stat().st_mode) == 0o700
