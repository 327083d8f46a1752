"""Makes .venv hold exactly the locked packages of one set, and heals a half-made one.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from scripts.console import fail, paint, say, step
from scripts.locks import Lock, LockTaken

ROOT = Path(__file__).resolve().parent.parent
# A wider set first: whoever has the developers' packages has the demo's as well, because
# the narrower locks are compiled under the constraints of the wider one.
WIDER = {"production": ("demo", "dev"), "demo": ("dev",), "dev": ()}
REPORT_SECONDS = 3.0
LOCK_WAIT_SECONDS = 900.0


class BootstrapError(Exception):
    """The environment could not be made; the message says why in plain words."""


class Environment:
    """One virtual environment and what is known of its content."""

    def __init__(self, path: Path, locks: Path) -> None:
        self.path = path
        self.locks = locks
        self.python = path / "bin" / "python"
        self.stamp = path / ".hms-installed"
        self.unfinished = path / ".hms-installing"

    def lock_hash(self, name: str) -> str:
        return hashlib.sha256((self.locks / f"{name}.txt").read_bytes()).hexdigest()

    def installed(self) -> dict[str, str]:
        """Return lock name -> hash of the lock that was installed last."""
        try:
            found = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def is_complete(self, name: str) -> bool:
        """True when the named lock, or a wider one, is installed as it is today."""
        if self.unfinished.exists() or not self.runs():
            return False
        installed = self.installed()
        return any(installed.get(each) == self.lock_hash(each) for each in (name, *WIDER[name]))

    def runs(self) -> bool:
        """True when the interpreter in the environment starts and is new enough."""
        probe = "import sys; sys.exit(sys.version_info < (3, 12))"
        return _succeeds([str(self.python), "-I", "-c", probe])

    def is_usable(self) -> bool:
        """True when packages can be added to it; else it has to be made anew."""
        if self.unfinished.exists():
            # An installer killed half-way may leave a package that looks installed.
            return False
        return self.runs() and _succeeds([str(self.python), "-m", "pip", "--version"])

    def remake(self) -> None:
        """Make an empty environment with the interpreter that runs this script."""
        if self.path.is_symlink() or self.path.is_file():
            self.path.unlink()
        elif self.path.exists():
            shutil.rmtree(self.path)
        done = subprocess.run(
            [sys.executable, "-m", "venv", str(self.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BootstrapError(
                f"Could not make {self.path}:\n{(done.stdout + done.stderr).strip()}"
            )

    def install(self, name: str) -> None:
        """Install the named lock; the stamp is written last, so a kill shows."""
        self.stamp.unlink(missing_ok=True)
        self.unfinished.touch()
        lock = self.locks / f"{name}.txt"
        _pip_install(self.python, lock)
        self.stamp.write_text(json.dumps({name: self.lock_hash(name)}), encoding="utf-8")
        self.unfinished.unlink()


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _pip_install(python: Path, lock: Path) -> None:
    """Install every pinned package of the lock by hash; report how far it is."""
    command = [str(python), "-m", "pip", "install", "--require-hashes", "--no-input"]
    # Modules are compiled when they are first imported: most never are.
    command += ["--no-compile", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["-r", str(lock)]
    environ = os.environ | {"PIP_REQUIRE_VIRTUALENV": "0", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
    ) as running:
        if running.stdout is None:
            raise BootstrapError("The installer gives no output.")
        tail = _report(running.stdout, total=_pins(lock))
    if running.returncode:
        raise BootstrapError(
            "The packages could not be installed. The installer's last words:\n"
            + "\n".join(f"    {line}" for line in tail)
        )


def _pins(lock: Path) -> int:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return sum("==" in line and not line.startswith(("#", " ")) for line in lines)


def _report(output: IO[str], *, total: int) -> list[str]:
    """Turn the installer's chatter into a short progress line; return its last lines."""
    tail: list[str] = []
    seen = 0
    last = time.monotonic()
    for line in output:
        tail = [*tail[-14:], line.rstrip()]
        if line.startswith("Installing collected packages"):
            say(paint("  all packages are here, unpacking them", "dim"))
        if not line.startswith(("Collecting ", "Requirement already satisfied")):
            continue
        seen += 1
        if time.monotonic() - last >= REPORT_SECONDS:
            last = time.monotonic()
            say(paint(f"  {seen} of {total} packages fetched", "dim"))
    return tail


def ensure(environment: Environment, name: str) -> None:
    """The environment holds the named lock afterwards. Raises BootstrapError."""
    if environment.is_complete(name):
        return
    if not environment.is_usable():
        title = "Making .venv anew" if environment.path.exists() else "Making .venv"
        with step(f"{title} with Python {sys.version.split()[0]}"):
            environment.remake()
    with step("Installing the locked packages"):
        environment.install(name)


def main(arguments: list[str]) -> int:
    """Command line: the name of the lock to install."""
    name = arguments[0] if arguments else "demo"
    if name not in WIDER:
        fail(f"There is no package set called {name}; known are {', '.join(WIDER)}.")
        return 2
    venv = Path(os.environ.get("HMS_VENV") or ROOT / ".venv")
    environment = Environment(venv, ROOT / "requirements")
    try:
        with Lock(ROOT / "var" / "bootstrap.lock").wait(
            LOCK_WAIT_SECONDS, "Another command is installing packages here; waiting for it"
        ):
            ensure(environment, name)
    except (BootstrapError, LockTaken, OSError) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        fail("Stopped. The next run starts the installation over.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
