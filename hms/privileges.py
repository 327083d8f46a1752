"""What each database role may do, put right after every migrate: also for a role made later.

The migrations that granted first did so for the roles that existed then; this is the whole list,
and repeating it changes nothing.
"""

import functools
from collections.abc import Iterable
from typing import Any

import yaml
from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

POLICY = settings.BASE_DIR / "config" / "data_policy.yaml"
TABLES = {"app": "SELECT, INSERT, UPDATE, DELETE", "reporting": "SELECT", "backup": "SELECT"}
SEQUENCES = {"app": "USAGE, SELECT", "reporting": "SELECT", "backup": "SELECT"}
# Whole tables that hold what somebody could act with, or what was answered to somebody else.
SECRET_TABLES = (
    "core_cache",
    "core_idempotencykey",
    "django_session",
    "mfa_authenticator",
    "org_accountkey",
    "org_loginsession",
    "org_recoverycode",
)
_GUARD = "hms_refuse_truncate"


@functools.cache
def secret_columns() -> dict[str, frozenset[str]]:
    """Return the columns that the data policy calls secret: table -> columns."""
    policy = yaml.safe_load(POLICY.read_text(encoding="utf-8"))["tables"]
    found = {
        apps.get_model(label)._meta.db_table: frozenset(
            name for name, (kind, _scrub) in spec["columns"].items() if kind == "secret"
        )
        for label, spec in policy.items()
    }
    return {table: columns for table, columns in found.items() if columns}


def apply(using: str) -> list[str]:
    """Every role that exists has exactly its rights; returns the roles that are missing."""
    wanted = {key: settings.DATABASE_ROLES[key] for key in TABLES}
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        owner, database = _one(cursor, "SELECT current_user, current_database()")
        known = _column(cursor, "SELECT rolname FROM pg_roles")
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        _guard_histories(cursor, using)
        _seal_marks(cursor, using)
        _months(cursor)
        present = {key: name for key, name in wanted.items() if name in known and name != owner}
        for key, name in present.items():
            _grant(cursor, key, _quoted(using, name))
            if _one(cursor, _OWNS, [database])[0]:
                _run(cursor, f"GRANT CONNECT ON DATABASE {_quoted(using, database)}", using, name)
        for key in present.keys() & {"app", "reporting"}:
            _close_partitions(cursor, using, present[key])
        if "app" in present:
            _months_by_app(cursor, _quoted(using, present["app"]))
            _insert_only(cursor, using, present["app"])
        if "reporting" in present:
            _hide_secrets(cursor, using, present["reporting"])
    return sorted(name for name in set(wanted.values()) - {owner} if name not in known)


_OWNS = "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = %s"
_GUARDED = (
    "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "JOIN pg_proc ON pg_proc.oid = tgfoid WHERE proname = %s"
)
_COLUMNS = (
    "SELECT attname FROM pg_attribute "
    "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


def _guard_histories(cursor: CursorWrapper, using: str) -> None:
    """Every table of row history refuses TRUNCATE, and so UPDATE and DELETE by the app's role."""
    histories = _column(
        cursor,
        "SELECT table_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = 'pgh_obj_id'",
    )
    for table in sorted(histories):
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER {_quoted(using, f'{table}_no_truncate')} BEFORE TRUNCATE "
            f"ON {_quoted(using, table)} FOR EACH STATEMENT EXECUTE FUNCTION {_GUARD}()"
        )


_PARTITIONS = (
    "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' "
    "AND relnamespace = 'public'::regnamespace"
)


# Facts (core_event) leave after ninety days and are not sealed; what they say is on the trail too.
SEALED = ("core_statechange", "org_activationevent")
_UNMARKED = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
    "AND c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_attribute a "
    "WHERE a.attrelid = c.oid AND a.attname = 'sealed_xid') AND (c.relname = ANY(%s) OR EXISTS ("
    "SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'pgh_obj_id'))"
)


def _seal_marks(cursor: CursorWrapper, using: str) -> None:
    """Each row of a sealed table says which transaction wrote it (ADR 0017)."""
    for table in sorted(_column(cursor, _UNMARKED, [list(SEALED)])):
        name = _quoted(using, table)
        cursor.execute(
            f"ALTER TABLE {name} ADD COLUMN sealed_xid xid8 NOT NULL DEFAULT pg_current_xact_id()"
        )
        cursor.execute(
            f"CREATE INDEX {_quoted(using, f'{table}_sealed_xid')} ON {name} (sealed_xid)"
        )


def _months(cursor: CursorWrapper) -> None:
    """The trail has a table for each of the coming months."""
    if _one(cursor, "SELECT to_regprocedure('audit_months_make(integer)') IS NOT NULL")[0]:
        cursor.execute("SELECT audit_months_make(18)")


def _months_by_app(cursor: CursorWrapper, role: str) -> None:
    """The site may ask for the coming months: the function makes what is missing, nothing else."""
    if _one(cursor, "SELECT to_regprocedure('audit_months_make(integer)') IS NOT NULL")[0]:
        cursor.execute(f"GRANT EXECUTE ON FUNCTION audit_months_make(integer) TO {role}")


def _close_partitions(cursor: CursorWrapper, using: str, role: str) -> None:
    """Partitions are reached through their table only; a backup reads them one by one."""
    names = ", ".join(_quoted(using, name) for name in sorted(_column(cursor, _PARTITIONS)))
    if names:
        _revoke(cursor, f"ALL ON {names}", using, role)


def _grant(cursor: CursorWrapper, key: str, role: str) -> None:
    """What is there and what is made from here on."""
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for kind, rights in (("TABLES", TABLES[key]), ("SEQUENCES", SEQUENCES[key])):
        cursor.execute(f"GRANT {rights} ON ALL {kind} IN SCHEMA public TO {role}")
        cursor.execute(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON {kind} TO {role}"
        )


def _insert_only(cursor: CursorWrapper, using: str, role: str) -> None:
    """What may not be emptied may not be changed either; which migrations ran is the owner's."""
    sealed = _column(cursor, _GUARDED, [_GUARD])
    if sealed:
        names = ", ".join(_quoted(using, table) for table in sorted(sealed))
        _revoke(cursor, f"UPDATE, DELETE ON {names}", using, role)
    _revoke(cursor, "INSERT, UPDATE, DELETE ON django_migrations", using, role)


def _hide_secrets(cursor: CursorWrapper, using: str, role: str) -> None:
    """Whole secret tables are closed; of the others the columns that are not secret are open."""
    tables = _column(cursor, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for table in sorted(tables & {*SECRET_TABLES, *secret_columns()}):
        name = _quoted(using, table)
        _revoke(cursor, f"SELECT ON {name}", using, role)
        if table in SECRET_TABLES:
            continue
        cursor.execute(_COLUMNS, [table])
        hidden = secret_columns()[table]
        columns = (_quoted(using, row[0]) for row in cursor.fetchall() if row[0] not in hidden)
        _run(cursor, f"GRANT SELECT ({', '.join(columns)}) ON {name}", using, role)


def _run(cursor: CursorWrapper, grant: str, using: str, role: str) -> None:
    cursor.execute(f"{grant} TO {_quoted(using, role)}")


def _revoke(cursor: CursorWrapper, rights: str, using: str, role: str) -> None:
    cursor.execute(f"REVOKE {rights} FROM {_quoted(using, role)}")


def _quoted(using: str, name: str) -> str:
    return str(connections[using].ops.quote_name(name))


def _one(cursor: CursorWrapper, sql: str, values: Iterable[Any] = ()) -> tuple[Any, ...]:
    cursor.execute(sql, list(values))
    found: tuple[Any, ...] = cursor.fetchone()
    return found


def _column(cursor: CursorWrapper, sql: str, values: Iterable[Any] = ()) -> set[str]:
    cursor.execute(sql, list(values))
    return {row[0] for row in cursor.fetchall()}


def apply_after_migrate(sender: Any, using: str, **_kwargs: Any) -> None:
    """Once per migrate, when every room's tables are there; Django signals once per room."""
    if sender.label == "org" and using == "owner":
        apply(using)
