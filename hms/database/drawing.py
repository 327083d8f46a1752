"""Migrations draw fewer models anew: a first start takes half the time.

After each step Django draws the changed model and those that point at it anew, also where it says
itself (`delay`) that nobody reads them until somebody asks: before code runs, it throws all drawn
models away (StateApps.clear_delayed_apps_cache). With hundreds of constraints and triggers on
tables that all point at people, this was most of the time that migrate took.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ProjectState

_Key = tuple[str, str]


@contextmanager
def drawn_alone() -> Iterator[None]:
    """A model whose constraints, triggers or plain fields change is drawn anew alone."""
    # Not in the stubs: Django keeps it to itself; tests/hms/test_drawing.py holds it to its word.
    drawer: Any = ProjectState
    whole = drawer._find_reload_model

    def alone(state: Any, app: str, model: str, delay: bool = False) -> set[_Key]:
        if delay:
            state.is_delayed = True
            return {(app, model.lower())}
        found: set[_Key] = whole(state, app, model, delay)
        return found

    drawer._find_reload_model = alone
    try:
        yield
    finally:
        drawer._find_reload_model = whole
