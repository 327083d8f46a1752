"""`manage.py backup`: a full backup now; the keeper takes one every night by itself."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.backups import UnderWay
from hms.backup import config, desk


class Command(BaseCommand):
    """Take a full backup at once."""

    help = "Take a full backup now; what HMS_BACKUP_KEEP no longer keeps is removed."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Raises CommandError when it could not be taken."""
        signal.signal(signal.SIGTERM, stopped)
        try:
            taken = desk.full_now(config.from_settings())
        except (config.BackupError, UnderWay) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{taken.label}: {taken.size} bytes, of {taken.plain_bytes}.")


def stopped(*_args: Any) -> None:
    """What is left half done is cleared on the way out."""
    raise SystemExit(143)
