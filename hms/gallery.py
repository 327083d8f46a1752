"""Invented data for the component gallery."""

from typing import Any


def samples() -> dict[str, Any]:
    """Return the context of the gallery."""
    return {}
