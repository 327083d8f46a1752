"""`backup_keeper` archives the transaction log and runs the backups and drills asked for."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hms.backup.config import BackupError, from_settings
from hms.backup.keeper import Keeper
from hms.database import waits
from hms.startup import DemoInProduction, refuse_demo


class Command(BaseCommand):
    """The keeper: one per installation."""

    help = "Archive the transaction log and run backups and drills."
    stopping = False

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until SIGTERM or SIGINT. Raises CommandError when backups are not set up."""
        waits.install()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            refuse_demo()
            Keeper(from_settings()).run(should_stop=lambda: self.stopping)
        except (BackupError, DemoInProduction) as error:
            raise CommandError(str(error)) from error

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
