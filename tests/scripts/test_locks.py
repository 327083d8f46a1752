"""scripts/locks.py: one holder at a time, and no lock outlives its holder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.locks import Lock, LockTaken

HOLDER = """
import sys, time
from pathlib import Path
from scripts.locks import Lock
lock = Lock(Path(sys.argv[1]))
lock.take()
lock.note(url="http://127.0.0.1:8000/")
print("held", flush=True)
time.sleep(60)
"""


def hold_elsewhere(path: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_the_second_learns_what_the_first_noted(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path / "lock") as holder:
        with pytest.raises(LockTaken) as refused:
            Lock(tmp_path / "lock").take()
        holder.kill()

    assert refused.value.note == {"pid": str(holder.pid), "url": "http://127.0.0.1:8000/"}


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path / "lock") as holder:
        os.kill(holder.pid, signal.SIGKILL)

    with Lock(tmp_path / "lock").held() as lock:
        assert lock.read() == {"pid": str(os.getpid())}


def test_a_damaged_note_is_no_note(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text('{"pid": "12')

    assert Lock(tmp_path / "lock").read() == {}


def test_waiting_ends_when_the_holder_does(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path / "lock") as holder:
        holder.kill()
        with Lock(tmp_path / "lock").wait(10, "Waiting") as lock:
            assert lock.read()["pid"] == str(os.getpid())


def test_waiting_gives_up(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path / "lock") as holder:
        with (
            pytest.raises(LockTaken),
            Lock(tmp_path / "lock").wait(0, "Waiting"),
        ):
            pass
        holder.kill()
