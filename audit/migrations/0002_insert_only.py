"""The site's role adds to the trail and reads it; nobody empties it."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def insert_only(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """UPDATE and DELETE on the trail are not granted to the app's role (SEC-U3)."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        app = settings.DATABASE_ROLES["app"]
        if cursor.fetchone()[0] == app:
            return
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [app])
        if cursor.fetchone():
            cursor.execute(
                f"REVOKE UPDATE, DELETE ON audit_auditevent FROM {editor.quote_name(app)}"
            )


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_trail"), ("core", "0003_guards_and_cache")]
    operations = [
        migrations.RunSQL(
            sql="CREATE TRIGGER auditevent_no_truncate BEFORE TRUNCATE ON audit_auditevent "
            "FOR EACH STATEMENT EXECUTE FUNCTION hms_refuse_truncate()",
            reverse_sql="DROP TRIGGER auditevent_no_truncate ON audit_auditevent",
        ),
        migrations.RunPython(insert_only, migrations.RunPython.noop),
    ]
