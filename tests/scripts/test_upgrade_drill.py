"""What the upgrade drill counts: requests that failed, and how long somebody waited for a lock."""

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest

from scripts.drill_writers import CREATED, Client
from scripts.upgrade_drill import Hammer, LockWatch, UpgradeDrill

pytestmark = pytest.mark.enable_socket


class Moody(BaseHTTPRequestHandler):
    """Makes, refuses, or hangs up, in turn."""

    count = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        Moody.count += 1
        status = (CREATED, 500, 0)[(Moody.count - 1) % 3]
        if status:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


class Kept:
    """A database in which one of the acknowledged units is missing."""

    def rows(self, _statement: str) -> list[list[str]]:
        return [["U-1"], ["U-2"], ["U-3"]]


def test_every_request_that_was_not_answered_well_counts(port: int) -> None:
    hammer = Hammer(SimpleNamespace(port=port), "U")  # type: ignore[arg-type]
    hammer.parent = "somewhere"
    client = Client(port)
    for number in range(1, 7):
        hammer._write(client, f"U-{number}")
    assert [each.status for each in hammer.asked] == [201, 500, 0, 201, 500, 0]
    assert hammer.acknowledged == ["U-1", "U-4"]
    drill: Any = SimpleNamespace(hammer=hammer, mark="U")
    failed, lost, lock = UpgradeDrill._findings(drill, Kept(), 2.5)  # type: ignore[arg-type]
    assert (failed.kept, failed.detail) == (False, "4 of 6: write: 0, write: 0, write: 500")
    assert (lost.kept, lost.detail) == (False, "1 of 2: U-4")
    assert not lock.kept


def test_the_longest_wait_for_a_lock_is_seen() -> None:
    url = os.environ["DATABASE_OWNER_URL"]
    lines = [psycopg2.connect(url) for _number in range(2)]
    holder, waiter = (line.cursor() for line in lines)
    watch = LockWatch(url)
    holder.execute("SELECT pg_advisory_lock(4242)")
    waiting = threading.Thread(target=waiter.execute, args=("SELECT pg_advisory_lock(4242)",))
    waiting.start()
    time.sleep(0.6)
    holder.execute("SELECT pg_advisory_unlock(4242)")
    waiting.join()
    assert 0.4 <= watch.end() < 5
    for line in lines:
        line.close()
