"""`migrate` runs as the owner of the tables unless told otherwise (decisions 31)."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate

from hms.database.drawing import drawn_alone


class Command(migrate.Command):
    """Django's own command on the alias `owner`, twice as fast."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments; the database is the owner's by default."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate as Django does."""
        with drawn_alone():
            super().handle(*args, **options)
