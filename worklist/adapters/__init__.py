"""Ways out of the house, one module a way: they send, and read what the other side reports."""

from worklist.adapters.ways import ready_ways, send

__all__ = ["ready_ways", "send"]
