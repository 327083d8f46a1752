"""manage.py looks_bring: what was seen while the trail took no rows comes onto it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit import services
from core import clock


class Command(BaseCommand):
    help = "Bring looks that were kept aside on this machine into the audit trail, once each."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            done = services.looks_bring(at=clock.now())
        except DatabaseError as error:
            raise CommandError(
                f"The trail takes no rows yet ({type(error).__name__}). Nothing is lost; "
                "run this again, or leave it to the worker."
            ) from error
        if done.busy:
            self.stdout.write("Nothing is kept aside, or another run is at work.")
            return
        self.stdout.write(
            f"{done.count} looks brought; {done.known} were there already, "
            f"{done.torn} half-written lines of a page that never left."
        )
        for note in done.notes:
            self.stdout.write(note)
        if done.refused or done.gaps:
            raise SystemExit(1)
