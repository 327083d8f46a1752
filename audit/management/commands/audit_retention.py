"""manage.py audit_retention: months older than the law asks for leave the trail."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date

from audit.services import retention
from core import clock


class Command(BaseCommand):
    help = "Export and drop whole months of the audit trail (run as the owner of the tables)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", required=True, help="a day: YYYY-MM-DD")
        parser.add_argument("--to", type=Path, default=settings.HMS_VAR / "retired")
        parser.add_argument("--apply", action="store_true", help="without it nothing is changed")

    def handle(self, *_args: Any, **options: Any) -> None:
        before = _day(options["older_than"])
        try:
            months = retention.months_old(before=before, at=clock.now())
            for month in months:
                self.stdout.write(f"{month.part}: {month.rows} rows")
                if options["apply"]:
                    mark = retention.month_retire(
                        part=month.part, folder=options["to"], at=clock.now(), by=None
                    )
                    self.stdout.write(f"  {mark.export_name} sha256 {mark.export_sha256}")
        except (retention.TooYoung, retention.NotWhole) as error:
            raise CommandError(str(error)) from error
        if not options["apply"]:
            self.stdout.write(f"{len(months)} months would be dropped; --apply drops them.")


def _day(text: str) -> datetime:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"Not a day: {text}")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
