"""Where backups are, for whom they are sealed, how long they are kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyrage
from django.conf import settings


class BackupError(Exception):
    """Something stands in the way of a backup or a restore; the message says what, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One installation's backups; what a command does not need may be empty."""

    store: Path
    work: Path
    url: str = ""
    recipients: tuple[str, ...] = ()
    copy: Path | None = None
    identity_file: Path | None = None
    keep: int = 7
    hour: int = 1
    wal_seconds: float = 60
    programs: str = ""
    files: tuple[tuple[str, Path], ...] = ()

    @property
    def spool(self) -> Path:
        return self.work / "wal"

    def keys(self) -> list[pyrage.x25519.Recipient]:
        """Return whom backups are sealed for. Raises BackupError."""
        try:
            found = [pyrage.x25519.Recipient.from_str(key.strip()) for key in self.recipients]
        except pyrage.RecipientError as error:
            raise BackupError("HMS_BACKUP_RECIPIENTS holds what is no public age key.") from error
        if not found:
            raise BackupError("HMS_BACKUP_RECIPIENTS names no public age key.")
        return found

    def identity(self) -> pyrage.x25519.Identity:
        """Return the private key. Raises BackupError."""
        if self.identity_file is None:
            raise BackupError("HMS_BACKUP_IDENTITY_FILE names no private key.")
        try:
            lines = self.identity_file.read_text(encoding="ascii").splitlines()
            text = next(line for line in lines if line.startswith("AGE-SECRET-KEY-"))
            return pyrage.x25519.Identity.from_str(text.strip())
        except (OSError, StopIteration, ValueError, pyrage.IdentityError) as error:
            raise BackupError(f"{self.identity_file} holds no private age key.") from error

    def login(self) -> dict[str, str]:
        """Return the backup role's address as PostgreSQL's programs read it."""
        return login(self.url)


def login(url: str) -> dict[str, str]:
    """Return an address as environment variables: no password on a command line."""
    parts = urlsplit(url)
    found = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    options = {f"PG{name.upper()}": value for name, value in parse_qsl(parts.query)}
    return {name: value for name, value in (found | options).items() if value}


def from_settings(*, is_server_needed: bool = True) -> Config:
    """Return what the environment says. Raises BackupError when something is missing."""
    given: dict[str, Any] = settings.BACKUP
    wanted = {"HMS_BACKUP_DIR": given["store"]}
    if is_server_needed:
        wanted["DATABASE_BACKUP_URL"] = settings.DATABASE_BACKUP_URL
        wanted["HMS_BACKUP_RECIPIENTS"] = given["recipients"]
    missing = ", ".join(name for name, value in wanted.items() if not value)
    if missing:
        raise BackupError(f"Backups are not set up here: {missing} (docs/restore.md).")
    return Config(
        url=settings.DATABASE_BACKUP_URL,
        store=Path(given["store"]).absolute(),
        work=Path(given["work"]).absolute(),
        recipients=tuple(given["recipients"]),
        copy=Path(given["copy"]).absolute() if given["copy"] else None,
        identity_file=Path(given["identity_file"]) if given["identity_file"] else None,
        keep=max(1, given["keep"]),
        hour=given["hour"] % 24,
        wal_seconds=max(1, given["wal_seconds"]),
        programs=given["programs"],
        files=(
            ("media", settings.HMS_VAR / "media"),
            ("anchors", settings.AUDIT_ANCHOR_DIR),
            ("config", settings.BASE_DIR / "config"),
        ),
    )
