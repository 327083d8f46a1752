"""What reading the trail needs: rights, and three indexes that were measured (docs/adr/0021).

An index of a partitioned table is made month by month, beside the writers, and then put together.
"""

from django.db import migrations, models

TABLE = "audit_auditevent"
INDEXES = {
    "audit_request": "(request_id) WHERE request_id <> ''",
    "audit_disclosed": "(occurred_at, id) WHERE recipient <> ''",
}
_PARTS = (
    "SELECT inhrelid::regclass::text FROM pg_inherits "
    "WHERE inhparent = 'audit_auditevent'::regclass ORDER BY 1"
)
_STATE = (
    "SELECT i.indisvalid, EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid) "
    "FROM pg_index i WHERE i.indexrelid = to_regclass(%s)"
)


def build(apps, schema_editor):
    """Every month has the indexes, and so has the whole."""
    if schema_editor.collect_sql:
        # Which statements they are depends on the months that are there.
        return
    with schema_editor.connection.cursor() as cursor:
        for name, words in INDEXES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON ONLY {TABLE} {words}")
            cursor.execute(_PARTS)
            for (part,) in cursor.fetchall():
                _build_part(cursor, part, name, words)


def _build_part(cursor, part, name, words):
    index = f"{part}_{name.removeprefix('audit_')}"
    cursor.execute(_STATE, [index])
    is_valid, is_attached = cursor.fetchone() or (None, False)
    if is_attached:
        return
    if is_valid is False:
        # Left over from a run that was broken off.
        cursor.execute(f'DROP INDEX CONCURRENTLY "{index}"')
    if not is_valid:
        cursor.execute(f'CREATE INDEX CONCURRENTLY "{index}" ON "{part}" {words}')
    cursor.execute(f'ALTER INDEX {name} ATTACH PARTITION "{index}"')


def drop(apps, schema_editor):
    """The indexes are gone."""
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0005_seals")]
    operations = [
        migrations.AlterModelOptions(
            name="auditevent",
            options={
                "default_permissions": (),
                "permissions": [
                    ("view_trail", "Search the audit trail"),
                    ("view_history", "See who changed people, roles, units and settings"),
                    ("export_trail", "Export the audit trail"),
                    ("record_disclosure", "Record to whom data of a patient was given"),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="verifyrun",
            options={
                "default_permissions": (),
                "permissions": [
                    ("view_seals", "See whether the audit trail is whole, and check it"),
                    ("acknowledge_break", "Acknowledge that the audit trail was found broken"),
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, drop)],
            state_operations=[
                migrations.AddIndex(
                    model_name="auditevent",
                    index=models.Index(
                        condition=~models.Q(request_id=""),
                        fields=["request_id"],
                        name="audit_request",
                    ),
                ),
                migrations.AddIndex(
                    model_name="auditevent",
                    index=models.Index(
                        condition=~models.Q(recipient=""),
                        fields=["occurred_at", "id"],
                        name="audit_disclosed",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="seal",
            index=models.Index(fields=["chain", "last_at"], name="seal_of_a_time"),
        ),
    ]
