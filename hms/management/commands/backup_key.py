"""`manage.py backup_key`: a new pair of keys for backups; nothing is stored."""

from typing import Any

import pyrage
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Print the public and the private key of a new pair."""

    help = "Print a new pair of age keys: the public one seals backups, the private one opens them."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """The words are those of age-keygen: the output can be kept as a key file."""
        made = pyrage.x25519.Identity.generate()
        self.stdout.write(f"# public key: {made.to_public()}")
        self.stdout.write(str(made))
