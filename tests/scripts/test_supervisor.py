"""scripts/supervisor.py: programs are restarted when they die and leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.devservers import ServerError, processes
from scripts.devservers.launch import Launch, spawn
from scripts.supervisor import MARK, Program, Supervisor, how_it_ended, pause_after, sweep

SLEEP = "import time; time.sleep(120)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(120)"
WITH_CHILD = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "{SLEEP}"])
print(child.pid, flush=True)
time.sleep(120)
"""
SUPERVISE = """
import signal, sys, time
from pathlib import Path
from scripts.devservers.launch import Launch, spawn
here = Path(sys.argv[1])
sleep = [sys.executable, "-c", "import time; time.sleep(120)"]
launch = Launch(sleep, here, {}, here / "log", signal_at_parent_death=signal.SIGTERM)
print(spawn(launch).pid, flush=True)
time.sleep(120)
"""


def program(folder: Path, name: str = "web", code: str = SLEEP, **more: object) -> Program:
    launch = Launch(
        [sys.executable, "-c", code], folder, {MARK: str(folder)}, folder / f"{name}.log"
    )
    return Program(name=name, launch=lambda: launch, **more)  # type: ignore[arg-type]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor with its records in tmp_path/run; nothing of it runs after the test."""
    (tmp_path / "run").mkdir()
    made = Supervisor(tmp_path / "run")
    yield made
    made.in_a_hurry = True
    made.stop()


def until(condition: Callable[[], bool], each: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        each()
        time.sleep(0.02)


def pid(watched: Program) -> int:
    assert watched.process is not None
    return watched.process.pid


def test_a_killed_program_is_started_again(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web = program(tmp_path)
    supervisor.start(web)
    first = pid(web)
    os.kill(first, signal.SIGKILL)

    until(lambda: web.process is not None and pid(web) != first, supervisor.look_after)

    assert "web was ended by SIGKILL; starting it again in 0.5 s" in capsys.readouterr().out


def test_what_the_killed_one_left_is_cleared_before_the_restart(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    cleared: list[str] = []
    web = program(tmp_path, recover=lambda: cleared.append("yes"))
    supervisor.start(web)
    os.kill(pid(web), signal.SIGKILL)

    until(lambda: web.failures == 1 and web.process is not None, supervisor.look_after)

    assert cleared == ["yes"]


def test_a_recovery_that_fails_is_tried_again(supervisor: Supervisor, tmp_path: Path) -> None:
    def refuse_once() -> None:
        attempts.append("try")
        if len(attempts) == 1:
            raise ServerError("not yet")

    attempts: list[str] = []
    web = program(tmp_path, recover=refuse_once)
    supervisor.start(web)
    os.kill(pid(web), signal.SIGKILL)

    until(lambda: len(attempts) == 2 and web.process is not None, supervisor.look_after)


def test_the_children_of_a_killed_program_go_with_it(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    web = program(tmp_path, code=WITH_CHILD)
    supervisor.start(web)
    log = tmp_path / "web.log"
    until(lambda: log.exists() and log.read_text().endswith("\n"))
    child = processes.identify(int(log.read_text()))
    os.kill(pid(web), signal.SIGKILL)

    assert child is not None
    until(lambda: not child.is_alive(), supervisor.look_after)


def test_pauses_double_up_to_a_limit_and_vanish_after_a_steady_life() -> None:
    assert [pause_after(failures) for failures in range(7)] == [0, 0.5, 1, 2, 4, 8, 10]


def test_the_end_of_a_program_is_told_in_words() -> None:
    assert how_it_ended(3) == "ended with exit code 3"
    assert how_it_ended(-9) == "was ended by SIGKILL"


def test_lower_ranks_stop_first(supervisor: Supervisor, tmp_path: Path) -> None:
    database = program(tmp_path, "database", rank=3)
    web = program(tmp_path, "web", STUBBORN, stops=((signal.SIGKILL, 5.0),))
    supervisor.start(database)
    supervisor.start(web)
    alive_when_database_stopped: list[bool] = []
    identity = processes.identify(pid(web))
    assert identity is not None
    stop_together = supervisor._stop_together

    def spy(programs: list[Program]) -> None:
        if database in programs:
            alive_when_database_stopped.append(identity.is_alive())
        stop_together(programs)

    supervisor._stop_together = spy  # type: ignore[method-assign]
    supervisor.stop()

    assert alive_when_database_stopped == [False]
    assert database.process is None


def test_a_program_that_ignores_the_request_is_killed(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    web = program(tmp_path, code=STUBBORN, stops=((signal.SIGTERM, 0.3), (signal.SIGKILL, 5.0)))
    supervisor.start(web)
    identity = processes.identify(pid(web))
    time.sleep(0.2)

    supervisor.stop()

    assert identity is not None
    assert not identity.is_alive()
    assert list((tmp_path / "run").iterdir()) == []


def test_the_next_start_ends_what_a_killed_supervisor_left(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    web = program(tmp_path)
    supervisor.start(web)
    process = web.process
    assert process is not None
    supervisor.programs.clear()

    assert sweep(tmp_path / "run", str(tmp_path)) == 1

    assert process.wait(10) == -signal.SIGTERM
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.parametrize("record", ["{pid} another-boot:1\n", "{pid}", "{pid} ", ""])
def test_a_stale_record_never_touches_an_unrelated_process(
    tmp_path: Path, sleeper: Callable[..., "subprocess.Popen[bytes]"], record: str
) -> None:
    other = sleeper()
    (tmp_path / "web.pid").write_text(record.format(pid=other.pid))

    assert sweep(tmp_path, str(tmp_path), seconds=0.2) == 0

    assert other.poll() is None
    assert not (tmp_path / "web.pid").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals at the parent's death")
def test_programs_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = processes.identify(int(parent.stdout.readline()))
        parent.kill()

    assert child is not None
    until(lambda: not child.is_alive())


def test_a_log_past_its_limit_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.devservers.launch.LOG_LIMIT", 100)
    (tmp_path / "log").write_text("x" * 500 + "the end")

    process = spawn(Launch([sys.executable, "-c", "print('new')"], tmp_path, {}, tmp_path / "log"))
    process.wait()

    assert (tmp_path / "log").read_text() == "new\n"
    assert (tmp_path / "log.1").read_text().endswith("the end")
