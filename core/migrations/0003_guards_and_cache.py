"""Append-only tables stay whole under TRUNCATE too, and the default cache has its table."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_GUARD = """
CREATE FUNCTION hms_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('hms.allow_truncate', true), 'off') <> 'on' THEN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$
"""
_CACHE = """
CREATE TABLE core_cache (
  cache_key varchar(255) NOT NULL PRIMARY KEY,
  value text NOT NULL,
  expires timestamptz NOT NULL
)
"""


def insert_only(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The app's role may add state changes and facts, and nothing else with them."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        app = settings.DATABASE_ROLES["app"]
        if cursor.fetchone()[0] == app:
            return
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [app])
        if cursor.fetchone():
            name = editor.quote_name(app)
            cursor.execute(f"REVOKE UPDATE, DELETE ON core_statechange, core_event FROM {name}")


class Migration(migrations.Migration):
    dependencies = [("core", "0002_tables")]
    operations = [
        migrations.RunSQL(sql=_GUARD, reverse_sql="DROP FUNCTION hms_refuse_truncate CASCADE"),
        migrations.RunSQL(
            sql=[
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION hms_refuse_truncate()"
                for table in ("core_statechange", "core_event")
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            sql=[_CACHE, "CREATE INDEX core_cache_expires ON core_cache (expires)"],
            reverse_sql="DROP TABLE core_cache",
        ),
        migrations.RunPython(insert_only, migrations.RunPython.noop),
    ]
