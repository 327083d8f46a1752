"""`deliveries` lists the facts that could not be delivered, and sends them again."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, events
from org import services

SHOWN = 500
NOTHING = object()
COLUMNS = "{:>10}  {:30}  {:34}  {:>5}  {:28}  {}"


def chosen(text: str) -> int | None:
    """Return the number of a delivery, or None for all of them. Raises ArgumentTypeError."""
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError("name a delivery by its number, or say all")
    return int(text)


class Command(BaseCommand):
    """Deliveries that were given up after five tries; later facts of the same key wait for them."""

    help = "List the deliveries that were given up, or try them again with --retry."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --retry."""
        parser.add_argument(
            "--retry", metavar="ID|all", type=chosen, default=NOTHING, help="make due again"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """List, or make due again. Raises CommandError when the number is not a failed one."""
        wanted = options["retry"]
        if wanted is NOTHING:
            self._list()
            return
        numbers = [row.delivery_id for row in events.failed(limit=None)]
        if wanted is not None:
            if wanted not in numbers:
                raise CommandError(f"No failed delivery has the number {wanted}.")
            numbers = [wanted]
        done = [number for number in numbers if self._retry(number)]
        self.stdout.write(f"Due again: {len(done)}.")

    def _list(self) -> None:
        rows, now = events.failed(limit=SHOWN), clock.now()
        if not rows:
            self.stdout.write("No delivery was given up.")
            return
        self.stdout.write(COLUMNS.format("id", "fact", "handler", "tries", "error", "age"))
        for row in rows:
            age = str(now - row.since).partition(".")[0]
            self.stdout.write(
                COLUMNS.format(row.delivery_id, row.fact, row.handler, row.tries, row.error, age)
            )
        if len(rows) == SHOWN:
            self.stdout.write(f"These are the oldest {SHOWN}; there may be more.")

    @staticmethod
    def _retry(number: int) -> bool:
        try:
            services.delivery_retry(
                number, at=clock.now(), by=None, reason="manage.py deliveries --retry"
            )
        except services.NotFailed:
            return False
        return True
