"""`read_only` is the switch for when no screen can be reached."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, mode
from core.errors import Invalid
from org import services


class Command(BaseCommand):
    """The whole system takes nothing new, or takes everything again; every page says so."""

    help = "Make the whole system read-only, open it again, or say what it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do, why, and for how long."""
        parser.add_argument("what", choices=["on", "off", "status"])
        parser.add_argument("--reason", default="", help="why; people read it on every page")
        parser.add_argument("--minutes", type=int, help="about how long it will last")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Switch and say what is so now. Raises CommandError without a reason."""
        now, minutes = clock.now(), options["minutes"]
        if options["what"] != "status":
            try:
                services.read_only_set(
                    on=options["what"] == "on",
                    reason=options["reason"],
                    expected_until=now + timedelta(minutes=minutes) if minutes else None,
                    at=now,
                    by=None,
                )
            except Invalid as error:
                raise CommandError(str(error)) from error
        self.stdout.write(self._told(mode.stored()))

    @staticmethod
    def _told(found: mode.State) -> str:
        if found.is_switched:
            until = (
                f", expected until {found.expected_until:%Y-%m-%d %H:%M %Z}"
                if (found.expected_until)
                else ""
            )
            return f"read-only since {found.since:%Y-%m-%d %H:%M %Z}{until}: {found.reason}"
        if found.is_database:
            return "read-only: the database itself takes no changes"
        return "open"
