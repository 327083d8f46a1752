"""Waits for the database end on open connections too; everything else goes on as it did."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection, connections, transaction
from psycopg2 import extensions

from core import events
from core.models import Heartbeat
from hms.database import waits
from hms.database.base import DatabaseWrapper
from hms.management.commands import relay
from scripts.clean import remove
from scripts.devservers import Stack
from tests.factories.org import STARTED

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    waits.install()
    yield
    waits.uninstall()


# A real server -------------------------------------------------------------------------------


def test_our_backend_is_in_use() -> None:
    assert isinstance(connections["default"], DatabaseWrapper)
    assert connection.vendor == "postgresql"


@pytest.mark.usefixtures("transactional_db")
def test_reading_writing_and_undoing_work_as_before() -> None:
    connection.close()
    with transaction.atomic():
        Heartbeat.objects.create(name="a", beat_at=STARTED)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Heartbeat.objects.create(name="b", beat_at=STARTED)
            raise ZeroDivisionError
    names = Heartbeat.objects.values_list("name", flat=True).iterator(chunk_size=1)
    assert list(names) == ["a"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT repeat('x', 5000000)")
        assert len(cursor.fetchone()[0]) == 5_000_000


@pytest.mark.usefixtures("transactional_db")
def test_a_statement_that_is_slower_than_our_patience_ends_the_connection() -> None:
    connection.close()
    with connection.cursor() as cursor, waits.at_most(0.3):
        began = time.monotonic()
        with pytest.raises(OperationalError, match=r"no answer in 0\.3 s"):
            cursor.execute("SELECT pg_sleep(20)")
        assert time.monotonic() - began < 3
    assert connection.connection.closed
    connection.close()


def test_patience_is_longer_than_the_servers_own_limit(settings: Any) -> None:
    options = settings.DATABASES["default"]["OPTIONS"]["options"]
    [limit] = [part for part in options.split() if part.startswith("statement_timeout=")]
    assert int(limit.partition("=")[2]) / 1000 < waits.SILENCE


@pytest.mark.usefixtures("transactional_db")
def test_the_relay_still_hears_the_nudge(monkeypatch: pytest.MonkeyPatch) -> None:
    command = relay.Command()
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {events.CHANNEL}")
    monkeypatch.setattr(relay, "POLL_SECONDS", 30.0)

    def nudge() -> None:
        time.sleep(0.2)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [events.CHANNEL])
        connection.close()

    thread = threading.Thread(target=nudge)
    thread.start()
    began = time.monotonic()
    command._wait()
    thread.join()
    assert time.monotonic() - began < 10
    Heartbeat.objects.create(name="after", beat_at=STARTED)


# A server that hangs --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if "HMS_PG_BIN" in os.environ:
        pytest.skip("the embedded server is asked")
    var = tmp_path_factory.mktemp("hangs") / "var"
    # Valkey is not needed: it is "given".
    stack = Stack(var, unsafe=True, environ={"REDIS_URL": "redis://127.0.0.1:1/0"})
    started = stack.start()
    yield stack
    stack.stop(started)
    remove(var)


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # a backend ends when its client has gone
            os.kill(pid, number)


@pytest.fixture
def hanging(cluster: Stack) -> Iterator[tuple[Any, str, list[int]]]:
    """An open connection, its address, and the processes of a server that has just stopped."""
    assert cluster.postgres is not None
    url = cluster.addresses().database_url
    opened = psycopg2.connect(url)
    opened.autocommit = True
    with opened.cursor() as cursor:
        cursor.execute("SELECT 1")
    pids = cluster.postgres.running()
    send(pids, signal.SIGSTOP)
    yield opened, url, pids
    send(pids, signal.SIGCONT)
    opened.close()


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the server's processes in /proc")
def test_a_stopped_server_holds_nobody(
    hanging: tuple[Any, str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, url, pids = hanging
    monkeypatch.setattr(waits, "SILENCE", 0.5)
    monkeypatch.setattr(waits, "GREETING", 0.5)
    began = time.monotonic()
    with pytest.raises(psycopg2.OperationalError, match="no answer"):
        opened.cursor().execute("SELECT 1")
    assert opened.closed
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)
    assert time.monotonic() - began < 5
    send(pids, signal.SIGCONT)
    monkeypatch.setattr(waits, "GREETING", 15.0)
    with psycopg2.connect(url) as again, again.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    again.close()


def test_a_connection_that_asks_for_the_impossible_is_refused() -> None:
    class Odd:
        status = extensions.STATUS_READY

        def poll(self) -> int:
            return 99

        def fileno(self) -> int:
            return 0

    with pytest.raises(psycopg2.OperationalError, match="unexpected state 99"):
        waits.wait(Odd())  # type: ignore[arg-type]
