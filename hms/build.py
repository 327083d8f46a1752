"""Which version runs: what the image was built from, else what pyproject.toml says."""

import functools
import tomllib

from django.conf import settings


@functools.cache
def version() -> str:
    """Return the version, with the commit where the build said it (HMS_BUILD)."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    build = settings.HMS_BUILD[:40]
    number = str(project["project"]["version"])
    return f"{number}+{build}" if build else number
