"""Every migrate puts the rights of the database roles right, whenever a role was made."""

import os
from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction

from hms import privileges
from hms.management.commands.database_roles import statements

REPORTING = "DATABASE_REPORTING_URL" in os.environ
needs_roles = pytest.mark.skipif(not REPORTING, reason="the cluster has no reporting role")
pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@pytest.fixture
def owner() -> Iterator[object]:
    """A cursor of the owner whose work is undone."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        yield cursor
        transaction.set_rollback(True, using="owner")


def may(cursor, role: str, table: str, right: str) -> bool:
    cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, right])
    return bool(cursor.fetchone()[0])


def rights(cursor) -> list[tuple]:
    cursor.execute(
        "SELECT grantee, table_name, column_name, privilege_type "
        "FROM information_schema.column_privileges WHERE table_schema = 'public' "
        "ORDER BY 1, 2, 3, 4"
    )
    return list(cursor.fetchall())


def test_a_role_that_lost_everything_has_its_rights_after_the_next_migrate(owner) -> None:
    app = settings.DATABASE_ROLES["app"]
    owner.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {app}")
    owner.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {app}")
    assert not may(owner, app, "org_unit", "INSERT")
    privileges.apply_after_migrate(apps.get_app_config("org"), "owner")
    assert may(owner, app, "org_unit", "INSERT, UPDATE, DELETE")
    owner.execute("SELECT has_sequence_privilege(%s, 'org_unit_id_seq', 'USAGE')", [app])
    assert owner.fetchone() == (True,)


@needs_roles
def test_a_role_of_another_name_gets_the_rights_of_its_part(owner, settings) -> None:
    """As if the application's role were made after the first migrate: another stands for it."""
    late = settings.DATABASE_ROLES["reporting"]
    settings.DATABASE_ROLES = {**settings.DATABASE_ROLES, "app": late, "reporting": "nobody_here"}
    assert privileges.apply("owner") == ["nobody_here"]
    assert may(owner, late, "org_unit", "INSERT")
    assert may(owner, late, "audit_auditevent", "INSERT")
    for table in ("audit_auditevent", "core_statechange", "core_event", "django_migrations"):
        assert not may(owner, late, table, "UPDATE")
        assert not may(owner, late, table, "DELETE")


def test_twice_is_once(owner) -> None:
    privileges.apply("owner")
    once = rights(owner)
    privileges.apply("owner")
    assert rights(owner) == once


@needs_roles
def test_reports_read_no_secret(owner) -> None:
    role = settings.DATABASE_ROLES["reporting"]
    owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    privileges.apply("owner")
    for table in privileges.SECRET_TABLES:
        assert not may(owner, role, table, "SELECT")
    for table, columns in privileges.secret_columns().items():
        for column in columns:
            owner.execute(
                "SELECT has_column_privilege(%s, %s, %s, 'SELECT')", [role, table, column]
            )
            assert owner.fetchone() == (False,)
    owner.execute("SELECT has_column_privilege(%s, 'org_user', 'username', 'SELECT')", [role])
    assert owner.fetchone() == (True,)


def test_only_the_owner_s_alias_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[str] = []
    monkeypatch.setattr(privileges, "apply", touched.append)
    for alias, label in (("default", "org"), ("owner", "core"), ("owner", "org")):
        privileges.apply_after_migrate(apps.get_app_config(label), alias)
    assert touched == ["owner"]


def test_one_role_for_everything_is_left_alone(owner, settings) -> None:
    owner.execute("SELECT current_user")
    name = owner.fetchone()[0]
    settings.DATABASE_ROLES = dict.fromkeys(settings.DATABASE_ROLES, name)
    assert privileges.apply("owner") == []


def test_the_command_prints_each_role_with_a_password_from_outside() -> None:
    out = StringIO()
    call_command("database_roles", sql=True, stdout=out)
    for key, name in settings.DATABASE_ROLES.items():
        assert f'ALTER ROLE "{name}" LOGIN' in out.getvalue()
        assert f":'{key}_password'" in out.getvalue()


def test_names_in_the_statements_are_quoted() -> None:
    names = {"owner": 'o"w', "app": "it's", "reporting": "r", "backup": 'o"w'}
    script = statements(names, "db")
    assert 'ALTER ROLE "o""w" LOGIN' in script
    assert "SELECT 'CREATE ROLE \"it''s\"'" in script
    assert "backup_password" not in script


def test_the_command_says_which_roles_exist() -> None:
    out = StringIO()
    call_command("database_roles", stdout=out)
    states = [line.split() for line in out.getvalue().splitlines()]
    assert [key for key, _name, _state in states] == ["owner", "app", "reporting", "backup"]
    assert states[0][2] == "exists"
