"""The trail is kept in months; nothing gets at a month except through the trail."""

from datetime import UTC, datetime

import psycopg2
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction

from audit import services, tasks
from audit.services import Action, record
from core import clock
from hms import privileges, readiness
from tests.factories.org import STARTED

INSERT = (
    "INSERT INTO {table} (public_id, occurred_at, recorded_at, act, action, outcome, role,"
    " subject_type, subject, reason, source, address, session, request_id)"
    " VALUES (gen_random_uuid(), now(), '{at}', 'probe', 'R', '0', '', '', '', '', 'task', '',"
    " '', '') RETURNING tableoid::regclass::text"
)
PARTS = (
    "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
    " AND relname LIKE 'audit_auditevent%' ORDER BY relname"
)


def partitions(cursor) -> list[str]:
    cursor.execute(PARTS)
    return [row[0] for row in cursor.fetchall()]


def this_month() -> str:
    return f"audit_auditevent_{clock.now().astimezone(UTC):%Y_%m}"


def where(at: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(table="audit_auditevent", at=at))
        return str(cursor.fetchone()[0])


def test_a_row_lies_in_the_month_it_was_recorded_in(db: None) -> None:
    row = record("probe", action=Action.READ, at=STARTED, by=None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM audit_auditevent WHERE id=%s", [row.pk]
        )
        assert cursor.fetchone() == (this_month(),)


@pytest.mark.parametrize("at", ["1999-12-31 23:59:59+00", "2199-01-01 00:00:00+00"])
def test_a_row_of_no_month_is_kept_by_the_rest(db: None, at: str) -> None:
    assert where(at) == "audit_auditevent_rest"


def test_years_end_at_midnight_utc(db: None) -> None:
    now = clock.now()
    year = now.year + 1
    assert where(f"{year}-01-01 00:00:00+00") == f"audit_auditevent_{year}_01"
    assert where(f"{year}-01-01 00:59:59+01") == f"audit_auditevent_{year - 1}_12"


def test_eighteen_months_are_made_ahead_and_asking_twice_makes_none(db: None) -> None:
    assert services.months_ahead(at=clock.now()) == 18
    assert tasks.months_make_due() == 0


@pytest.mark.parametrize("right", ["SELECT 1 FROM {}", "INSERT INTO {} DEFAULT VALUES"])
@pytest.mark.parametrize("part", ["audit_auditevent_rest", "this month"])
def test_the_site_cannot_go_past_the_trail(db: None, right: str, part: str) -> None:
    table = this_month() if part == "this month" else part
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(right.format(table))
    assert caught.value.__cause__.pgcode == "42501"  # type: ignore[union-attr]


@pytest.mark.django_db(databases=["default", "owner"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_each_month_refuses_its_owner_as_the_trail_does(change: str) -> None:
    names = connections["owner"].get_connection_params()
    keys = ("dbname", "user", "password", "host", "port")
    owner = psycopg2.connect(**{key: names[key] for key in keys})
    try:
        with owner.cursor() as cursor:
            for table in partitions(cursor):
                cursor.execute("SAVEPOINT before")
                # A row by its own month: the trigger speaks only when there is one.
                at = (
                    "1999-01-01" if table.endswith("rest") else f"{table[-7:].replace('_', '-')}-02"
                )
                cursor.execute(INSERT.format(table="audit_auditevent", at=at))
                assert cursor.fetchone() == (table,)
                with pytest.raises(psycopg2.Error, match=r"update or delete rows|append-only"):
                    cursor.execute(change.format(table))
                cursor.execute("ROLLBACK TO before")
    finally:
        owner.rollback()
        owner.close()


@pytest.mark.django_db(databases=["default", "owner"])
def test_a_month_made_later_has_the_rights_of_the_others() -> None:
    roles = settings.DATABASE_ROLES
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        before = partitions(cursor)
        cursor.execute("SELECT audit_months_make(20)")
        assert cursor.fetchone() == (2,)
        for table in set(partitions(cursor)) - set(before):
            for role in {roles["app"], roles["reporting"]} & privileges._column(
                cursor, "SELECT rolname FROM pg_roles"
            ):
                cursor.execute(
                    "SELECT has_table_privilege(%s, %s, 'SELECT, INSERT, UPDATE, DELETE')",
                    [role, table],
                )
                assert cursor.fetchone() == (False,)
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass", [table])
            assert cursor.fetchone() == (2,)
        transaction.set_rollback(True, using="owner")


def test_the_next_month_missing_is_said_by_readiness(db: None) -> None:
    assert readiness._months(clock.now()).state == "ok"
    late = datetime(clock.now().year + 3, 1, 1, tzinfo=UTC)
    assert readiness._months(late).state == "degraded"


def test_the_key_of_a_row_is_its_number_in_python(db: None) -> None:
    row = record("probe", action=Action.READ, at=STARTED, by=None)
    assert type(row).objects.get(pk=row.pk).public_id == row.public_id
