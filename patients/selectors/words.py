"""Which patients have names like the words that were typed: the rarest word first."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from patients.rules.names import nearness, sound

# So many spellings of one typed word, so many patients behind the rarest of them.
MOST_SPELLINGS, MOST_BEHIND = 60, 3000
# A word is as rare as it looks among so many of its links.
COUNTED = 400
EXACT = 3.0
FUZZY_FROM, SOUND_FROM = 3, 2

Spelling = tuple[int, int, float]
Found = list[tuple[int, float]]

_SPELLINGS = """
    (SELECT %s::int, id, word, score FROM (
       SELECT id, word, greatest(
         CASE WHEN word = %s THEN 3.0 WHEN word LIKE %s THEN 1.6 ELSE 0 END,
         similarity(word, %s), CASE WHEN sound <> '' AND sound = %s THEN 0.55 ELSE 0 END) AS score
       FROM patients_nameword
       WHERE word = %s OR word LIKE %s OR (word %% %s AND %s) OR (sound = %s AND %s)) AS alike
     ORDER BY score DESC, id LIMIT %s)
"""
# One slip away: too little is left of a short word for its trigrams to say so.
_NEARBY = """
    (SELECT %s::int, id, word, 0.0 FROM patients_nameword
     WHERE patients_nearby(word) && patients_nearby(%s) LIMIT %s)
"""


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def spellings(words: Sequence[str]) -> list[Spelling]:
    """Return (number of the typed word, id of a stored word, how alike), in one question."""
    parts: list[str] = []
    values: list[Any] = []
    for number, word in enumerate(words):
        heard, start, is_long = sound(word), _escaped(word), len(word) >= FUZZY_FROM
        parts.append(_SPELLINGS)
        values += [number, word, start, word, heard, word, start]
        values += [word, is_long, heard, len(heard) >= SOUND_FROM, MOST_SPELLINGS]
        if is_long:
            parts.append(_NEARBY)
            values += [number, word, MOST_SPELLINGS]
    found: dict[tuple[int, int], float] = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for number, key, word, score in cursor.fetchall():
            alike = max(float(score), nearness(words[number], word))
            found[number, key] = max(alike, found.get((number, key), 0.0))
    return [(number, key, score) for (number, key), score in found.items()]


# A list that is NULL asks for nothing: the driver writes values into the statement, so the server
# plans without it.
_RAREST = """
    SELECT g.n FROM unnest(%(n)s::int[], %(id)s::bigint[], %(sc)s::float8[]) AS g(n, id, sc)
    CROSS JOIN LATERAL (
      SELECT count(*) AS c FROM (
        SELECT FROM patients_patientword pw WHERE pw.word_id = g.id LIMIT %(counted)s) AS few
    ) AS counted GROUP BY g.n ORDER BY sum(counted.c), g.n LIMIT 1
"""
_BEHIND = """
    WITH behind AS MATERIALIZED (
      SELECT pw.patient_id, max(g.sc) AS sc
      FROM unnest(%(n)s::int[], %(id)s::bigint[], %(sc)s::float8[]) AS g(n, id, sc)
      JOIN patients_patientword pw ON pw.word_id = g.id
      WHERE g.n = %(rarest)s
        AND (%(units)s::bigint[] IS NULL OR pw.patient_id IN (
          SELECT patient_id FROM patients_caringunit
          WHERE unit_id = ANY(%(units)s::bigint[]) AND period @> %(at)s::timestamptz
            AND coalesce(upper(period), 'infinity'::timestamptz) > %(at)s::timestamptz))
        AND (%(births)s::date[] IS NULL OR pw.patient_id IN (
          SELECT id FROM patients_patient WHERE birth_on = ANY(%(births)s::date[])))
      GROUP BY pw.patient_id ORDER BY sc DESC, pw.patient_id DESC LIMIT %(most)s
    ), others AS (
      SELECT behind.patient_id, g.n, max(g.sc) AS sc
      FROM behind JOIN patients_patientword o ON o.patient_id = behind.patient_id
      JOIN unnest(%(n)s::int[], %(id)s::bigint[], %(sc)s::float8[]) AS g(n, id, sc)
        ON g.id = o.word_id AND g.n <> %(rarest)s
      GROUP BY behind.patient_id, g.n
    )
    SELECT behind.patient_id, behind.sc + coalesce(sum(others.sc), 0) AS total
    FROM behind LEFT JOIN others USING (patient_id)
    GROUP BY behind.patient_id, behind.sc HAVING count(others.n) = %(count)s - 1
    ORDER BY total DESC, behind.patient_id DESC LIMIT %(limit)s
"""
# One word: the newest records behind each spelling, the best spelling first.
_NEWEST = """
    SELECT pw.patient_id, max(g.sc) AS total
    FROM unnest(%(n)s::int[], %(id)s::bigint[], %(sc)s::float8[]) AS g(n, id, sc)
    CROSS JOIN LATERAL (
      SELECT patient_id FROM patients_patientword l WHERE l.word_id = g.id
      ORDER BY l.patient_id DESC LIMIT %(limit)s) AS pw
    GROUP BY pw.patient_id ORDER BY total DESC, pw.patient_id DESC LIMIT %(limit)s
"""


def named(
    words: Sequence[str],
    *,
    births: Iterable[date] = (),
    units: Sequence[int] | None,
    at: datetime,
    limit: int,
) -> Found:
    """Return (patient, score) of those who have a name like every word, the best first.

    `units` None: every patient of the house; otherwise those in the care of these units at `at`.
    """
    near = spellings(words)
    if {number for number, _word, _score in near} != set(range(len(words))):
        return []
    born = list(births)
    exact = [each for each in near if each[2] >= EXACT]
    if {number for number, _word, _score in exact} == set(range(len(words))):
        found = _behind(exact, count=len(words), born=born, units=units, at=at, limit=limit)
        if len(found) >= limit:
            return found
    return _behind(near, count=len(words), born=born, units=units, at=at, limit=limit)


def _behind(
    near: list[Spelling],
    *,
    count: int,
    born: list[date],
    units: Sequence[int] | None,
    at: datetime,
    limit: int,
) -> Found:
    number, word, score = zip(*near, strict=True)
    values: dict[str, Any] = {
        "n": list(number),
        "id": list(word),
        "sc": list(score),
        "count": count,
        "limit": limit,
        "units": None if units is None else list(units),
        "at": at,
        "births": born or None,
        "rarest": 0,
        "counted": COUNTED,
        "most": MOST_BEHIND,
    }
    with connection.cursor() as cursor:
        if count == 1 and units is None and not born:
            cursor.execute(_NEWEST, values)
        else:
            if count > 1:
                cursor.execute(_RAREST, values)
                values["rarest"] = cursor.fetchone()[0]
            cursor.execute(_BEHIND, values)
        return [(patient, float(total)) for patient, total in cursor.fetchall()]


_SOUNDING = """
    SELECT pw.patient_id FROM patients_nameword w
    JOIN patients_patientword pw ON pw.word_id = w.id
    WHERE w.sound = ANY(%(sounds)s) AND w.sound <> ''
      AND (%(births)s::date[] IS NULL OR pw.patient_id IN (
        SELECT id FROM patients_patient WHERE birth_on = ANY(%(births)s::date[])))
    GROUP BY pw.patient_id HAVING count(DISTINCT w.sound) >= %(least)s
    ORDER BY pw.patient_id DESC LIMIT %(limit)s
"""


def sounding(
    sounds: Iterable[str], *, least: int, births: Sequence[date] = (), limit: int
) -> list[int]:
    """Return who has names of at least `least` of the sounds, born on one of the days if given."""
    values: dict[str, Any] = {
        "sounds": sorted(set(sounds)),
        "least": least,
        "births": list(births) or None,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SOUNDING, values)
        return [row[0] for row in cursor.fetchall()]
