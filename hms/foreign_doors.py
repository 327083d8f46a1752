"""Routes that other packages bring, each with the reason why it may stand open (decisions 29)."""

from django.http import HttpRequest

FOREIGN: dict[str, str] = {}


def is_listed(request: HttpRequest) -> bool:
    """Say whether the route of this request is in the table."""
    match = request.resolver_match
    return match is not None and match.view_name in FOREIGN
