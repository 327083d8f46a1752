"""Before any table: what the four database roles may do with everything made from here on."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_TABLES = {
    "app": "SELECT, INSERT, UPDATE, DELETE",
    "reporting": "SELECT",
    "backup": "SELECT",
}


def grant(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The app reads and writes rows, reporting and backup read; only the owner makes tables."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
        cursor.execute("SELECT rolname FROM pg_roles")
        known = {name for (name,) in cursor.fetchall()}
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for key, privileges in _TABLES.items():
            role = settings.DATABASE_ROLES[key]
            if role == owner or role not in known:
                continue
            name = editor.quote_name(role)
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
            cursor.execute(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {privileges} ON TABLES TO {name}"
            )
            on_sequences = "USAGE, SELECT" if key == "app" else "SELECT"
            cursor.execute(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public "
                f"GRANT {on_sequences} ON SEQUENCES TO {name}"
            )
            cursor.execute(f"GRANT SELECT ON django_migrations TO {name}")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    run_before = [("contenttypes", "0001_initial"), ("sessions", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql=[
                "CREATE EXTENSION IF NOT EXISTS btree_gist",
                "CREATE EXTENSION IF NOT EXISTS pg_trgm",
                "CREATE EXTENSION IF NOT EXISTS unaccent",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunPython(grant, migrations.RunPython.noop, elidable=False),
    ]
