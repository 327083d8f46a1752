"""What a database holds: rows and their fingerprint per table, and everything that guards them."""

from dataclasses import dataclass, field
from typing import Any

# Rows become text: every setting that changes the text is the same on both sides.
SESSION = """
SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SET extra_float_digits = 1; SET bytea_output = 'hex'; SET xmloption = 'content';
SET search_path = pg_catalog; SET statement_timeout = 0; SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0; SET quote_all_identifiers = off
"""
SCHEMAS = """
SELECT array_agg(nspname::text) FROM pg_namespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
"""
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname = ANY(%(own)s)
ORDER BY 1, 2
"""
# Order-independent: the sum of one 64-bit hash per row; equal rows count as often as they are.
PRINT = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {table} t"
SEQUENCES = """
SELECT schemaname || '.' || sequencename, coalesce(last_value, 0) FROM pg_sequences
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
# Each answers rows of (what it belongs to, name, how it is).
CATALOG = {
    "column": """
        SELECT n.nspname || '.' || c.relname, a.attname, concat_ws(' ',
            format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
            a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm')
          AND n.nspname = ANY(%(own)s)""",
    "constraint": """
        SELECT coalesce(n.nspname || '.' || c.relname, ''), k.conname,
            pg_get_constraintdef(k.oid) || ' valid ' || k.convalidated
        FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
        LEFT JOIN pg_class c ON c.oid = k.conrelid WHERE n.nspname = ANY(%(own)s)""",
    "trigger": """
        SELECT n.nspname || '.' || c.relname, t.tgname,
            concat(pg_get_triggerdef(t.oid), ' enabled ', t.tgenabled)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.tgisinternal AND n.nspname = ANY(%(own)s)""",
    "index": """
        SELECT n.nspname || '.' || c.relname, i.relname,
            pg_get_indexdef(i.oid) || ' valid ' || x.indisvalid
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_class c ON c.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(%(own)s)""",
    "function": """
        SELECT n.nspname, p.oid::regprocedure::text, concat_ws(' ', md5(p.prosrc), p.provolatile,
            p.prosecdef, p.proconfig)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = ANY(%(own)s)""",
    "view": """
        SELECT n.nspname, c.relname, pg_get_viewdef(c.oid) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm') AND n.nspname = ANY(%(own)s)""",
    "policy": """
        SELECT n.nspname || '.' || c.relname, p.polname, concat_ws(' ', p.polcmd, p.polroles,
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(%(own)s)""",
    "grant on table": """
        SELECT n.nspname || '.' || c.relname, 'grants', concat_ws(' ', pg_get_userbyid(c.relowner),
            (SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(c.relacl) x),
            (SELECT string_agg(a.attname || a.attacl::text, ' ' ORDER BY a.attname)
             FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname = ANY(%(own)s)""",
    "grant on function": """
        SELECT n.nspname, p.oid::regprocedure::text, concat_ws(' ', pg_get_userbyid(p.proowner),
            (SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(p.proacl) x))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = ANY(%(own)s)""",
    "grant on schema": """
        SELECT '', n.nspname, concat_ws(' ', pg_get_userbyid(n.nspowner),
            (SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(n.nspacl) x))
        FROM pg_namespace n WHERE n.nspname = ANY(%(own)s)""",
    "role": """
        SELECT '', r.rolname, concat_ws(' ', r.rolsuper, r.rolcreaterole, r.rolcreatedb,
            r.rolcanlogin, r.rolreplication, r.rolbypassrls, r.rolconfig,
            (SELECT string_agg(pg_get_userbyid(m.roleid), ' ' ORDER BY pg_get_userbyid(m.roleid))
             FROM pg_auth_members m WHERE m.member = r.oid))
        FROM pg_roles r WHERE r.rolname !~ '^pg_'""",
    "extension": "SELECT '', extname, extversion FROM pg_extension",
}


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that is not as it was in the live database."""

    kind: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.what}"


@dataclass(slots=True)
class Facts:
    """What one database held at one moment."""

    tables: dict[str, tuple[int, str]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    catalog: dict[str, dict[tuple[str, str], str]] = field(default_factory=dict)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def prepare(connection: Any) -> None:
    """The session writes rows as text in one fixed way."""
    with connection.cursor() as cursor:
        cursor.execute(SESSION)


def sequences(connection: Any) -> dict[str, int]:
    """Return where every sequence is."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES)
        return dict(cursor.fetchall())


def read(connection: Any, *, into: Facts) -> None:
    """All that the session sees is in the facts; in a snapshot all of it is of one moment."""
    into.sequences = sequences(connection)
    with connection.cursor() as cursor:
        cursor.execute(SCHEMAS)
        ours = {"own": cursor.fetchone()[0]}
        for kind, sql in CATALOG.items():
            cursor.execute(sql, ours)
            into.catalog[kind] = {(of, name): str(how) for of, name, how in cursor.fetchall()}
        cursor.execute(TABLES, ours)
        for schema, table in cursor.fetchall():
            cursor.execute(PRINT.format(table=f"{quoted(schema)}.{quoted(table)}"))
            count, mark = cursor.fetchone()
            into.tables[f"{schema}.{table}"] = (count, str(mark))


def compare(live: Facts, copy: Facts) -> list[Difference]:
    """Return everything that differs, each thing named."""
    return sorted([*_structure(live, copy), *_tables(live, copy), *_sequences(live, copy)])


def _tables(live: Facts, copy: Facts) -> list[Difference]:
    found = []
    for name, (count, mark) in live.tables.items():
        if name not in copy.tables:
            found.append(Difference("table", name, "is missing"))
            continue
        other, other_mark = copy.tables[name]
        if other != count:
            found.append(Difference("table", name, f"has {other} rows instead of {count}"))
        elif other_mark != mark:
            found.append(Difference("table", name, f"has other contents in its {count} rows"))
    return found + [
        Difference("table", name, "is in the copy only")
        for name in copy.tables.keys() - live.tables
    ]


def _sequences(live: Facts, copy: Facts) -> list[Difference]:
    # The live one was read a moment earlier and its numbers are logged in advance: the copy's may
    # be ahead, never behind.
    return [
        Difference("sequence", name, f"is at {copy.sequences.get(name, 'nothing')}, behind {value}")
        for name, value in live.sequences.items()
        if copy.sequences.get(name, -1) < value
    ]


def _structure(live: Facts, copy: Facts) -> list[Difference]:
    found = []
    for kind, wanted in live.catalog.items():
        there = copy.catalog.get(kind, {})
        for key in wanted.keys() | there.keys():
            if wanted.get(key) != there.get(key):
                name = ".".join(filter(None, key))
                found += [Difference(kind, name, _word(key, wanted, there))]
    return found


def _word(
    key: tuple[str, str], wanted: dict[tuple[str, str], str], there: dict[tuple[str, str], str]
) -> str:
    if key not in there:
        return "is missing"
    return "differs" if key in wanted else "is in the copy only"
