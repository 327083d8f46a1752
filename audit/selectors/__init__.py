"""Questions to the trail; nothing here writes."""

from audit.selectors.looks import (
    Looker,
    Seen,
    changes_of,
    done_for,
    lookers,
    looks_at,
    seen_of,
    seen_page,
)

__all__ = [
    "Looker",
    "Seen",
    "changes_of",
    "done_for",
    "lookers",
    "looks_at",
    "seen_of",
    "seen_page",
]
