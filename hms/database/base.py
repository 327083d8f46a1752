"""Django's own backend; a kept connection that does not answer is found out early."""

from typing import Any

from django.db.backends.postgresql import base

from hms.database import history, waits


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, asked briefly whether it is still there before a kept connection is used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(history.with_context)

    def is_usable(self) -> bool:
        """Say whether the connection answers within moments."""
        with waits.at_most(waits.GREETING):
            return bool(super().is_usable())
