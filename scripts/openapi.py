"""The published API schema: docs/openapi.yaml must be what the code says.

python -m scripts.openapi check      fail with the difference
python -m scripts.openapi write      write the file anew
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.console import fail, say

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "openapi.yaml"
SHOWN_LINES = 80


class SchemaError(Exception):
    """The schema cannot be made; the message holds what the generator said."""


def generate() -> str:
    """Return the schema of the code as it is now. Raises SchemaError."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "openapi.yaml"
        done = subprocess.run(
            [
                sys.executable,
                *("-W", "ignore", "manage.py", "spectacular", "--validate", "--fail-on-warn"),
                *("--file", str(target)),
            ],
            cwd=ROOT,
            env={"HMS_ENV": "test"} | os.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SchemaError((done.stdout + done.stderr).strip())
        return target.read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    if arguments not in (["check"], ["write"]):
        fail("Usage: python -m scripts.openapi check | write")
        return 2
    try:
        schema = generate()
    except SchemaError as error:
        fail(str(error))
        return 1
    if arguments == ["write"]:
        SCHEMA.write_text(schema, encoding="utf-8")
        return 0
    published = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
    if published == schema:
        return 0
    difference = difflib.unified_diff(
        published.splitlines(), schema.splitlines(), "docs/openapi.yaml", "the code", lineterm=""
    )
    for line in list(difference)[:SHOWN_LINES]:
        say(line)
    fail("docs/openapi.yaml is not what the code says. If the change is meant: `make openapi`.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
