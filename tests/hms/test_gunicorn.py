"""gunicorn's settings, and liveness that asks nobody."""

import http.client
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from hms import gunicorn

PATH = str(Path(settings.BASE_DIR) / "hms" / "gunicorn.py")
pytestmark = pytest.mark.enable_socket


@pytest.fixture
def livez() -> Iterator[tuple[str, int]]:
    server = gunicorn.livez_start("127.0.0.1", 0)
    yield server.server_address[:2]
    server.shutdown()
    server.server_close()


def _ask(address: tuple[str, int], method: str, path: str, seconds: float = 3) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=seconds)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/livez", 200), ("HEAD", "/livez", 200), ("POST", "/livez", 405), ("GET", "/", 404)],
)
def test_livez_answers_its_one_question(
    livez: tuple[str, int], method: str, path: str, status: int
) -> None:
    found, body = _ask(livez, method, path)
    assert found == status
    assert (body == b"") is (method == "HEAD")


def test_livez_is_not_stopped_by_clients_that_hang(livez: tuple[str, int]) -> None:
    silent = [socket.create_connection(livez, timeout=3) for _number in range(5)]
    started = time.monotonic()
    assert _ask(livez, "GET", "/livez")[0] == 200
    assert time.monotonic() - started < 1
    for each in silent:
        each.close()


def test_livez_survives_nonsense(livez: tuple[str, int]) -> None:
    with socket.create_connection(livez, timeout=3) as raw:
        raw.sendall(b"\x00\xff\n\n")
        raw.recv(1024)
    assert _ask(livez, "GET", "/livez")[0] == 200


def _config() -> dict[str, Any]:
    return runpy.run_path(PATH)


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("HMS_BIND", "0.0.0.0")
    monkeypatch.setenv("WEB_CONCURRENCY", "5")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.0/8")
    found = _config()
    assert found["bind"] == "0.0.0.0:8123"
    assert found["workers"] == 5
    assert found["forwarded_allow_ips"] == "10.0.0.0/8"


def test_workers_end_cleanly_and_are_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "HMS_BIND", "WEB_CONCURRENCY", "LIVEZ_PORT"):
        monkeypatch.delenv(name, raising=False)
    found = _config()
    assert found["bind"] == "127.0.0.1:8000"
    assert found["worker_class"] == "gthread"
    assert found["timeout"] == 30 > found["graceful_timeout"] > 0
    assert found["max_requests"] > found["max_requests_jitter"] > 0
    assert found["preload_app"] is False
    assert found["accesslog"] is None
    assert found["LIVEZ_PORT"] == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(what: Callable[[], object], seconds: float = 30) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := what():
                return found
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_livez_and_readyz_answer_while_every_worker_is_stuck() -> None:
    web, livez = _free_port(), ("127.0.0.1", _free_port())
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "hms/gunicorn.py", "hms.wsgi:application"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"PORT": str(web), "LIVEZ_PORT": str(livez[1]), "WEB_CONCURRENCY": "2"},
        stderr=subprocess.DEVNULL,
    )
    workers: list[int] = []
    try:
        _until(lambda: _ask(("127.0.0.1", web), "GET", "/livez")[0] == 200)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        workers = [int(pid) for pid in children.read_text().split()]
        assert len(workers) == 2
        # Passed on from a worker, whatever the state of this database.
        assert b'"database"' in _ask(livez, "GET", "/readyz", seconds=15)[1]
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        assert _ask(livez, "GET", "/livez") == (200, b'{"status":"ok"}')
        assert time.monotonic() - started < 1
        status, body = _ask(livez, "GET", "/readyz", seconds=15)
        assert status == 503
        assert json.loads(body)["checks"]["web"]["detail"] == "no answer from a worker"
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        process.terminate()
        assert process.wait(timeout=20) == 0
