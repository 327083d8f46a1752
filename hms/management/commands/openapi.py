"""docs/openapi.yaml is the schema of the API, word for word."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.renderers import OpenApiYamlRenderer

from hms.api_schema import document

PATH: Path = settings.BASE_DIR / "docs" / "openapi.yaml"


def written() -> bytes:
    """Return the schema as the file holds it. Raises CommandError when the generator warns."""
    with GENERATOR_STATS.silence():
        found = document()
    if GENERATOR_STATS:
        GENERATOR_STATS.emit_summary()
        raise CommandError("The API cannot be described without warnings; see above.")
    text: bytes = OpenApiYamlRenderer().render(found, renderer_context={})
    return text


class Command(BaseCommand):
    """Writes docs/openapi.yaml, or with --check says whether it is up to date."""

    help = "Writes docs/openapi.yaml; --check fails when it differs from the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --check."""
        parser.add_argument("--check", action="store_true")

    def handle(self, *_args: Any, check: bool, **_options: Any) -> None:
        """Write or compare. Raises CommandError when the file differs."""
        text = written()
        if not check:
            PATH.write_bytes(text)
            self.stdout.write("docs/openapi.yaml is written.")
        elif not PATH.exists() or PATH.read_bytes() != text:
            raise CommandError("docs/openapi.yaml is out of date: run manage.py openapi.")
        else:
            self.stdout.write("docs/openapi.yaml is up to date.")
