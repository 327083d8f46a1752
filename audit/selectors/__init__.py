"""Questions to the trail; nothing here writes."""

from audit.selectors.looks import Looker, changes_of, lookers, looks_at

__all__ = ["Looker", "changes_of", "lookers", "looks_at"]
