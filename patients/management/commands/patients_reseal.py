"""`patients_reseal` follows a new SECRET_KEY; `keys_reseal` runs it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, mode
from patients import services


class Command(BaseCommand):
    """Seals and marks with the newest key what an older one sealed of patients."""

    help = (
        "Seal numbers, phones and notes of patients with the newest SECRET_KEY. keys_reseal "
        "runs it too. Exit code 1 while an older key is still needed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to write."""
        parser.add_argument("--dry-run", action="store_true", help="count; change nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Raises CommandError while the system is read-only."""
        is_trial = options["dry_run"]
        if not is_trial and mode.state().is_read_only:
            raise CommandError(str(mode.ReadOnly.message))
        done = services.sealed_anew(is_trial=is_trial, at=clock.now(), by=None)
        word = "to be sealed anew" if is_trial else "sealed anew"
        self.stdout.write(f"Values of patients {word}: {done.anew}.")
        if done.lost:
            self.stdout.write(
                f"No key of ours opens {done.lost} values: a key is missing in "
                "SECRET_KEY_FALLBACKS, or is lost."
            )
        if done.lost or (is_trial and done.anew):
            raise SystemExit(1)
