"""What config/data_policy.yaml says of columns: secret ones are shown to nobody."""

from functools import cache

import yaml
from django.conf import settings

SECRET = "secret"  # noqa: S105  # pragma: allowlist secret


@cache
def secret_columns() -> dict[str, frozenset[str]]:
    """Return the secret columns of each table that has some: label of the table -> columns."""
    path = settings.BASE_DIR / "config" / "data_policy.yaml"
    tables = yaml.safe_load(path.read_text(encoding="utf-8"))["tables"]
    found = {
        label.lower(): frozenset(
            name for name, (kind, _scrub) in spec["columns"].items() if kind == SECRET
        )
        for label, spec in tables.items()
    }
    return {label: columns for label, columns in found.items() if columns}
