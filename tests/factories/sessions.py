"""Signed-in browsers, as a sign-in of this moment leaves them."""

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client

from org.models import User

BACKEND = "org.backends.UsernameBackend"


def sign_in(client: Client, user: User, *, fresh: bool = True) -> Client:
    """Sign the person in; `fresh`: they have just said who they are (SEC-A11)."""
    client.force_login(user, backend=BACKEND)
    if fresh:
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, user, method="password")
        request.session.save()
    return client
