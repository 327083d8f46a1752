"""`manage.py restore_drill`: restore the newest backup beside the live database and compare."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.backups import UnderWay
from hms.backup import config, desk
from hms.management.commands.backup import stopped


class Command(BaseCommand):
    """Exit code 1 when anything differs, or when it could not be done."""

    help = "Restore the newest backup into a second server and compare it with the live database."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print what was found. Raises CommandError when anything differs."""
        signal.signal(signal.SIGTERM, stopped)
        try:
            report = desk.drill_now(config.from_settings())
        except (config.BackupError, UnderWay) as error:
            raise CommandError(str(error)) from error
        for each in report.differences:
            self.stdout.write(str(each))
        self.stdout.write(
            f"{report.backup}: {len(report.tables)} tables, {report.rows} rows, "
            f"{sum(report.parts.values())} constraints, triggers, sequences and other parts; "
            f"restored in {report.restore_seconds} s."
        )
        if report.differences:
            raise CommandError(f"{len(report.differences)} differences.")
