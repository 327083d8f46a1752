"""`relay` delivers facts as they are committed: it listens for the nudge and looks every 2 s."""

import select
import signal
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, InternalError, OperationalError, connection

from core import clock, events, health, mode
from hms.database import waits
from hms.startup import DemoInProduction, refuse_demo
from hms.tasks import drain

POLL_SECONDS = 2.0
REST_SECONDS = 1.0
log = structlog.get_logger("hms.relay")


class Command(BaseCommand):
    """The relay: several may run; each delivery is taken by one of them."""

    help = "Deliver facts from the outbox to their handlers."
    stopping = False

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until SIGTERM or SIGINT; a lost database is waited for."""
        waits.install()
        try:
            refuse_demo()
        except DemoInProduction as error:
            raise CommandError(str(error)) from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        log.info("relay_started")
        while not self.stopping:
            try:
                self._listen()
            except (OperationalError, InterfaceError, InternalError) as error:
                log.warning("relay_database_away", error=type(error).__name__)
                connection.close()
                select.select([], [], [], REST_SECONDS)
        log.info("relay_stopped")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _listen(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {events.CHANNEL}")
        while not self.stopping:
            if not mode.state().is_database:
                health.beat("relay", at=clock.now())
                drain()
            self._wait()

    def _wait(self) -> None:
        raw = connection.connection
        if not raw.notifies:
            select.select([raw], [], [], POLL_SECONDS)
            with connection.wrap_database_errors:
                raw.poll()
        raw.notifies.clear()
