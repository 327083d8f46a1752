"""kill -9 in the middle, a gap, a wrong key, a damaged file: the rows and the page tell the truth.

Several minutes of real servers: only with HMS_WHOLE=1, which `make test-all` sets.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from core import backups
from hms.backup import segments
from hms.backup.programs import unprivileged, workplace
from hms.backup.store import BASE
from tests.backup.site import Site, made, reachable

pytestmark = pytest.mark.skipif(
    not os.environ.get("HMS_WHOLE"), reason="whole installations: make test-all"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with made(tmp_path_factory.mktemp("killed")) as found, reachable() as place:
        found.new = place
        yield found


def ended(site: Site, kind: str, count: int = 1) -> bool:
    return len([job for job in site.jobs(kind) if job[1]]) >= count


def ready(site: Site) -> None:
    """There is a backup whose log is archived, and no keeper."""
    if not site.store.whole():
        with site.keeper():
            site.until(lambda: ended(site, "full"))
            site.until(lambda: site.store.wal())


def servers_of_copies(site: Site) -> list[str]:
    place = str(workplace(site.config.work, unprivileged()))
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().decode(errors="replace")
            if f"config_file={place}/drill-" in words:
                found.append(words)
    return found


def kill(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_killed_in_the_middle_of_a_backup(site: Site) -> None:
    ready(site)
    listed = site.store.fulls()
    process = site.start("backup")
    site.until(lambda: list(site.store.full_dir.glob(".part-*")))
    kill(process)
    assert site.store.fulls() == listed
    started, finished, _error, _report = site.jobs("full")[0]
    assert started is not None
    assert finished is None
    with site.keeper():
        site.until(lambda: site.jobs("full")[0][1])
    assert site.jobs("full")[0][2] == backups.ENDED_IN_THE_MIDDLE
    assert list(site.store.full_dir.glob(".part-*")) == []
    assert site.store.fulls() == listed


def test_killed_in_the_middle_of_a_drill(site: Site) -> None:
    ready(site)
    with site.keeper():
        process = site.start("restore_drill")
        site.until(lambda: servers_of_copies(site))
        kill(process)
        assert site.jobs("drill")[0][1] is None
        site.until(lambda: site.jobs("drill")[0][1])
        assert site.jobs("drill")[0][2] == backups.ENDED_IN_THE_MIDDLE
        site.until(lambda: not servers_of_copies(site))
        code, said = site.manage("restore_drill")
    assert code == 0, said


def test_a_killed_keeper_loses_nothing_of_the_log(site: Site) -> None:
    ready(site)
    process = site.start("backup_keeper")
    site.until(lambda: site.store.wal())
    time.sleep(3)
    kill(process)
    site.sql("INSERT INTO core_heartbeat (name, beat_at) VALUES ('while it was away', now())")
    with site.keeper():
        code, said = site.manage("restore_drill")
    assert code == 0, said
    assert site.store.gap(site.store.fulls()[-1]) == ""


def test_of_two_keepers_and_of_two_drills_one_wins_and_no_backup_runs_beside(site: Site) -> None:
    ready(site)
    with site.keeper():
        site.until(lambda: (site.var / "work" / "keeper.lock").exists())
        time.sleep(2)
        code, said = site.manage("backup_keeper")
        assert (code, "Another keeper is under way" in said) == (1, True), said
        drills = [site.start("restore_drill") for _ in range(2)]
        site.until(lambda: site.jobs("drill") and not site.jobs("drill")[0][1])
        code, said = site.manage("backup")
        assert (code, "is under way" in said) == (1, True), said
        said = "".join(each.communicate()[0] for each in drills)
        assert sorted(each.returncode for each in drills) == [0, 1], said
        assert "is under way" in said
    assert len(site.sql("SELECT 1 FROM core_backupjob WHERE finished_at IS NULL")) == 0


def test_a_drill_waits_for_its_log_and_says_when_nobody_brings_it(site: Site) -> None:
    ready(site)
    process = site.start("restore_drill")
    site.until(lambda: site.sql("SELECT 1 FROM core_backupjob WHERE step = 'log'"))
    time.sleep(2)
    assert process.poll() is None
    assert servers_of_copies(site) == []
    with site.keeper():
        said, _nothing = process.communicate(timeout=120)
    assert process.returncode == 0, said


def test_a_gap_is_named_and_a_new_backup_closes_it(site: Site) -> None:
    ready(site)
    full = site.store.fulls()[-1]
    number = segments.number(full.end_wal, size=full.segment_bytes) + 1
    gone = segments.named(full.timeline, number, size=full.segment_bytes)
    with site.keeper():
        later = segments.named(full.timeline, number + 1, size=full.segment_bytes)
        site.until(lambda: site.store.wal_path(later).exists())
        site.store.wal_path(gone).unlink()
        site.until(lambda: site.store.fulls()[-1].label != full.label)
        code, said = site.manage("restore_drill")
        assert code == 0, said
    code, said = site.manage("restore", "--list")
    assert f"GAP in the log: {gone} is missing" in said


def test_a_wrong_key_and_a_damaged_file_are_named(site: Site) -> None:
    ready(site)
    other = site.var / "other.key"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n", encoding="ascii")
    new = str(site.new)
    code, said = site.manage("restore", "--into", new, HMS_BACKUP_IDENTITY_FILE=str(other))
    assert (code, "does not open with this private key" in said) == (1, True), said
    path = site.store.path(site.store.fulls()[-1], BASE)
    whole = path.read_bytes()
    half = len(whole) // 2
    spoilt = {
        "is damaged: its contents": whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :],
        f"bytes instead of {len(whole)}": whole[:half],
    }
    try:
        for number, (words, data) in enumerate(spoilt.items()):
            path.write_bytes(data)
            code, said = site.manage("restore", "--into", f"{new}{number}")
            assert (code, words in said) == (1, True), said
    finally:
        path.write_bytes(whole)


def test_a_damaged_piece_of_the_log_ends_the_restore_and_is_named(site: Site) -> None:
    ready(site)
    full = site.store.fulls()[-1]
    names = [n for n in site.store.wal() if segments.is_segment(n) and n > full.end_wal]
    path = site.store.wal_path(sorted(names)[0])
    whole = path.read_bytes()
    path.write_bytes(whole[:-200])
    try:
        code, said = site.manage("restore", "--into", f"{site.new}-damaged")
        assert (code, f"{path.name} is cut off or damaged" in said) == (1, True), said
    finally:
        path.write_bytes(whole)


def test_a_time_after_the_archive_is_refused_with_the_last_moment(site: Site) -> None:
    ready(site)
    late = "2099-01-01T00:00:00+00:00"
    code, said = site.manage("restore", "--into", f"{site.new}-late", "--at", late)
    assert (code, "The archive ends before that time" in said) == (1, True), said
