"""What can go wrong with the servers, in words for the person at the terminal."""

from __future__ import annotations


class ServerError(Exception):
    """A server cannot be started, found or stopped; the message says why in plain words."""
