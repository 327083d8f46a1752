"""scripts/drill_outages.py: what hangs is asked from outside, and let go whatever happens."""

import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts import drill_outages
from scripts.drill_outages import Asked
from scripts.drill_writers import DrillError

pytestmark = pytest.mark.enable_socket
Sleeper = Callable[..., "subprocess.Popen[bytes]"]


class Health(http.server.BaseHTTPRequestHandler):
    """Alive, and ready only when it is told so."""

    ready = 503

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else self.ready)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def state(process: "subprocess.Popen[bytes]") -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def until_state(process: "subprocess.Popen[bytes]", wanted: Callable[[str], bool]) -> None:
    deadline = time.monotonic() + 10
    while not wanted(state(process)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_stopped(letter: str) -> bool:
    return letter == "T"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_what_was_stopped_goes_on_after_an_error(sleeper: Sleeper) -> None:
    process = sleeper()
    with pytest.raises(ZeroDivisionError), drill_outages.stopped([process.pid]):
        until_state(process, is_stopped)
        raise ZeroDivisionError
    until_state(process, lambda letter: not is_stopped(letter))


def test_nothing_to_stop_is_said() -> None:
    with pytest.raises(DrillError), drill_outages.stopped([]):
        pass


def test_a_hanging_database_is_kept_when_both_answer_as_they_should(
    sleeper: Sleeper, port: int
) -> None:
    findings = drill_outages.database_hangs(
        [sleeper().pid], web=port, livez=port, rest=lambda _seconds: time.sleep(0.01)
    )
    assert [each.kept for each in findings] == [True, True]
    assert "200 after 0." in findings[0].detail
    assert "503 after 0." in findings[1].detail


def test_a_site_that_stays_ready_or_says_nothing_breaks_the_promise(
    sleeper: Sleeper, port: int, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Health, "ready", 200)
    monkeypatch.setattr(drill_outages, "ASK_SECONDS", 0.2)
    pid = sleeper().pid

    def kept(livez: int) -> list[bool]:
        findings = drill_outages.database_hangs(
            [pid], web=port, livez=livez, rest=lambda _seconds: time.sleep(0.01)
        )
        return [each.kept for each in findings]

    assert kept(port) == [True, False]
    assert kept(silent_port) == [False, False]


def test_no_answer_has_no_status(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill_outages, "ASK_SECONDS", 0.2)
    asked = Asked("/livez", silent_port)
    asked.ask()
    assert asked.status == 0
    assert asked.seconds >= 0.2


@pytest.mark.parametrize(("away", "kept"), [(0.5, True), (3.4, True), (3.6, False)])
def test_signing_in_may_wait_for_one_time_out(away: float, kept: bool) -> None:
    assert drill_outages.sign_in_finding("hangs", 0.5, away).kept is kept
