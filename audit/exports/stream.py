"""An answer that is written while it is read, and the row on the trail that says how it ended."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import services
from audit.exports.fhir import fhir_lines
from audit.exports.tables import csv_lines, ndjson_lines
from core import clock
from core.context import Asker, asker, asking
from core.redaction import said

if TYPE_CHECKING:
    from audit.models import AuditEvent

log = structlog.get_logger("audit.export")
AT_ONCE = 2_000
# A reader may be slow, and an order without an index takes its time: both end, later.
_PATIENCE = (
    "SELECT set_config('statement_timeout', '120s', true), "
    "set_config('idle_in_transaction_session_timeout', '10min', true)"
)


@dataclass(frozen=True, slots=True)
class Format:
    """One form in which the trail leaves the house."""

    word: str | Promise
    content_type: str
    suffix: str
    lines: Callable[[Iterable["AuditEvent"]], Iterator[str]]


FORMATS = {
    "csv": Format(_("Table (CSV)"), "text/csv; charset=utf-8", "csv", csv_lines),
    "ndjson": Format(_("Lines of JSON (NDJSON)"), "application/x-ndjson", "ndjson", ndjson_lines),
    "fhir": Format(_("FHIR AuditEvent"), "application/fhir+ndjson", "fhir.ndjson", fhir_lines),
}


def answer(
    rows: "QuerySet[AuditEvent]", *, form: str, query: Mapping[str, object], by: int
) -> StreamingHttpResponse:
    """Answer with the rows in one of FORMATS; how many left is on the trail when it is over."""
    chosen = FORMATS[form]
    services.look(kind="export")
    handed = _Handed(rows, {**query, "format": form}, by, asker())
    name = f"audit-trail-{clock.now():%Y%m%d-%H%M}.{chosen.suffix}"
    return StreamingHttpResponse(
        handed.out(chosen),
        content_type=chosen.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
            # Proxies in front pass it on as it comes.
            "X-Accel-Buffering": "no",
        },
    )


class _Handed:
    """One export under way: the request that asked for it is over before its last row leaves."""

    def __init__(
        self, rows: "QuerySet[AuditEvent]", query: Mapping[str, object], by: int, here: Asker
    ) -> None:
        self.rows, self.query, self.by, self.here = rows, query, by, here
        self.count = 0

    def out(self, chosen: Format) -> Iterator[bytes]:
        """Yield the lines; however it ends, the trail says how many rows left."""
        is_whole, reason = False, "broken off"
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(_PATIENCE)
                for text in chosen.lines(self._counted()):
                    yield text.encode()
            is_whole, reason = True, ""
        except Exception as error:
            reason = said(error)
            raise
        finally:
            self._note(is_whole=is_whole, reason=reason)

    def _counted(self) -> "Iterator[AuditEvent]":
        for row in self.rows.iterator(chunk_size=AT_ONCE):
            self.count += 1
            yield row

    def _note(self, *, is_whole: bool, reason: str) -> None:
        try:
            with asking(**asdict(self.here)), transaction.atomic():
                services.export_noted(
                    query={**self.query, "count": self.count},
                    is_whole=is_whole,
                    reason=reason,
                    at=clock.now(),
                    by=self.by,
                )
        except Exception as error:  # the rows have left; that they did stands on the trail anyway
            log.error("export_not_noted", error=said(error), count=self.count)
