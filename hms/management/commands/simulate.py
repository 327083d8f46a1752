"""`simulate` lets the demo hospital live: days of history, or on and on in real time."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import clock
from hms.demo.load import NotADemo, is_loaded
from hms.simulation import engine

PACE = 4.0


class Command(BaseCommand):
    """Simulated life for demo hospitals only."""

    help = "Let the demo hospital live: --days N of history, or --follow in real time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the seed, and either days of history or --follow."""
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--pace", type=float, default=PACE, help="how busy --follow is")
        mode = parser.add_mutually_exclusive_group(required=True)
        mode.add_argument("--days", type=int, help="days of history that end now")
        mode.add_argument("--follow", action="store_true", help="live on until SIGTERM")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run history or follow; refuse wherever the hospital is not the demo's."""
        self._check(options)
        if options["follow"]:
            stop = threading.Event()
            _stop_on_signals(stop)
            self.stdout.write("The hospital lives on; SIGTERM ends it.")
            engine.follow(seed=options["seed"], pace=options["pace"], rest=stop.wait)
            return
        acts = engine.history(seed=options["seed"], days=options["days"], until=clock.now())
        self.stdout.write(f"{options['days']} days, {len(acts)} acts")

    @staticmethod
    def _check(options: dict[str, Any]) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("This is a production system: nothing is simulated here.")
        if options["days"] is not None and options["days"] < 1:
            raise CommandError("--days takes a number of at least 1.")
        if options["pace"] <= 0:
            raise CommandError("--pace takes a number above 0.")
        try:
            loaded = is_loaded()
        except NotADemo as error:
            raise CommandError("This hospital is not the demo; nothing is simulated.") from error
        if not loaded:
            raise CommandError("There is no demo hospital yet; run `manage.py demo_load` first.")


def _stop_on_signals(stop: threading.Event) -> None:
    def set_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, set_stop)
