"""Django's own backend; a kept connection that does not answer is found out early."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base

from hms import metrics
from hms.database import history, waits


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, asked briefly whether it is still there before a kept connection is used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(history.with_context)

    @contextmanager
    def execute_wrapper(self, wrapper: Callable[..., Any]) -> Iterator[None]:
        """Inside the block `wrapper` stands around each statement, as its author wrote it."""
        self.execute_wrappers.insert(-1, wrapper)
        try:
            yield
        finally:
            self.execute_wrappers.remove(wrapper)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open a connection, and count it."""
        opened = False
        try:
            made = super().get_new_connection(conn_params)
            opened = True
            return made
        finally:
            metrics.connection_tried(opened=opened)

    def is_usable(self) -> bool:
        """Say whether the connection answers within moments."""
        with waits.at_most(waits.GREETING):
            return bool(super().is_usable())
