"""Verbs of this room: the only writers of its tables."""

from audit.services.months import months_ahead, months_make
from audit.services.trail import Action, Outcome, changes, record

__all__ = ["Action", "Outcome", "changes", "months_ahead", "months_make", "record"]
