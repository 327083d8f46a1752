"""Plain sign-in by user name and password."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from org.models import User
from org.rules import username_plain
from org.selectors import is_service_account
from org.states import CAN_SIGN_IN


class UsernameBackend(BaseBackend):
    """Finds the one spelling of the name; an unknown name takes as long as a known one (SEC-A6)."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_other: Any,
    ) -> User | None:
        """Return the person when name and password match and the account is active."""
        if not username or not password:
            return None
        user = User.objects.filter(username=username_plain(username)).first()
        if user is None:
            User().set_password(password)
            return None
        if (
            user.check_password(password)
            and user.state in CAN_SIGN_IN
            and not is_service_account(user)
        ):
            return user
        return None

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session, or None once the account is not active."""
        user = User.objects.filter(pk=user_id).first()
        return user if user and user.is_active else None
