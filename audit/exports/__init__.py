"""The trail leaves the house, row by row from a cursor of the server, however many rows it has.

CSV for tables, NDJSON for programs, FHIR R4 AuditEvent for other audit systems. Nothing is
gathered: a million rows take the memory of one handful.
"""

from audit.exports.stream import FORMATS, answer

__all__ = ["FORMATS", "answer"]
