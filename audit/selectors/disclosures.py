"""Accounting of disclosures: who was given what about whom, and what for (45 CFR 164.528)."""

from audit.permissions import Reach
from audit.selectors.search import Rows, Wanted, search


def disclosures(wanted: Wanted, *, reach: Reach) -> Rows:
    """Return the rows that name a recipient, in reach, as wanted, the newest first."""
    return search(wanted, reach=reach).exclude(recipient="").order_by("-occurred_at", "-id")
