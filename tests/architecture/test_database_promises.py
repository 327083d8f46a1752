"""What the database itself refuses, whoever asks and whatever the code says (SEC-U3, SEC-V5)."""

import os
from collections.abc import Iterator

import psycopg2
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction

from audit.services import Action, record
from core.events import publish
from core.states import state_change_record
from org.events import UnitCreated
from tests.factories import org as people

APPEND_ONLY = ("audit_auditevent", "core_statechange", "core_event", "org_activationevent")
SEALED = APPEND_ONLY[:3]
CHANGES = ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE")
STRUCTURE = (
    "CREATE TABLE intruder (id int)",
    "DROP TABLE {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} ADD COLUMN extra int",
)


@pytest.fixture
def rows(hospital: people.Hospital) -> None:
    """Each append-only table holds at least one row."""
    record("probe", action=Action.READ, at=people.STARTED, by=None)
    state_change_record(hospital.ward, "", "probe", by=None, at=people.STARTED)
    publish(
        UnitCreated(unit_id=hospital.ward.pk, public_id=hospital.ward.public_id),
        at=people.STARTED,
    )


def _refused(sql: str, using: str = "default") -> str:
    """Run `sql`, which must be refused, and return the SQLSTATE."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic(using=using):
        connections[using].cursor().execute(sql)
    return str(caught.value.__cause__.pgcode)  # type: ignore[union-attr]


@pytest.mark.parametrize("table", SEALED)
@pytest.mark.parametrize("change", CHANGES)
def test_the_site_cannot_change_what_was_written(rows: None, table: str, change: str) -> None:
    assert _refused(change.format(table)) == "42501"


@pytest.mark.parametrize("table", SEALED)
@pytest.mark.parametrize("change", STRUCTURE)
def test_the_site_cannot_change_the_tables_themselves(db: None, table: str, change: str) -> None:
    assert _refused(change.format(table)) == "42501"


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_site_cannot_empty_a_table(db: None, table: str) -> None:
    assert _refused(f"TRUNCATE {table} CASCADE") == "42501"


def _owner() -> "psycopg2.extensions.connection":
    """Connect as the owner of the tables, without the tests' leave to truncate."""
    parts = connections["owner"].get_connection_params()
    names = {key: parts[key] for key in ("dbname", "user", "password", "host", "port")}
    return psycopg2.connect(**names)


@pytest.fixture
def owner(db: None) -> Iterator["psycopg2.extensions.connection"]:
    found = _owner()
    yield found
    found.rollback()
    found.close()


_INSERTS = {
    "audit_auditevent": "INSERT INTO audit_auditevent (public_id, occurred_at, act, action,"
    " outcome, role, subject_type, subject, reason, source, address, session, request_id)"
    " VALUES (gen_random_uuid(), now(), 'probe', 'R', '0', '', '', '', '', 'task', '', '', '')",
    "core_statechange": "INSERT INTO core_statechange (subject_type, subject_id, from_state,"
    " to_state, occurred_at, reason, source, request_id)"
    " VALUES ('probe', 1, '', 'x', now(), '', 'task', '')",
    "core_event": "INSERT INTO core_event (public_id, name, payload, order_key, occurred_at,"
    " request_id) VALUES (gen_random_uuid(), 'probe', '{}', '', now(), '')",
    "org_activationevent": "INSERT INTO org_activationevent (unit, module, from_level, to_level,"
    " reason, occurred_at) VALUES (1, 'beds', 'off', 'live', '', now())",
}


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", CHANGES[:2])
def test_triggers_refuse_the_owner_too(
    owner: "psycopg2.extensions.connection", table: str, change: str
) -> None:
    cursor = owner.cursor()
    cursor.execute(_INSERTS[table])
    with pytest.raises(psycopg2.Error, match="Cannot update or delete rows"):
        cursor.execute(change.format(table))


@pytest.mark.parametrize("table", SEALED)
def test_the_owner_cannot_empty_the_trail(
    owner: "psycopg2.extensions.connection", table: str
) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="append-only"):
        owner.cursor().execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "15s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ],
)
def test_the_site_waits_only_so_long(db: None, setting: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {setting}")
        assert cursor.fetchone() == (value,)


def test_the_site_gives_up_connecting_after_three_seconds() -> None:
    assert settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] == 3


def test_the_site_is_neither_owner_nor_superuser(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)


READERS = [
    name for name in ("DATABASE_REPORTING_URL", "DATABASE_BACKUP_URL") if os.environ.get(name)
]


@pytest.mark.parametrize("name", READERS)
def test_reporting_and_backup_only_read(db: None, name: str) -> None:
    url = os.environ[name].rsplit("/", 1)[0]
    reader = psycopg2.connect(f"{url}/{connection.settings_dict['NAME']}")
    reader.autocommit = True
    try:
        with reader.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM org_unit")
            cursor.execute("SET default_transaction_read_only = off")
            for sql in (
                "INSERT INTO core_heartbeat VALUES ('x', now())",
                "UPDATE org_unit SET name = 'x'",
                "DELETE FROM org_unit",
                "TRUNCATE org_unit CASCADE",
                "CREATE TABLE intruder (id int)",
            ):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(sql)
    finally:
        reader.close()


@pytest.mark.skipif("DATABASE_REPORTING_URL" not in os.environ, reason="no reporting role here")
def test_reporting_does_not_read_secrets(db: None) -> None:
    url = os.environ["DATABASE_REPORTING_URL"].rsplit("/", 1)[0]
    reader = psycopg2.connect(f"{url}/{connection.settings_dict['NAME']}")
    reader.autocommit = True
    try:
        with reader.cursor() as cursor:
            cursor.execute("SELECT username FROM org_user")
            for column, table in (
                ("password", "org_user"),
                ("session_data", "django_session"),
                ("body", "core_idempotencykey"),
                ("value", "core_cache"),
            ):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(f"SELECT {column} FROM {table}")
    finally:
        reader.close()
