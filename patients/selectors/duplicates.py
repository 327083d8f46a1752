"""Suspicions that two records are one person: which are listed, which stand behind one scan."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from org.permissions import Grants
from patients.models import (
    DuplicatePair,
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientPhone,
)
from patients.permissions import visible_to
from patients.rules.matching import Match, compare
from patients.rules.names import key_words
from patients.selectors.matches import people
from patients.states import IdentityState, PairState

# So many records are compared with all others at a time.
CHUNK = 1000
# Two sounds in common count where one of them has at most so many bearers; a birth or number else.
RARE = 300
KNOWN = (IdentityState.REGISTERED, IdentityState.VERIFIED)

Pair = tuple[int, int]

# Records of which one stands in the chunk and the other has a smaller number: each pair comes once.
_ALIKE = """
    WITH chunk AS MATERIALIZED (
      SELECT id, birth_on, CASE WHEN date_part('day', birth_on) <= 12 THEN make_date(
          date_part('year', birth_on)::int, date_part('day', birth_on)::int,
          date_part('month', birth_on)::int) END AS swapped
      FROM patients_patient WHERE id > %(after)s AND id <= %(until)s AND state = ANY(%(known)s)
    ), sounds AS MATERIALIZED (
      SELECT DISTINCT chunk.id, w.sound FROM chunk
      JOIN patients_patientword pw ON pw.patient_id = chunk.id
      JOIN patients_nameword w ON w.id = pw.word_id WHERE w.sound <> ''
    ), rare AS MATERIALIZED (
      SELECT each.sound FROM (SELECT DISTINCT sound FROM sounds) AS each
      CROSS JOIN LATERAL (SELECT count(*) AS c FROM (
        SELECT FROM patients_nameword w JOIN patients_patientword pw ON pw.word_id = w.id
        WHERE w.sound = each.sound LIMIT %(rare)s + 1) AS few) AS counted
      WHERE counted.c <= %(rare)s
    ), near AS (
      SELECT i.patient_id AS a, o.patient_id AS b FROM chunk
      JOIN patients_patientidentifier i ON i.patient_id = chunk.id AND i.system = 'national'
      JOIN patients_patientidentifier o ON o.mark = i.mark AND o.system = 'national'
      UNION
      SELECT p.patient_id, o.patient_id FROM chunk
      JOIN patients_patientphone p ON p.patient_id = chunk.id
      JOIN patients_patientphone o ON o.mark = p.mark
      UNION
      SELECT chunk.id, o.id FROM chunk
      JOIN patients_patient o ON o.birth_on IN (chunk.birth_on, chunk.swapped) AND o.id < chunk.id
      JOIN patients_patientword pw ON pw.patient_id = o.id
      JOIN patients_nameword w ON w.id = pw.word_id
      JOIN sounds ON sounds.id = chunk.id AND sounds.sound = w.sound
      UNION
      SELECT sounds.id, pw.patient_id FROM rare JOIN sounds USING (sound)
      JOIN patients_nameword w ON w.sound = rare.sound
      JOIN patients_patientword pw ON pw.word_id = w.id AND pw.patient_id < sounds.id
      WHERE EXISTS (
        SELECT FROM sounds more JOIN patients_nameword mw ON mw.sound = more.sound
        JOIN patients_patientword mp ON mp.word_id = mw.id AND mp.patient_id = pw.patient_id
        WHERE more.id = sounds.id AND more.sound <> rare.sound)
    )
    SELECT near.b, near.a FROM near JOIN patients_patient o ON o.id = near.b
    WHERE near.b < near.a AND o.state = ANY(%(known)s)
"""


def chunks() -> Iterator[Pair]:
    """Return the bounds of chunks of all records: above the first number, up to the second."""
    after = 0
    rows = Patient.objects.order_by("pk").values_list("pk", flat=True)
    while pks := list(rows.filter(pk__gt=after)[:CHUNK]):
        yield after, pks[-1]
        after = pks[-1]


def alike(after: int, until: int) -> list[Pair]:
    """Return the pairs worth comparing of which the higher number lies in the chunk."""
    values: dict[str, Any] = {"after": after, "until": until, "known": list(KNOWN), "rare": RARE}
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, values)
        return [(one, two) for one, two in cursor.fetchall()]


def compared(pairs: Collection[Pair]) -> dict[Pair, Match]:
    """Return how the records of each pair compare; pairs of records that are gone are left out."""
    rows = Patient.objects.filter(state__in=KNOWN).in_bulk({pk for pair in pairs for pk in pair})
    known = people(rows)
    return {
        (one, two): compare(known[one], known[two])
        for one, two in pairs
        if one in known and two in known
    }


def prints(pks: Iterable[int]) -> dict[int, str]:
    """Return what is compared of each record, as a digest: another when any of it changes.

    Sealed numbers count by their ends, so that a new key of the house changes nothing.
    """
    rows = Patient.objects.in_bulk(list(pks))
    more: dict[int, list[str]] = {pk: [] for pk in rows}
    kinds = (
        (PatientPhone, ("ending",)),
        (PatientIdentifier, ("system", "ending")),
        (PatientAddress, ("street", "number", "locality", "postcode", "region")),
    )
    for model, columns in kinds:
        now = model.objects.filter(patient__in=rows, period__upper_inf=True)
        for pk, *found in now.values_list("patient_id", *columns):
            more[pk].append(f"{model._meta.model_name}:{' '.join(found).lower()}")
    return {pk: _print(row, more[pk]) for pk, row in rows.items()}


def _print(row: Patient, more: list[str]) -> str:
    names = " ".join(key_words(row.family)), " ".join(key_words(row.given))
    whole = (*names, str(row.birth_on), row.birth_precision, row.sex, *sorted(more))
    return hashlib.sha256("\n".join(whole).encode()).hexdigest()


def pair_hash(one: str, two: str) -> str:
    """Return the digest of what was compared of both records."""
    return hashlib.sha256(f"{one} {two}".encode()).hexdigest()


def pair_list(
    *, grants: Grants, at: datetime, state: str = PairState.OPEN
) -> QuerySet[DuplicatePair]:
    """Return the suspicions in that state about records of which the asker may see both."""
    seen = visible_to(grants, at=at).values("pk")
    rows = DuplicatePair.objects.filter(one__in=seen, two__in=seen, state=state)
    return rows.select_related("one", "two", "found_by", "decided_by")


def is_any_pair_open() -> bool:
    """Say whether a suspicion of the house waits for somebody, whoever may see it."""
    return DuplicatePair.objects.filter(state=PairState.OPEN).exists()


def pair_get(*, grants: Grants, public_id: UUID, at: datetime) -> DuplicatePair | None:
    """Return the suspicion, None where the asker may not see both records."""
    seen = visible_to(grants, at=at).values("pk")
    rows = DuplicatePair.objects.filter(one__in=seen, two__in=seen, public_id=public_id)
    return rows.select_related("one__site", "two__site", "found_by", "decided_by").first()
