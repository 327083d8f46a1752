"""`people_import` takes a file of staff that is too long for the screen."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, mode
from core.errors import Invalid
from org import selectors, services
from org.permissions import Perm, grants_of

MAX_BYTES = 20_971_520
MAX_ROWS = 20_000
SHOWN_ERRORS = 50


class Command(BaseCommand):
    """The same import as on the screen, with the same rules and rights, for up to 20,000 rows."""

    help = (
        "Import staff from a CSV file. Without --commit nothing is written. With it, parts of "
        "about 500 rows are written one after the other once a trial of the whole file has found "
        "no error; after an interruption, run it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, who imports it, and whether to write."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="USER", help="who imports it")
        parser.add_argument(
            "--commit", action="store_true", help="write, after a trial without error"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print one line per wrong row and a summary; exit code 1 when not all was written."""
        if options["commit"] and mode.state().is_read_only:
            raise CommandError(str(mode.ReadOnly.message))
        user = selectors.login_named(options["by"])
        now = clock.now()
        grants = grants_of(user, at=now) if user else None
        if user is None or grants is None or not grants.has(Perm.IMPORT_PEOPLE):
            raise CommandError("This user name may not import people.")
        try:
            text = services.people_file_text(options["file"].read_bytes(), max_bytes=MAX_BYTES)
            report = services.people_import_in_parts(
                text=text,
                grants=grants,
                is_trial=not options["commit"],
                by=user.pk,
                at=now,
                max_rows=MAX_ROWS,
                told=self._progress,
            )
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from error
        except Invalid as error:
            raise CommandError(str(error)) from error
        self._told(report)

    def _progress(self, done: int, every: int, is_trial: bool) -> None:
        word = "checked" if is_trial else "written"
        self.stdout.write(f"{done} of {every} rows {word}")

    def _told(self, report: services.ImportReport) -> None:
        wrong = [row for row in report.rows if row.outcome == services.Outcome.ERROR]
        for row in wrong[:SHOWN_ERRORS]:
            self.stdout.write(f"line {row.line}, {row.column or 'row'}: {row.message}")
        counts = ", ".join(
            f"{report.count(outcome)} {outcome.value}" for outcome in services.Outcome
        )
        self.stdout.write(f"{len(report.rows)} rows: {counts}")
        if wrong and report.written_rows:
            self.stdout.write(f"{report.written_rows} rows were written before. Run it again.")
        elif wrong:
            self.stdout.write("Nothing was written.")
        if wrong:
            sys.exit(1)
        self.stdout.write("Written." if report.is_written else "A trial: nothing was written.")
