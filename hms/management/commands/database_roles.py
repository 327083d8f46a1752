"""`database_roles`: the four roles of the database, as SQL or as they are."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

HEAD = """\
-- The four roles and the database. Run it as a superuser of your PostgreSQL, as often as you like:
--   manage.py database_roles --sql > roles.sql
--   HMS_OWNER=… HMS_APP=… HMS_REPORTING=… HMS_BACKUP=… psql -X -f roles.sql postgres
-- The passwords come from these variables of the environment; the next `manage.py migrate` gives
-- every role its rights.
\\set ON_ERROR_STOP on"""
ROLE = """\
\\getenv {key}_password HMS_{variable}
SELECT {make} WHERE NOT EXISTS
    (SELECT FROM pg_roles WHERE rolname = {text}) \\gexec
ALTER ROLE {name} LOGIN {rights} NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'{key}_password';"""
READ_ONLY = """\
ALTER ROLE {name} SET statement_timeout = '120s';
ALTER ROLE {name} SET default_transaction_read_only = on;"""
DATABASE = """\
SELECT {make} WHERE NOT EXISTS
    (SELECT FROM pg_database WHERE datname = {text}) \\gexec
ALTER DATABASE {database} OWNER TO {owner};
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {others};
\\connect {database}{marks}
ALTER SCHEMA public OWNER TO {owner};
REVOKE CREATE ON SCHEMA public FROM PUBLIC;"""
MARKS = "\nGRANT EXECUTE ON FUNCTION pg_switch_wal(), pg_create_restore_point(text) TO {name};"
KEYS = ("owner", "app", "reporting", "backup")


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def statements(roles: dict[str, str], database: str) -> str:
    """Return the psql script that makes the roles and the database; a name given twice is one."""
    names = {key: roles[key] for key in KEYS if key == "owner" or roles[key] != roles["owner"]}
    parts = [HEAD]
    for key, name in names.items():
        values = {"key": key, "variable": key.upper(), "name": _name(name), "text": _text(name)}
        rights = "REPLICATION" if key == "backup" else "NOREPLICATION"
        parts.append(ROLE.format(**values, rights=rights, make=_text(f"CREATE ROLE {_name(name)}")))
        if key == "reporting":
            parts.append(READ_ONLY.format(**values))
        if key == "backup":
            parts.append(f"GRANT pg_read_all_data TO {values['name']};")
    others = ", ".join(_name(name) for key, name in names.items() if key != "owner")
    place = {"database": _name(database), "text": _text(database), "owner": _name(names["owner"])}
    make = _text(f"CREATE DATABASE {place['database']} OWNER {place['owner']}")
    marks = MARKS.format(name=_name(names["backup"])) if "backup" in names else ""
    parts.append(DATABASE.format(**place, others=others or place["owner"], make=make, marks=marks))
    return "\n".join(parts)


class Command(BaseCommand):
    """Prints; changes nothing."""

    help = "Show the database roles, or the SQL that makes them on a PostgreSQL of your own."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --sql."""
        parser.add_argument("--sql", action="store_true", help="print a script for psql")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the script, or each role with whether it exists."""
        roles = settings.DATABASE_ROLES
        if options["sql"]:
            self.stdout.write(statements(roles, str(settings.DATABASES["owner"]["NAME"])))
            return
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT rolname FROM pg_roles")
            known = {name for (name,) in cursor.fetchall()}
        for key in KEYS:
            state = "exists" if roles[key] in known else "missing"
            self.stdout.write(f"{key:10} {roles[key]:30} {state}")
