"""manage.py audit_verify: is the trail what was sealed?"""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware

from audit import services


class Command(BaseCommand):
    help = "Compare the audit trail with its seals and anchors; exit code 1 when it differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", default="", help="only this table")
        parser.add_argument("--since", default="", help="leave out rows sealed before this day")
        parser.add_argument("--anchor", action="append", type=Path, help="an anchor file; repeat")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        files = options["anchor"] or services.anchor_files()
        for path in files:
            if not path.is_file():
                raise CommandError(f"There is no anchor file {path}.")
        anchored, problems = services.anchors_read(files)
        report = services.verify(
            only=options["chain"], since=_moment(options["since"]), anchored=anchored
        )
        for problem in problems:
            report.add(problem)
        if options["json"]:
            words = {**asdict(report), "clean": report.is_clean}
            self.stdout.write(json.dumps(words, indent=1))
        else:
            self._say(report, len(files))
        if not report.is_clean:
            raise SystemExit(1)

    def _say(self, report: services.Report, files: int) -> None:
        for problem in report.problems:
            self.stdout.write(str(problem))
        if report.count > len(report.problems):
            self.stdout.write(f"and {report.count - len(report.problems)} more")
        verdict = "The trail is whole" if report.is_clean else f"BROKEN: {report.count} problems"
        self.stdout.write(
            f"{verdict}. {report.rows} rows, {report.seals} seals, {report.chains} chains, "
            f"{report.unsealed} rows not yet sealed, {files} anchor files."
        )


def _moment(text: str) -> Any:
    if not text:
        return None
    try:
        found = parse_datetime(text) or parse_datetime(f"{parse_date(text)} 00:00:00")
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"Not a day or time: {text}")
    return make_aware(found) if is_naive(found) else found
