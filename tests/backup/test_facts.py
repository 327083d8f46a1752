"""Every planted difference between a database and its copy is found and named, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from hms.backup import facts

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
APP = settings.DATABASE_ROLES["app"]
PLANTED = {
    "a changed row": (
        "UPDATE django_migrations SET app = app || ' ' "
        "WHERE id = (SELECT min(id) FROM django_migrations)",
        "table public.django_migrations: has other contents in its",
    ),
    "a lost row": (
        "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)",
        "table public.django_migrations: has",
    ),
    "a row too many": (
        "INSERT INTO core_heartbeat (name, beat_at) VALUES ('stranger', now())",
        "table public.core_heartbeat: has 1 rows instead of 0",
    ),
    "a missing table": (
        "DROP TABLE core_numberseries",
        "table public.core_numberseries: is missing",
    ),
    "a dropped constraint": (
        "ALTER TABLE core_backupjob DROP CONSTRAINT backupjob_kind_known",
        "constraint public.core_backupjob.backupjob_kind_known: is missing",
    ),
    "a constraint that lets more through": (
        "ALTER TABLE core_backupjob DROP CONSTRAINT backupjob_kind_known, ADD CONSTRAINT "
        "backupjob_kind_known CHECK (kind <> '')",
        "constraint public.core_backupjob.backupjob_kind_known: differs",
    ),
    "a disabled trigger": (
        "ALTER TABLE core_statechange DISABLE TRIGGER core_statechange_no_truncate",
        "trigger public.core_statechange.core_statechange_no_truncate: differs",
    ),
    "a dropped trigger": (
        "DROP TRIGGER core_statechange_no_truncate ON core_statechange",
        "trigger public.core_statechange.core_statechange_no_truncate: is missing",
    ),
    "a sequence moved back": (
        "ALTER SEQUENCE django_migrations_id_seq RESTART",
        "sequence public.django_migrations_id_seq: is at 0, behind",
    ),
    "a dropped unique index": (
        "DROP INDEX backupjob_one_at_a_time",
        "index public.core_backupjob.backupjob_one_at_a_time: is missing",
    ),
    "a column of another type": (
        "ALTER TABLE core_backupjob ALTER COLUMN error TYPE varchar(400)",
        "column public.core_backupjob.error: differs",
    ),
    "a right given away": (
        f"GRANT TRUNCATE ON core_statechange TO {APP}",
        "grant on table public.core_statechange.grants: differs",
    ),
}


@pytest.fixture
def line() -> Iterator[Any]:
    with connections["owner"].cursor() as cursor:
        yield cursor.connection


def read(line: Any) -> facts.Facts:
    facts.prepare(line)
    found = facts.Facts()
    facts.read(line, into=found)
    return found


@pytest.mark.parametrize("what", sorted(PLANTED))
def test_what_was_planted_is_named(what: str, line: Any) -> None:
    sql, wanted = PLANTED[what]
    before = read(line)
    with line.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = public")
        cursor.execute(sql)
    found = [str(each) for each in facts.compare(before, read(line))]
    assert [each for each in found if each.startswith(wanted)] != [], found
    table = wanted.split(".")[1].split(":")[0].removesuffix("_id_seq")
    assert [each for each in found if table not in each] == []


def test_the_same_database_does_not_differ_from_itself(line: Any) -> None:
    before = read(line)
    assert facts.compare(before, read(line)) == []
    assert before.tables["public.django_migrations"][0] > 80
    assert {"constraint", "trigger", "index", "grant on table"} <= {
        kind for kind, items in before.catalog.items() if items
    }


def test_a_sequence_ahead_is_no_difference(line: Any) -> None:
    before = read(line)
    with line.cursor() as cursor:
        cursor.execute("SELECT nextval('public.core_backupjob_id_seq')")
    assert facts.compare(before, read(line)) == []
