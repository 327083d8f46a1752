"""Words that differ by one slip from a stored one are found by an index over single deletions.

Two words one edit apart (a letter more, less, another, or two exchanged) share a word that comes of
leaving one letter out (Bocek, Hunt and Wang 2007; Garbe's symmetric deletion).
"""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import F, Func

_FUNCTION = """
CREATE FUNCTION patients_nearby(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array_agg(DISTINCT near) FROM (
    SELECT word AS near
    UNION ALL
    SELECT overlay(word PLACING '' FROM place FOR 1)
    FROM generate_series(1, length(word)) AS place WHERE length(word) > 2
  ) AS every
$$
"""


class Migration(migrations.Migration):
    """Nothing that is there changes; the index is built beside the work."""

    atomic = False

    dependencies = [("patients", "0001_who_they_are")]

    operations = [
        migrations.RunSQL(sql=_FUNCTION, reverse_sql="DROP FUNCTION patients_nearby(text)"),
        AddIndexConcurrently(
            model_name="nameword",
            index=django.contrib.postgres.indexes.GinIndex(
                Func(F("word"), function="patients_nearby"), name="nameword_nearby"
            ),
        ),
    ]
