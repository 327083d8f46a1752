"""Where the servers keep their files, and the account they run as.

PostgreSQL refuses to run as root. Started by root, the servers run as an unprivileged account
that was there already, in a directory which that account can really reach.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.devservers.errors import ServerError

CANDIDATES = ("nobody", "daemon")
# Every account can pass through it and it outlives a restart; what is made there is checked.
ELSEWHERE = Path("/var") / "tmp"
RECORD = "servers.json"
OWNER_ONLY, PASSABLE = 0o700, 0o711


def with_bytecode(environment: Mapping[str, str], var: Path) -> dict[str, str]:
    """Return the environment in which Python keeps compiled modules in the state directory.

    Loading the product takes three times as long where every start compiles it anew, as machines
    ask for that set PYTHONDONTWRITEBYTECODE.
    """
    kept = {key: value for key, value in environment.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(var / "bytecode")} | kept


@dataclass(frozen=True)
class Account:
    """An unprivileged account."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The state directory, the servers' own directory and the account they run as."""

    var: Path
    servers: Path
    account: Account | None

    def directory(self, name: str) -> Path:
        """Return a directory that only the servers' account may enter, made if needed."""
        path = self.servers / name
        make_private(path, self.account)
        return path

    def reaches(self, path: Path) -> bool:
        """True when the servers' account can enter the directory or run the program."""
        return self.account is None or can_reach(path, self.account)

    def log(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"


def prepare_place(var: Path) -> Place:
    """Return the place for this state directory; its directories exist afterwards.

    Raises ServerError when the directory belongs to somebody else or cannot be made.
    """
    var = Path(os.path.realpath(var))
    for each in (var, var / "log", var / "run"):
        make_directory(each)
    _set_modes(var)
    if os.geteuid() != 0:
        _refuse_foreign(var)
        return Place(var, var, None)
    account = _owner_of_data(var) or _first_account()
    servers = _recorded(var) or (var if can_reach(var, account) else _elsewhere(var))
    _make_passable(servers)
    record = {"var": str(var), "servers": str(servers), "account": account.name}
    write_private(var / RECORD, json.dumps(record, indent=1))
    return Place(var, servers, account)


def make_directory(path: Path) -> None:
    """The directory exists and can be written to. Raises ServerError."""
    why = "it is not ours to write to"
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK | os.X_OK):
            return
    except OSError as error:
        why = error.strerror or str(error)
    raise ServerError(
        f"{path} cannot be used ({why}). If an earlier start was made with sudo, "
        "start this one the same way, or remove the directory."
    )


def _set_modes(var: Path) -> None:
    if os.geteuid() == 0:
        # The servers' account must pass through on its way to its own directory.
        var.chmod(stat.S_IMODE(var.stat().st_mode) | stat.S_IXOTH | stat.S_IRWXU)
    else:
        var.chmod(OWNER_ONLY)
    (var / "log").chmod(OWNER_ONLY)
    (var / "run").chmod(OWNER_ONLY)


def _refuse_foreign(var: Path) -> None:
    """Raise ServerError when an earlier start by root left data this account cannot use."""
    for name in ("pg", "valkey"):
        data = var / name
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise ServerError(
                f"{data} belongs to another account: an earlier start was made with sudo. "
                "Start this one the same way, or remove the directory as that account."
            )


def _owner_of_data(var: Path) -> Account | None:
    """Return the account that owns the existing data, if it is a usable one."""
    data = (_recorded(var) or var) / "pg"
    if not data.exists():
        return None
    uid = data.stat().st_uid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, uid, entry.pw_gid) if uid else None


def _first_account() -> Account:
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServerError(
        "PostgreSQL refuses to run as root and there is no account 'nobody' to run it as. "
        "Start as an ordinary user."
    )


def _recorded(var: Path) -> Path | None:
    """Return the servers' directory an earlier start recorded for exactly this place."""
    try:
        record = json.loads((var / RECORD).read_text(encoding="utf-8"))
        servers = Path(record["servers"])
        # In a copy of a checkout the record still names the original: not ours to use.
        return servers if record["var"] == str(var) and servers.is_dir() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _elsewhere(var: Path) -> Path:
    digest = hashlib.sha256(str(var).encode()).hexdigest()[:12]
    return ELSEWHERE / f"hms-{digest}"


def _make_passable(servers: Path) -> None:
    """Make the servers' directory; refuse one that somebody else put there first."""
    servers.mkdir(mode=PASSABLE, parents=True, exist_ok=True)
    found = servers.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ServerError(f"{servers} belongs to somebody else; remove it and start again.")


def make_private(path: Path, account: Account | None) -> None:
    """The directory exists, belongs to the account and is closed to all others."""
    path.mkdir(mode=OWNER_ONLY, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ServerError(f"{path} should be a directory.")
    if account is not None and found.st_uid == os.geteuid():
        os.chown(path, account.uid, account.gid)
    path.chmod(OWNER_ONLY)


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """The file holds the text, whole or not at all, readable by its account only."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)
    unfinished.replace(path)


def can_reach(path: Path, account: Account) -> bool:
    """True when the account can really enter the directory or run the program."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$0"', str(path)],
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def copy_software(source: Path, target: Path) -> Path:
    """Copy a program's files once to where the account can reach them; whole or not at all."""
    if not target.exists():
        unfinished = target.with_name(target.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            mode = 0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644
            if not path.is_symlink():
                path.chmod(mode)
        unfinished.rename(target)
    return target
