"""scripts/demo.py: one demo at a time, stopped whole, started again after any end.

The servers are real; the product's own programs are stand-ins that do nothing but live.
"""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.clean import remove
from scripts.devservers import Stack, processes
from scripts.readiness import Readiness

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif("HMS_PG_BIN" in os.environ, reason="the embedded servers are under test"),
]
ROOT = Path(__file__).resolve().parents[2]
STAND_INS = """
import sys
from scripts import demo
from scripts.demo_programs import BACKGROUND_RANK, WEB_RANK, Product

class StandIn(Product):
    def preparations(self):
        return []

    def programs(self):
        answer = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=%d)" % self.port
        (self.var / "readyz").touch()
        code = f"import os; os.chdir({str(self.var)!r}); {answer}"
        web = self._program("web", WEB_RANK, ["-c", code])
        sleep = ["-c", "import time; time.sleep(300)"]
        return [web, self._program("worker", BACKGROUND_RANK, sleep)]

    def logins(self):
        return "Nurse  nurse  secret"

demo.Product = StandIn
sys.exit(demo.main())
"""
CLOSING = "Everything is stopped; the data stay for the next `make demo`.\n"


class Terminal:
    """One `make demo` in one state directory."""

    def __init__(self, var: Path, port: int) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        clean.pop("MAKELEVEL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", STAND_INS],
            cwd=ROOT,
            env=clean | {"HMS_VAR": str(var), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []

    def read_until(self, words: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError(f"{words!r} was never said:\n{''.join(self.lines)}")

    def end(self, signum: signal.Signals) -> str:
        self.process.send_signal(signum)
        assert self.process.stdout is not None
        rest = self.process.stdout.read()
        self.process.wait(30)
        return rest


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state directory; nothing of it is left after the module."""
    directory = tmp_path_factory.mktemp("demo") / "var"
    yield directory
    remove(directory)


@pytest.fixture
def port() -> int:
    """A free port for the web server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def running(var: Path) -> list[int]:
    """Return everything that runs from the state directory."""
    servers = [pid for server in Stack(var, environ={}).all for pid in server.running()]
    return servers + processes.marked(f"HMS_SUPERVISED_BY={var}")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_whole_and_without_a_traceback(
    var: Path, port: int, signum: signal.Signals
) -> None:
    demo = Terminal(var, port)
    demo.read_until("Ctrl-C stops everything")
    assert len(running(var)) > 3

    rest = demo.end(signum)

    assert rest == f"\nStopping …\n{CLOSING}"
    assert demo.process.returncode == 0
    assert running(var) == []


def test_the_second_says_that_the_first_is_running(var: Path, port: int) -> None:
    first = Terminal(var, port)
    first.read_until("Ctrl-C stops everything")

    second = Terminal(var, port)
    said = second.read_until("runs already")
    second.process.wait(30)
    first.end(signal.SIGINT)

    assert f"http://127.0.0.1:{port}/ (process {first.process.pid})" in said
    assert second.process.returncode == 0


def test_what_a_killed_demo_left_is_taken_over(var: Path, port: int) -> None:
    first = Terminal(var, port)
    first.read_until("Ctrl-C stops everything")
    first.end(signal.SIGKILL)
    assert running(var) != []

    second = Terminal(var, port)
    second.read_until("Ctrl-C stops everything")
    second.end(signal.SIGINT)

    assert f"http://127.0.0.1:{port}/" in "".join(second.lines)
    assert running(var) == []


def test_a_taken_web_port_is_replaced_and_named(var: Path, port: int) -> None:
    with http.server.HTTPServer(("127.0.0.1", port), http.server.BaseHTTPRequestHandler):
        demo = Terminal(var, port)
        demo.read_until("Ctrl-C stops everything")
        demo.end(signal.SIGINT)

    assert f"Port {port} is taken by another program; the demo uses" in "".join(demo.lines)


def test_a_killed_database_comes_back_on_its_port(var: Path, port: int) -> None:
    demo = Terminal(var, port)
    demo.read_until("Ctrl-C stops everything")
    postgres = Stack(var, environ={}).postgres
    assert postgres is not None
    [head] = [pid for pid in postgres._heads() if postgres._is_postmaster(pid)]

    os.kill(head, signal.SIGKILL)
    demo.read_until("postgres was started again")
    postgres.port = Stack(var, environ={}).ports.read()["postgres"]
    deadline = time.monotonic() + 15
    while not postgres.is_ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    demo.end(signal.SIGINT)

    assert running(var) == []


class _NotReady(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write(b'{"status": "down", "checks": {"database": "down"}}')

    def log_message(self, *_args: object) -> None:
        """Tests are quiet."""


def test_what_is_missing_is_told_while_not_ready() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _NotReady) as server:
        threading.Thread(target=server.handle_request).start()
        readiness = Readiness(f"http://127.0.0.1:{server.server_port}/")

        assert not readiness.is_ready()

    assert '"database": "down"' in readiness.why_not
