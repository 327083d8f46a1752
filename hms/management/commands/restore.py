"""`manage.py restore`: the real thing, into a new directory. Read docs/restore.md first."""

from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hms.backup import config, emergency


class Command(BaseCommand):
    """Needs no database: only the backups and the private key."""

    help = "Restore the newest backup, up to a time, into an empty directory (docs/restore.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --into, --at and --list."""
        parser.add_argument("--into", type=Path, help="an empty directory, or a new one")
        parser.add_argument(
            "--at", type=moment, metavar="TIME", help="such as 2026-01-31T23:59:00+00:00"
        )
        parser.add_argument("--list", action="store_true", help="only say what can be restored")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say what is done. Raises CommandError when it cannot be done."""
        try:
            found = config.from_settings(is_server_needed=False)
            if options["list"] or options["into"] is None:
                for line in emergency.listing(found):
                    self.stdout.write(line)
                return
            said = emergency.restore(
                found, into=options["into"], until=options["at"], tell=self.stdout.write
            )
        except config.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(said)


def moment(text: str) -> datetime:
    """Return the time. Raises ArgumentTypeError when it is none or has no zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"Not a time: {text}. Write 2026-01-31T23:59:00+00:00.") from error
    if found.tzinfo is None:
        raise ArgumentTypeError("The time needs its zone, such as +00:00 at its end.")
    return found
