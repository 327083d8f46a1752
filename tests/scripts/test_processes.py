"""scripts/devservers/processes.py: a number in a file proves nothing."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.devservers import processes
from scripts.devservers.processes import Identity

Sleeper = Callable[..., "subprocess.Popen[bytes]"]


def test_an_identity_survives_its_file(sleeper: Sleeper) -> None:
    identity = processes.identify(sleeper().pid)

    assert identity is not None
    assert identity.is_alive()
    assert processes.parse_identity(identity.text()) == identity


@pytest.mark.parametrize(
    "content", ["", "12", "12\n", "123 boot:4567", "x 1\n", "-1 boot:1\n", "\0\0", "１２ boot:1\n"]
)
def test_a_half_written_record_is_no_record(content: str) -> None:
    assert processes.parse_identity(content) is None


def test_another_process_with_the_number_is_not_it(sleeper: Sleeper) -> None:
    process = sleeper()

    assert not Identity(process.pid, "another-boot:1").is_alive()


def test_an_ended_process_is_not_alive_before_it_is_waited_for(sleeper: Sleeper) -> None:
    process = sleeper()
    identity = processes.identify(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert identity is not None
    assert not identity.is_alive()


def test_a_server_is_known_by_its_program_and_directory(tmp_path: Path, sleeper: Sleeper) -> None:
    process = sleeper(cwd=tmp_path)
    program = os.path.basename(os.readlink(f"/proc/{process.pid}/exe"))

    assert processes.servers_in(tmp_path, program) == [process.pid]
    assert processes.servers_in(tmp_path, "postgres") == []
    assert processes.servers_in(tmp_path / "other", program) == []


def test_processes_are_found_by_their_mark(sleeper: Sleeper) -> None:
    process = sleeper(HMS_SUPERVISED_BY="/some/var")

    assert processes.marked("HMS_SUPERVISED_BY=/some/var") == [process.pid]
    assert processes.marked("HMS_SUPERVISED_BY=/some/va") == []


def test_no_signal_reaches_a_process_that_fails_the_check(sleeper: Sleeper) -> None:
    process = sleeper()

    assert not processes.send(process.pid, signal.SIGKILL, lambda _pid: False)
    assert process.poll() is None


def test_a_signal_reaches_a_process_that_passes_the_check(sleeper: Sleeper) -> None:
    process = sleeper()

    assert processes.send(process.pid, signal.SIGKILL, lambda pid: pid == process.pid)
    assert process.wait(10) == -signal.SIGKILL


def test_no_signal_is_sent_to_nobody() -> None:
    assert not processes.send(2**22 + 1, signal.SIGKILL, lambda _pid: True)
