"""What ends when somebody signs out, beside the session itself."""

from typing import Any

from core import clock
from patients import services


def glasses_close(user: Any = None, **_kwargs: Any) -> None:
    """No record stays open to somebody who has left (SEC-Z7)."""
    if user is not None:
        services.glasses_end(user.pk, at=clock.now())
