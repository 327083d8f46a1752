"""The product's own commands: what is prepared once and what is kept running."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyrage

from scripts import messages
from scripts.console import paint, say
from scripts.devservers import ServerError, Servers
from scripts.devservers.launch import Launch, last_lines
from scripts.devservers.place import with_bytecode, write_private
from scripts.devservers.ports import any_free
from scripts.supervisor import MARK, Program

WEB_RANK, BACKGROUND_RANK = 0, 1
# The web server gets its requests to an end; a worker gets its tasks to an end.
STOPS = ((signal.SIGTERM, 12.0), (signal.SIGKILL, 5.0))
ENDING_SECONDS = 5.0


@dataclass(frozen=True)
class Preparation:
    """One thing to do before the product can run, and what makes it stale."""

    name: str
    title: str
    depends_on: tuple[str, ...]
    run: Callable[[], object]
    is_still_there: Callable[[], bool] = lambda: True
    # Needs nothing of the others: done beside them, on another core.
    is_apart: bool = False


class Product:
    """The product in one checkout with one state directory."""

    def __init__(
        self, root: Path, var: Path, servers: Servers, port: int, *, history: int | None = None
    ) -> None:
        self.root = root
        self.history = history
        self.var = var
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self.logins_file = var / "demo-logins.txt"
        self._servers = servers
        self._commands: set[subprocess.Popen[str]] = set()
        self._livez_port = int(os.environ.get("LIVEZ_PORT") or any_free())
        _ensure_secret_key(self.secret_key)

    @property
    def secret_key(self) -> Path:
        return self.var / "secret_key"

    @property
    def _static_root(self) -> Path:
        return Path(os.environ.get("HMS_STATIC_ROOT") or self.var / "static")

    def environment(self) -> dict[str, str]:
        """Return the environment of every process of the product."""
        local = {
            "HMS_ENV": "demo",
            "HMS_VAR": str(self.var),
            "SECRET_KEY_FILE": str(self.secret_key),
            "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost"),
            "PORT": str(self.port),
            "LIVEZ_PORT": str(self._livez_port),
            "PYTHONUNBUFFERED": "1",
            MARK: str(self.var),
        }
        inherited = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
        everything = inherited | self._servers.environment() | self._backups() | local
        return with_bytecode(everything, self.var)

    # Preparing ----------------------------------------------------------------------------

    def preparations(self) -> list[Preparation]:
        """Return what has to be done once, in order."""
        return [
            Preparation(
                "static",
                "Collecting and compressing static files",
                ("static",),
                lambda: self._manage("collectstatic", "--no-input"),
                self._static_root.is_dir,
                is_apart=True,
            ),
            Preparation("messages", "Compiling translations", ("code",), messages.compile_all),
            Preparation(
                "migrated",
                "Bringing the database up to date",
                ("code", "database"),
                lambda: self._manage("migrate", "--no-input"),
            ),
            Preparation(
                "loaded",
                "Loading the demo hospital",
                ("code", "database"),
                self._load_demo,
                self.logins_file.exists,
            ),
        ]

    def _load_demo(self) -> None:
        history = [] if self.history is None else ["--history", str(self.history)]
        self._manage("demo_load", *history, shows=True)
        logins = self._manage("demo_load", "--logins")
        write_private(self.logins_file, logins)

    def logins(self) -> str:
        """Return one login per role, as the product prints them."""
        return self.logins_file.read_text(encoding="utf-8").strip()

    def _manage(self, *arguments: str, shows: bool = False) -> str:
        """Run one management command; return what it printed. Raises ServerError."""
        log = self.var / "log" / "setup.log"
        lines: list[str] = []
        with (
            open(log, "a", encoding="utf-8") as file,
            subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                # Ctrl-C reaches us alone; we end the command in our own words.
                start_new_session=True,
            ) as process,
        ):
            self._commands.add(process)
            try:
                for line in process.stdout or ():
                    lines.append(line)
                    file.write(line)
                    if shows:
                        say(paint(f"  {line.rstrip()}", "dim"))
                code = process.wait()
            except BaseException:
                _end(process)
                raise
            finally:
                self._commands.discard(process)
        if code:
            why = "\n".join(f"    {line}" for line in last_lines(log))
            raise ServerError(f"`manage.py {' '.join(arguments)}` failed; from {log}:\n{why}")
        return "".join(lines)

    def interrupt(self) -> None:
        """No management command runs any more."""
        for process in list(self._commands):
            _end(process)

    # Running ------------------------------------------------------------------------------

    def programs(self) -> list[Program]:
        """Return what is kept running, in the order of starting."""
        celery = ["-m", "celery", "-A", "hms.celery:app"]
        schedule = str(self.var / "run" / "beat-schedule")
        web = ["-m", "gunicorn", "-c", "hms/gunicorn.py", "hms.wsgi:application"]
        worker = [*celery, "worker", "--loglevel=INFO", "--concurrency=2", "--without-gossip"]
        return [
            self._program("web", WEB_RANK, web),
            self._program("simulate", WEB_RANK, ["manage.py", "simulate", "--follow"]),
            self._program("worker", BACKGROUND_RANK, [*worker, "--without-mingle"]),
            self._program(
                "beat",
                BACKGROUND_RANK,
                [*celery, "beat", "--loglevel=INFO", "--pidfile=", "-s", schedule],
            ),
            self._program("relay", BACKGROUND_RANK, ["manage.py", "relay"]),
            *self._keeper(),
        ]

    def _keeper(self) -> list[Program]:
        if not self._servers.backup_url:
            return []
        return [self._program("keeper", BACKGROUND_RANK, ["manage.py", "backup_keeper"])]

    def _backups(self) -> dict[str, str]:
        """Return where the demo keeps its backups, and for whom they are sealed."""
        if not self._servers.backup_url:
            return {}
        path = self.var / "backup.key"
        if not path.exists():
            write_private(path, f"{pyrage.x25519.Identity.generate()}\n")
        key = pyrage.x25519.Identity.from_str(path.read_text(encoding="ascii").strip())
        return {
            "HMS_BACKUP_DIR": str(self.var / "backups"),
            "HMS_BACKUP_WORK_DIR": str(self.var / "backup-work"),
            "HMS_BACKUP_RECIPIENTS": str(key.to_public()),
            "HMS_BACKUP_IDENTITY_FILE": str(path),
        }

    def _program(self, name: str, rank: int, arguments: list[str]) -> Program:
        launch = Launch(
            argv=[sys.executable, *arguments],
            cwd=self.root,
            env=self.environment(),
            log=self.var / "log" / f"{name}.log",
            signal_at_parent_death=signal.SIGTERM,
        )
        return Program(name=name, launch=lambda: launch, rank=rank, stops=STOPS)


def _ensure_secret_key(path: Path) -> None:
    if not path.exists() or not path.read_text(encoding="ascii").strip():
        # A production start refuses a key that begins like this.
        write_private(path, f"demo-{secrets.token_urlsafe(64)}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
