"""User names are plain ASCII; who only reads for reports does not read what opens a door."""

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Whole tables, and single columns, that hold what somebody could act with (names of our own).
_SECRET_TABLES = ("django_session", "core_cache", "core_idempotencykey")
_SECRET_COLUMNS = {"org_user": {"password"}}


def hide(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The reporting role loses what data_policy.yaml calls secret."""
    with editor.connection.cursor() as cursor:
        role = settings.DATABASE_ROLES["reporting"]
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if role == owner or cursor.fetchone() is None:
            return
        name = editor.quote_name(role)
        for table in _SECRET_TABLES:
            cursor.execute(f"REVOKE SELECT ON {table} FROM {name}")  # nosec B608
        for table, secret in _SECRET_COLUMNS.items():
            cursor.execute(
                "SELECT attname FROM pg_attribute "
                "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
                [table],
            )
            columns = [column for (column,) in cursor.fetchall() if column not in secret]
            listed = ", ".join(editor.quote_name(column) for column in columns)
            cursor.execute(f"REVOKE SELECT ON {table} FROM {name}")  # nosec B608
            cursor.execute(f"GRANT SELECT ({listed}) ON {table} TO {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0002_assignment_cancelled"),
        ("sessions", "0001_initial"),
    ]
    operations = [
        migrations.RemoveConstraint(model_name="user", name="user_name_lower"),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("username__regex", "^[a-z0-9._@-]+$")), name="user_name_plain"
            ),
        ),
        migrations.RunPython(hide, migrations.RunPython.noop),
    ]
