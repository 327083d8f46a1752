"""Facts of this room that reached their reader."""

from datetime import datetime
from uuid import UUID

from org.models import FactArrival


def arrival_record(*, fact_id: UUID, name: str, at: datetime) -> FactArrival:
    """The fact is noted as arrived. Raises IntegrityError when it arrived before."""
    return FactArrival.objects.create(fact=fact_id, name=name, arrived_at=at)
