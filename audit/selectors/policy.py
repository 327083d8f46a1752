"""What config/data_policy.yaml says of columns: secret ones are shown to nobody."""

from functools import cache
from typing import Any

import yaml
from django.conf import settings

RECORD = "record"
SECRET = "secret"  # noqa: S105  # pragma: allowlist secret


@cache
def _tables() -> dict[str, dict[str, Any]]:
    path = settings.BASE_DIR / "config" / "data_policy.yaml"
    tables: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["tables"]
    return {label.lower(): spec for label, spec in tables.items()}


@cache
def secret_columns() -> dict[str, frozenset[str]]:
    """Return the secret columns of each table that has some: label of the table -> columns."""
    found = {
        label: frozenset(name for name, (kind, _scrub) in spec["columns"].items() if kind == SECRET)
        for label, spec in _tables().items()
    }
    return {label: columns for label, columns in found.items() if columns}


def is_record(label: str) -> bool:
    """Say whether the rows of a table are records of patients, which no administrator reads."""
    return _tables().get(label, {}).get("retention") == RECORD
