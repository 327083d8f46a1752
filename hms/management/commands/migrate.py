"""`migrate` runs as the owner of the tables unless told otherwise (decisions 31)."""

from django.core.management.base import CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Django's own command on the alias `owner`."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments; the database is the owner's by default."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
