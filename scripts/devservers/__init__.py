"""A real PostgreSQL and a real Valkey for the demo and the tests, with their data in var/."""

from scripts.devservers.errors import ServerError
from scripts.devservers.servers import Servers, Stack, default_var, running, start, stop

__all__ = ["ServerError", "Servers", "Stack", "default_var", "running", "start", "stop"]
