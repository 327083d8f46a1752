"""What was typed into a form whose door had to ask something first: kept in the session till sent.

On the server and not in the page that asks: somebody else may stand in front of a locked screen.
"""

import secrets
from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse

KEY = "carried"
MOST_FORMS = 3
MOST_CHARACTERS = 100_000
# Secrets are typed anew, files are chosen anew.
_NEVER = ("password", "again", "credential", "csrfmiddlewaretoken", "pin", "otp", "token")


class Form(NamedTuple):
    """One form that was not sent on: where to, and its fields in their order."""

    path: str
    fields: list[tuple[str, str]]


def keep(request: HttpRequest) -> str:
    """Keep the form of the request; returns the address that shows it, or its own if too large."""
    path = request.get_full_path()
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if not any(word in name.lower() for word in _NEVER)
        for value in values
    ]
    if not fields or sum(len(name) + len(value) for name, value in fields) > MOST_CHARACTERS:
        return path
    kept = list(request.session.get(KEY, {}).items())
    name = secrets.token_urlsafe(12)
    request.session[KEY] = dict([*kept[1 - MOST_FORMS :], (name, [path, fields])])
    return reverse("resume", args=[name])


def find(request: HttpRequest, name: str) -> Form | None:
    """Return the form kept under the name, None when there is none."""
    found = request.session.get(KEY, {}).get(name)
    return Form(found[0], [(field, value) for field, value in found[1]]) if found else None


def drop(request: HttpRequest, name: str) -> None:
    """Forget the form: it goes on its way."""
    rest = {key: form for key, form in request.session.get(KEY, {}).items() if key != name}
    request.session[KEY] = rest
