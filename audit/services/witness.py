"""How one row of the trail stands: by which seal, and whether in the words that were sealed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from audit import rules
from audit.models import AuditEvent, Seal
from audit.services.chains import chains, steady

TABLE = AuditEvent._meta.db_table
# No transaction lasts longer: a seal that came later is of other rows.
LONGEST = timedelta(days=1)


class Standing(StrEnum):
    """What a seal says of a row."""

    SEALED = "sealed"
    WAITING = "waiting"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Witness:
    """The seal behind a row; without one the row waits for the next."""

    standing: Standing
    number: int | None = None
    sealed_at: datetime | None = None


def seal_of(row: AuditEvent) -> Witness:
    """Return how the row stands now: compared with what its seal says, word by word."""
    seal = (
        Seal.objects.filter(
            chain=TABLE,
            last_at__gte=row.recorded_at,
            last_at__lt=row.recorded_at + LONGEST,
            first_at__lte=row.recorded_at,
            ids__contains=[row.pk],
        )
        .order_by("last_at")
        .first()
    )
    if seal is None:
        return Witness(Standing.WAITING)
    at = seal.ids.index(row.pk) * rules.DIGEST
    is_same = _digest(row, seal) == bytes(seal.digests)[at : at + rules.DIGEST]
    standing = Standing.SEALED if is_same else Standing.CHANGED
    return Witness(standing, seal.number, seal.sealed_at)


def _digest(row: AuditEvent, seal: Seal) -> bytes:
    with steady() as cursor:
        chain = next(chain for chain in chains(cursor) if chain.table == TABLE)
        where = 't."id" = %s AND t."recorded_at" = %s'
        cursor.execute(chain.select(seal.columns, where), [row.pk, row.recorded_at])
        found = cursor.fetchone()
    return bytes(found[1]) if found else b""
