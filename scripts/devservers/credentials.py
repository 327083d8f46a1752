"""Random passwords of one installation, kept in one file that only its owner can read."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

from scripts.devservers.place import write_private

SUPERUSER = "postgres"
OWNER, APP, REPORTING, BACKUP = "hms_owner", "hms_app", "hms_reporting", "hms_backup"
VALKEY = "valkey"
ACCOUNTS = (SUPERUSER, OWNER, APP, REPORTING, BACKUP, VALKEY)


class Credentials:
    """Passwords by account name."""

    def __init__(self, passwords: dict[str, str]) -> None:
        self._passwords = passwords

    def __getitem__(self, account: str) -> str:
        return self._passwords[account]

    def digest(self) -> str:
        """Return a hash that changes when any password does."""
        text = json.dumps(self._passwords, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def load_credentials(path: Path) -> Credentials:
    """Return the kept passwords; whatever is missing or damaged is drawn anew and kept."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        kept = {name: str(found[name]) for name in ACCOUNTS if found.get(name)}
    except (OSError, ValueError, AttributeError, TypeError):
        kept = {}
    if len(kept) < len(ACCOUNTS):
        kept = {name: kept.get(name) or secrets.token_hex(20) for name in ACCOUNTS}
        write_private(path, json.dumps(kept, indent=1))
    path.chmod(0o600)
    return Credentials(kept)
