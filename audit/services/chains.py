"""The sealed tables, and how their rows are put into words that never change."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from audit import rules

MARK = "sealed_xid"
LOCKS = 42017

# Whatever the session, the server or the person prefers: one way of writing dates and numbers.
_STEADY = """
SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
  set_config('IntervalStyle', 'iso_8601', true), set_config('extra_float_digits', '1', true),
  set_config('bytea_output', 'hex', true), set_config('statement_timeout', '10min', true),
  set_config('search_path', 'pg_catalog, public', true)
"""
_CHAINS = """
SELECT c.relname::text,
  array_agg(a.attname::text ORDER BY a.attname),
  coalesce(array_agg(a.attname::text) FILTER
    (WHERE a.atttypid IN ('json'::regtype, 'jsonb'::regtype)), '{}')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY c.relname HAVING bool_or(a.attname = %s) ORDER BY c.relname
"""


@dataclass(frozen=True)
class Chain:
    """A table whose rows are sealed."""

    table: str
    all_columns: tuple[str, ...]
    documents: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the column that numbers the rows."""
        return "pgh_id" if "pgh_id" in self.all_columns else "id"

    @property
    def moment(self) -> str:
        """Return the column that says when a row was written."""
        return "pgh_created_at" if "pgh_created_at" in self.all_columns else "recorded_at"

    @cached_property
    def columns(self) -> list[str]:
        """Return the columns that a seal made now covers."""
        return [name for name in self.all_columns if name not in {MARK, self.key}]

    def digest(self, columns: Sequence[str]) -> str:
        """Return SQL for the digest of a row over `columns`, without its number.

        Columns that came later are left out, so that the old digests hold. JSON is taken as text:
        stripping the row of its empty columns must not strip what a document says.
        """
        left_out = sorted({*self.all_columns} - {*columns})
        words = f"to_jsonb(t) - ARRAY[{', '.join(f"'{name}'" for name in left_out)}]::text[]"
        texts = [f"'{name}', t.{_name(name)}::text" for name in self.documents if name in columns]
        if texts:
            words = f"({words}) || jsonb_build_object({', '.join(texts)})"
        return f"sha256(convert_to(jsonb_strip_nulls({words})::text, 'UTF8'))"

    def select(self, columns: Sequence[str], where: str) -> str:
        """Return SQL for number, digest and time of the rows that `where` picks."""
        # Every name comes from the catalogue and is quoted; values are passed apart.
        return (
            f"SELECT t.{_name(self.key)}, {self.digest(columns)}, t.{_name(self.moment)} "  # noqa: S608  # nosec B608
            f"FROM public.{_name(self.table)} t WHERE {where}"
        )

    @property
    def any_row(self) -> str:
        """Return SQL that finds a row, if there is one."""
        return f"SELECT 1 FROM public.{_name(self.table)} LIMIT 1"  # noqa: S608  # nosec B608

    @property
    def pages(self) -> str:
        """Return SQL that counts rows by pages of numbers."""
        return (
            f"SELECT {_name(self.key)} >> %s, count(*) "  # noqa: S608  # nosec B608
            f"FROM public.{_name(self.table)} GROUP BY 1 ORDER BY 1"
        )

    @property
    def numbers(self) -> str:
        """Return SQL for the numbers and transactions of the rows between two numbers."""
        return (
            f"SELECT {_name(self.key)}, {MARK}::text::bigint "  # noqa: S608  # nosec B608
            f"FROM public.{_name(self.table)} WHERE {_name(self.key)} BETWEEN %s AND %s ORDER BY 1"
        )


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def steady(using: str = "default") -> Iterator[CursorWrapper]:
    """A cursor in a transaction whose words do not depend on anybody's settings."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        path = cursor.fetchone()[0]
        cursor.execute(_STEADY)
        yield cursor
        cursor.execute("SELECT set_config('search_path', %s, true)", [path])


def chains(cursor: CursorWrapper) -> list[Chain]:
    """Return every sealed table."""
    cursor.execute(_CHAINS, [MARK])
    return [
        Chain(table, tuple(columns), tuple(documents))
        for table, columns, documents in cursor.fetchall()
    ]


def keys() -> list[bytes]:
    """Return the sealing keys: the first seals, all verify."""
    return [rules.key_from(secret) for secret in settings.AUDIT_KEYS]


def cluster(cursor: CursorWrapper) -> str:
    """Return the name of the server's own history of transactions."""
    cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
    return str(cursor.fetchone()[0])
