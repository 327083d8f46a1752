"""Routes that other packages bring, each with the reason why it may stand open (decisions 29)."""

from django.http import HttpRequest

FOREIGN: dict[str, str] = {}

# Those that also write while the whole system is read-only: coming in, proving who it is, leaving.
ALWAYS: frozenset[str] = frozenset()


def is_listed(request: HttpRequest) -> bool:
    """Say whether the route of this request is in the table."""
    match = request.resolver_match
    return match is not None and match.view_name in FOREIGN


def is_always(request: HttpRequest) -> bool:
    """Say whether the listed route may write while the system is read-only."""
    match = request.resolver_match
    return match is not None and match.view_name in ALWAYS
