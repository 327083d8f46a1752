"""`demo_load` fills an empty database with the demo hospital; the second time it does nothing."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.errors import ServiceError
from hms.demo import people, places
from hms.demo.load import NotADemo, is_loaded, load
from hms.demo.people import Colleague
from hms.simulation import engine

HISTORY_DAYS = 3
SEED = 1


class Command(BaseCommand):
    """Load the demo hospital, or print one login per role."""

    help = "Load the demo hospital (never in production); --logins prints one login per role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --logins and --history."""
        parser.add_argument("--logins", action="store_true", help="print the logins and do nothing")
        parser.add_argument(
            "--history",
            type=int,
            default=HISTORY_DAYS,
            metavar="DAYS",
            help="days of simulated life before today (0: none)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load once; refuse in production and where another hospital lives."""
        if settings.IS_PRODUCTION:
            raise CommandError(
                "This is a production system: the demo hospital is never loaded here. "
                "Use `manage.py setup` for a real hospital."
            )
        if options["logins"]:
            self.stdout.write(_table())
            return
        try:
            self._load(options["history"])
        except NotADemo as error:
            raise CommandError(
                "This database already holds a hospital that is not the demo. Nothing was changed."
            ) from error
        except ServiceError as error:
            raise CommandError(str(error)) from error

    def _load(self, days: int) -> None:
        if is_loaded():
            self.stdout.write(f"{places.NAME} is here already; nothing was changed.")
            return
        now = clock.now()
        load(now=now, say=self.stdout.write)
        if days > 0:
            acts = engine.history(seed=SEED, days=days, until=now)
            self.stdout.write(f"{days} days of hospital life: {len(acts)} acts")
        self.stdout.write(f"{places.NAME} is open.")


def _table() -> str:
    names = {place.code: place.name for place in places.PLACES} | {"": "Whole site"}
    head = ("Role", "User name", "Password", "Unit")
    rows = [head, *(_row(person, names) for person in (*people.LOGINS, people.ADMINISTRATOR))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(person: Colleague, names: dict[str, str]) -> tuple[str, str, str, str]:
    role = person.role.replace("_", " ").capitalize()
    return (role, person.username, people.PASSWORD, names[person.unit])
