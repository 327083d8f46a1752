"""A whole installation of its own: cluster, tables, keys, directories, and the commands."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pyrage

from hms.backup.config import Config
from hms.backup.store import Store
from scripts.devservers import Servers, running

ROOT = Path(__file__).resolve().parent.parent.parent


class Site:
    """One installation; `manage` runs a command of it in a process of its own."""

    def __init__(
        self, var: Path, servers: Servers, *, key: pyrage.x25519.Identity | None = None
    ) -> None:
        self.var, self.servers = var, servers
        self.store_dir, self.copy_dir = var / "backups", var / "second"
        self.key = key or pyrage.x25519.Identity.generate()
        self.key_file = var / "backup.key"
        self.key_file.write_text(f"# made for a test\n{self.key}\n", encoding="ascii")
        self.config = Config(
            store=self.store_dir,
            work=var / "work",
            url=servers.backup_url,
            recipients=(str(self.key.to_public()),),
            copy=self.copy_dir,
            identity_file=self.key_file,
        )
        self.store = Store(self.config)
        self.new = var / "new"

    def environment(self) -> dict[str, str]:
        return (
            {k: v for k, v in os.environ.items() if not k.startswith("DATABASE_")}
            | self.servers.environment()
            | {
                "HMS_ENV": "test",
                "HMS_VAR": str(self.var),
                "HMS_BACKUP_DIR": str(self.store_dir),
                "HMS_BACKUP_COPY_DIR": str(self.copy_dir),
                "HMS_BACKUP_RECIPIENTS": str(self.key.to_public()),
                "HMS_BACKUP_IDENTITY_FILE": str(self.key_file),
                "HMS_BACKUP_WORK_DIR": str(self.var / "work"),
                "HMS_BACKUP_WAL_SECONDS": "2",
            }
        )

    def start(self, *arguments: str, umask: int = -1, **changed: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment() | changed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            umask=umask,
        )

    def manage(self, *arguments: str, umask: int = -1, **changed: str) -> tuple[int, str]:
        """Run a command to its end; returns its code and all it said."""
        process = self.start(*arguments, umask=umask, **changed)
        said, _nothing = process.communicate(timeout=120)
        return process.returncode, said

    @contextmanager
    def keeper(self) -> Iterator["subprocess.Popen[str]"]:
        process = self.start("backup_keeper")
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def sql(self, text: str, values: tuple[Any, ...] = (), *, owner: bool = False) -> list[Any]:
        url = self.servers.owner_url if owner else self.servers.database_url
        connection = psycopg2.connect(url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(text, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def until(self, what: Callable[[], Any], *, seconds: float = 60) -> Any:
        """Return the first true answer. Raises AssertionError when there is none in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = what()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"Not in {seconds} s: {what}")

    def jobs(self, kind: str) -> list[Any]:
        """(started, finished, error, report) of the jobs of a kind, the newest first."""
        return self.sql(
            "SELECT started_at, finished_at, error, report FROM core_backupjob "
            "WHERE kind = %s ORDER BY asked_at DESC",
            (kind,),
        )


@contextmanager
def reachable() -> Iterator[Path]:
    """A place that the account which runs servers can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="hms-test-") as place:
        Path(place).chmod(0o755)
        yield Path(place) / "new"


@contextmanager
def made(var: Path, *, key: pyrage.x25519.Identity | None = None) -> Iterator[Site]:
    """A migrated installation; its servers end with the block."""
    hidden = ("DATABASE_", "REDIS_URL")
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(hidden)}
    try:
        with running(var, unsafe=True) as servers:
            site = Site(var, servers, key=key)
            code, said = site.manage("migrate", "--no-input")
            assert code == 0, said
            yield site
    finally:
        os.environ.update(kept)
